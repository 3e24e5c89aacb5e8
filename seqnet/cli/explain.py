"""`seqnet explain`: sequence files → the attributions of their positions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqnet.cli.motif_job import MotifJob
from seqnet.cli.opening import open_model
from seqnet.cli.options import collect, device_option, force_option, plm_option, settings_options, threads_option
from seqnet.cli.paths import Command, InputPath, OutputPath, claim, language_model_files, total_size
from seqnet.cli.prediction_summary import show_records
from seqnet.cli.process import leave_out_pandas
from seqnet.cli.progress import Meter
from seqnet.cli.streams import check_stdout_is_open
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.explanation import ExplainOptions
from seqnet.configs.motifs import MotifOptions, WordOptions
from seqnet.configs.readers import ReadOptions

if TYPE_CHECKING:
    from seqnet.explanation.attributions import Attributions
    from seqnet.explanation.explainer import Explainer
    from seqnet.explanation.survey import LabelledInputs
    from seqnet.prediction.tally import Tally

__all__ = ["command"]


@click.command(
    "explain",
    cls=Command,
    advanced=("steps", "alphabet", "reader_process", "plm", "motif_records", "motif_window", "motif_fdr", "motif_q",
              "motif_effect", "motif_sites", "word_length", "word_q", "seed", "label_column", "label_regex", "labels"),
)  # fmt: skip
@click.argument("model", type=InputPath("container"))
@click.argument("inputs", type=InputPath("text"), nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "-o",
    "--output",
    type=OutputPath(None),
    metavar="FILE",
    help="Write the attributions to FILE; its name ends in .tsv, .tsv.gz or .npz.  [default: TSV to standard output]",
)
@settings_options(ExplainOptions, ("method", "steps"))
@click.option(
    "--class",
    "target",
    metavar="NAME",
    help="Class to explain.  [default: the positive class; with more than two classes, the predicted one]",
)
@click.option(
    "--motifs",
    type=OutputPath("--motifs names a directory"),
    metavar="DIR",
    help="Write the motifs that the model responds to: a page with logos (index.html), a table and files for other "
    "programs. Attributions are then written only with -o.",
)
@click.option(
    "--known",
    type=InputPath(),
    metavar="FILE",
    help="Motifs in MEME format; each motif found is given the name of the nearest one.",
)
@click.option(
    "--words",
    type=OutputPath(None),
    metavar="FILE",
    help="Write a table of the words that are over-represented in the records of a predicted class. Attributions are "
    "then written only with -o.",
)
@settings_options(
    MotifOptions,
    ("motif_records", "motif_window", "motif_fdr", "motif_q", "motif_effect", "motif_sites", "seed"),
)
@settings_options(WordOptions, ("word_length", "word_q"))
@settings_options(EncodeOptions, ("label_column", "label_regex", "labels"))
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
    seqnet explain model.safetensors reads.fa --motifs motifs/ --known jaspar.meme
    """
    from seqnet.core.outputs import made_directory
    from seqnet.explanation.explainer import Explainer
    from seqnet.explanation.writers import format_of

    leave_out_pandas()
    format_of(output)
    job = MotifJob(motifs, known, words, options, force=force)
    with made_directory(motifs):
        claim([output] if output else [], force=force, inputs=language_model_files(plm), single=job.targets())
        size = total_size(inputs)
        if output is None and not job.asked:
            check_stdout_is_open()
        bundle = open_model(model, device, threads, plm)
        explainer = Explainer(bundle, collect(ExplainOptions, options))
        read = collect(ReadOptions, {**options, "threads": threads})
        source = job.inputs(explainer, read)
        tally = _explain(explainer, source, inputs, output, job, size)
        job.write(model.name, explainer, read.threads)
    show_records(explainer.predictor, source, tally, job.lines)


def _explain(
    explainer: Explainer,
    source: LabelledInputs,
    inputs: tuple[str, ...],
    output: Path | None,
    job: MotifJob,
    size: int | None,
) -> Tally:
    """Writes the attributions, if they are asked for, gives the records to the job, and returns their counts."""
    from seqnet.explanation.streaming import write_attributions
    from seqnet.explanation.survey import survey_records

    rows_are_seen = output is None and not job.asked and sys.stdout.isatty() and sys.stderr.isatty()
    survey = job.begin(explainer)
    with Meter("explain", "records", shown=not rows_are_seen) as meter:

        def progress(records: int) -> None:
            meter.advance(records, share=source.passed / size if size and source.passed else None)

        def passed_on(found: Attributions) -> None:
            survey.add(found.tokens, found.predicted, source.labels_of(len(found)))

        if output is None and job.asked:
            return survey_records(explainer, source, inputs, survey, progress)
        return write_attributions(explainer, source, inputs, output, force=job.force, progress=progress, then=passed_on)
