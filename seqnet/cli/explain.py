"""`seqnet explain`: sequence files → the attributions of their positions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqnet.cli.motif_options import LABELS, MOTIF_SETTINGS, add_motif_options, check_motif_options, motif_lines
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
from seqnet.cli.progress import Meter, say
from seqnet.cli.streams import check_stdout_is_open
from seqnet.cli.unused_options import check_language_models
from seqnet.configs.explanation import ExplainOptions
from seqnet.configs.motifs import MotifOptions, WordOptions
from seqnet.configs.readers import ReadOptions

if TYPE_CHECKING:
    from seqnet.prediction.tally import Tally
    from seqnet.reporting.explanation_run import ExplanationRequest, ExplanationRun

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
    means that the symbol is evidence for the class. With --method mutagenesis, the columns to_SYMBOL have the change of
    the logit if the position had this symbol. Records that can't be predicted have one row with their status.

    \b
    seqnet explain model.safetensors reads.fa -o attributions.tsv
    seqnet explain model.safetensors reads.fa --method integrated -o attributions.npz
    seqnet explain model.safetensors reads.fa --records read_7 --logos read_7.png
    seqnet explain model.safetensors reads.fa --motifs motifs/ --known known.meme
    """
    from seqnet.core.outputs import made_directory
    from seqnet.explanation.explainer import Explainer
    from seqnet.explanation.logos import LogoFiles
    from seqnet.explanation.survey import LabelSource
    from seqnet.reporting.explanation_run import ExplanationRequest, ExplanationRun

    check_motif_options(motifs, words, attributions=bool(output or logos))
    pictures = LogoFiles(logos, force=force) if logos else None
    table = bool(output or logos) or not (motifs or words)
    settings = collect(MotifOptions, options), collect(WordOptions, options)
    labels = LabelSource(**{name: options[name] for name in LABELS})
    request = ExplanationRequest(table, output, pictures, records, motifs, known, words, *settings, labels, force)
    with made_directory(pictures.folder if pictures else None), made_directory(motifs):
        _check(request, logos, plm)
        bundle = open_model(model, device, threads, plm)
        check_language_models([bundle])
        explainer = Explainer(bundle, collect(ExplainOptions, options))
        run = ExplanationRun(request, explainer, collect(ReadOptions, {**options, "threads": threads}))
        tally, lines = _written(run, request, inputs, model.name)
    show_records(explainer.predictor, run.source, tally, lines)


def _check(request: ExplanationRequest, logos: Path | None, plm: tuple[str, ...]) -> None:
    """Checks options and outputs before anything is read.

    Raises:
        UsageError: options exclude each other.
        OutputError: an output can't be written.
    """
    from seqnet.explanation.writers import format_of

    format_of(request.output)
    logo = None if request.logos and request.logos.folder else logos
    if logo is None and not request.motifs:
        leave_out_pandas()
    targets = [target for target in (request.output, logo) if target]
    claim(targets, force=request.force, inputs=language_model_files(plm), single=request.surveyed_files())
    if request.records and request.surveyed_files():
        raise click.UsageError("--records can't be combined with --motifs or --words, which are of many records")
    if request.table and request.output is None:
        check_stdout_is_open()


def _written(
    run: ExplanationRun, request: ExplanationRequest, inputs: tuple[str, ...], model: str
) -> tuple[Tally, list[str]]:
    """Writes all that is requested, and returns the counts of the records, and what is said of motifs and words."""
    size, source = total_size(inputs), run.source
    rows_are_seen = request.table and request.output is None and sys.stdout.isatty() and sys.stderr.isatty()
    with Meter("explain", "records", shown=not rows_are_seen) as meter:

        def progress(done: int) -> None:
            meter.advance(done, share=source.passed / size if size and source.passed else None)

        tally = run.explain(inputs, progress)
    words, motifs = run.write_words(), None
    if request.motifs:
        if run.known:
            say("--known: when memelite is used for the first time, it compiles its code, which takes a few minutes")
        with Meter("motifs", "records and shuffles", 2 * run.sampled) as meter:
            motifs = run.write_motifs(model, meter.advance)
    return tally, motif_lines(motifs, words, request.motifs)
