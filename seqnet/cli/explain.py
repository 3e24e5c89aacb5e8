"""`seqnet explain`: sequence files → the attributions of their positions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from seqnet.cli.opening import open_model
from seqnet.cli.options import collect, device_option, force_option, plm_option, settings_options, threads_option
from seqnet.cli.paths import Command, InputPath, OutputPath, claim, language_model_files, total_size
from seqnet.cli.prediction_summary import show_records
from seqnet.cli.process import leave_out_pandas
from seqnet.cli.progress import Meter
from seqnet.cli.streams import check_stdout_is_open
from seqnet.configs.explanation import ExplainOptions
from seqnet.configs.readers import ReadOptions

__all__ = ["command"]


@click.command("explain", cls=Command, advanced=("steps", "alphabet", "reader_process", "plm"))
@click.argument("model", type=InputPath("container"))
@click.argument("inputs", type=InputPath("text"), nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "-o",
    "--output",
    type=OutputPath(None),
    metavar="FILE",
    help="Write the attributions to FILE; its name ends in .tsv, .tsv.gz or .npz.  [default: TSV to standard output]",
)
@click.option(
    "--logos",
    type=OutputPath("logos can't be written to standard output"),
    metavar="DIR",
    help="Draw a sequence logo of each record into DIR, as SVG; or that of a single record into FILE.svg or FILE.png. "
    "Needs the package logomaker.",
)
@click.option("--records", multiple=True, metavar="NAME", help="Explain only the record of this name. May be repeated.")
@settings_options(ExplainOptions, ("method", "steps"))
@click.option(
    "--class",
    "target",
    metavar="NAME",
    help="Class to explain.  [default: the positive class; with more than two classes, the predicted one]",
)
@settings_options(ExplainOptions, ("unknown", "alphabet"))
@settings_options(
    ReadOptions,
    ("sequence_column", "name_column", "feature", "translate", "gaps", "region", "min_mapq", "reference",
     "reader_process"),
)  # fmt: skip
@device_option
@plm_option
@threads_option
@force_option
def command(
    model: Path,
    inputs: tuple[str, ...],
    output: Path | None,
    logos: Path | None,
    records: tuple[str, ...],
    device: str,
    plm: tuple[str, ...],
    threads: int,
    force: bool,
    **options: Any,
) -> None:
    """Show which positions of sequences decide a prediction.

    INPUT is any file that seqnet predict reads; - is standard input. The output has one row for each position of each
    record: name, position, symbol, attribution, class and logit (what is explained), and status. A positive attribution
    means that the symbol speaks for the class. With --method mutagenesis, the columns to_SYMBOL have the change of the
    logit if the position had this symbol. Records that can't be predicted have one row with their status.

    \b
    seqnet explain model.safetensors reads.fa -o attributions.tsv
    seqnet explain model.safetensors reads.fa --method integrated -o attributions.npz
    seqnet explain model.safetensors reads.fa --records read_7 --logos read_7.png
    """
    from seqnet.core.outputs import made_directory
    from seqnet.explanation.explainer import Explainer
    from seqnet.explanation.logos import LogoFiles
    from seqnet.explanation.streaming import Destination, named_records, write_attributions
    from seqnet.explanation.writers import format_of
    from seqnet.prediction.inputs import PredictionInputs

    format_of(output)
    pictures = LogoFiles(logos, force=force) if logos else None
    if pictures is None:
        leave_out_pandas()
    folder = pictures.folder if pictures else None
    targets = [*([output] if output else []), *([logos] if logos and not folder else [])]
    with made_directory(folder):
        claim(targets, force=force, inputs=language_model_files(plm))
        size = total_size(inputs)
        if output is None:
            check_stdout_is_open()
        bundle = open_model(model, device, threads, plm)
        explainer = Explainer(bundle, collect(ExplainOptions, options))
        read = collect(ReadOptions, {**options, "threads": threads})
        source = PredictionInputs(read, explainer.predictor.expected_alphabet)
        rows_are_seen = output is None and sys.stdout.isatty() and sys.stderr.isatty()
        with Meter("explain", "records", shown=not rows_are_seen) as meter:

            def progress(done: int) -> None:
                meter.advance(done, share=source.passed / size if size and source.passed else None)

            chosen = named_records(source.batches(inputs), records)
            tally = write_attributions(explainer, chosen, Destination(output, pictures, force), threads, progress)
    show_records(explainer.predictor, source, tally)
