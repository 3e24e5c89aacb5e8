"""`seqnet explain`: sequence files → the attributions of their positions."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqnet.cli.motif_job import MOTIF_SETTINGS, MotifJob, add_motif_options
from seqnet.cli.opening import open_model
from seqnet.cli.options import (
    INPUT_FORMATS,
    READING,
    collect,
    device_option,
    force_option,
    plm_option,
    settings_options,
    threads_option,
)
from seqnet.cli.paths import Command, InputPath, OutputPath, claim, language_model_files, total_size
from seqnet.cli.prediction_summary import show_records
from seqnet.cli.process import leave_out_pandas
from seqnet.cli.progress import Meter
from seqnet.cli.streams import check_stdout_is_open
from seqnet.cli.unused_options import check_language_models
from seqnet.configs.explanation import ExplainOptions
from seqnet.configs.readers import ReadOptions

if TYPE_CHECKING:
    from seqnet.explanation.attributions import Attributions
    from seqnet.explanation.explainer import Explainer
    from seqnet.explanation.streaming import Destination
    from seqnet.explanation.survey import LabelledInputs
    from seqnet.prediction.tally import Tally

__all__ = ["command"]


@click.command(
    "explain",
    cls=Command,
    more={"Motifs and words": ("known", "words", *MOTIF_SETTINGS), INPUT_FORMATS: READING},
    advanced=("steps", "unknown", "alphabet", "plm"),
)
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
@add_motif_options
@settings_options(ExplainOptions, ("unknown", "alphabet"))
@settings_options(ReadOptions, READING)
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
    motifs: Path | None,
    known: Path | None,
    words: Path | None,
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
    seqnet explain model.safetensors reads.fa --motifs motifs/ --known known.meme
    """
    from seqnet.core.outputs import made_directory
    from seqnet.explanation.explainer import Explainer
    from seqnet.explanation.logos import LogoFiles
    from seqnet.explanation.streaming import Destination

    job = MotifJob(motifs, known, words, options, force=force)
    pictures = LogoFiles(logos, force=force) if logos else None
    folder = pictures.folder if pictures else None
    job.check(attributions=bool(output or logos))
    with made_directory(folder), made_directory(motifs):
        _check(job, output, None if folder else logos, records, plm)
        bundle = open_model(model, device, threads, plm)
        check_language_models([bundle])
        explainer = Explainer(bundle, collect(ExplainOptions, options))
        read = collect(ReadOptions, {**options, "threads": threads})
        source = job.inputs(explainer, read)
        tally = _explain(explainer, source, inputs, records, Destination(output, pictures, force), job)
        job.write(model.name, explainer, threads)
    show_records(explainer.predictor, source, tally, job.lines)


def _check(
    job: MotifJob, output: Path | None, logo: Path | None, records: tuple[str, ...], plm: tuple[str, ...]
) -> None:
    """Checks options and outputs before anything is read.

    Raises:
        UsageError: options exclude each other.
        OutputError: an output can't be written.
    """
    from seqnet.explanation.writers import format_of

    format_of(output)
    if logo is None and not job.directory:
        leave_out_pandas()
    targets = [target for target in (output, logo) if target]
    claim(targets, force=job.force, inputs=language_model_files(plm), single=job.targets())
    if records and job.requested:
        raise click.UsageError("--records can't be combined with --motifs or --words, which are of many records")
    if output is None and not job.requested:
        check_stdout_is_open()


def _explain(
    explainer: Explainer,
    source: LabelledInputs,
    inputs: tuple[str, ...],
    records: tuple[str, ...],
    output: Destination,
    job: MotifJob,
) -> Tally:
    """Writes the attributions if they are requested, gives the records to the job, and returns their counts."""
    from seqnet.explanation.streaming import named_records, write_attributions
    from seqnet.explanation.survey import survey_records

    size, survey = total_size(inputs), job.begin(explainer)
    wanted = not job.requested or output.target or output.logos
    rows_are_seen = wanted and output.target is None and sys.stdout.isatty() and sys.stderr.isatty()
    with Meter("explain", "records", shown=not rows_are_seen) as meter:

        def progress(done: int) -> None:
            meter.advance(done, share=source.passed / size if size and source.passed else None)

        def passed_on(found: Attributions) -> None:
            survey.add(found.tokens, found.predicted, source.labels_of(len(found)))

        if not wanted:
            return survey_records(explainer, source, inputs, survey, progress)
        chosen = named_records(source.batches(inputs), records)
        to = replace(output, then=passed_on) if job.requested else output
        return write_attributions(explainer, chosen, to, source.read.threads, progress)
