"""`seqnet predict`: sequence files → predictions."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqnet.cli.class_fractions import ClassFractions
from seqnet.cli.opening import open_model
from seqnet.cli.options import collect, device_option, force_option, plm_option, settings_options, threads_option
from seqnet.cli.paths import Command, InputPath, OutputPath, claim, language_model_files
from seqnet.cli.prediction_summary import show_summary
from seqnet.cli.process import leave_out_pandas
from seqnet.cli.progress import Meter
from seqnet.cli.streams import check_stdout_is_open
from seqnet.configs.prediction import PredictOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import OutputError, SeqnetError

if TYPE_CHECKING:
    from seqnet.prediction.inputs import PredictionInputs
    from seqnet.prediction.streaming import Output
    from seqnet.prediction.tally import Tally

__all__ = ["command"]

Job = tuple[Sequence[str], "Output"]
"""Some inputs, and where their predictions go."""

_KNOWN_ENDINGS = re.compile(
    r"(\.(fa|fasta|fna|ffn|faa|fq|fastq|sam|bam|cram|tsv|csv|txt|xlsx|parquet|npz))?(\.(gz|bgz|bz2|xz|zst))?$",
    re.IGNORECASE,
)


@click.command("predict", cls=Command, advanced=("alphabet", "precision", "vote", "reader_process", "plm", "verbose"))
@click.argument("model", type=InputPath("container"))
@click.argument("inputs", type=InputPath("text"), nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "-o",
    "--output",
    type=OutputPath(None),
    metavar="FILE",
    help="Write the predictions of all inputs to FILE; its name ends in .tsv, .tsv.gz, .jsonl, .jsonl.gz or .parquet.  "
    "[default: standard output]",
)
@click.option(
    "-O",
    "--output-dir",
    "directory",
    type=OutputPath("-O names a directory"),
    metavar="DIR",
    help="Write one file of predictions for each input, named after the input.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["tsv", "tsv.gz", "jsonl", "parquet"]),
    help="Format of standard output and of the files in DIR.  [default: tsv]",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Exit with code 1 if any record could not be classified; records marked unusual do not count as failures.",
)
@click.option("--verbose", is_flag=True, help="Also say how much the number format changes labels.")
@settings_options(PredictOptions, ("unknown", "max_error", "expected_fraction", "alphabet", "precision", "vote"))
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
    directory: Path | None,
    kind: str | None,
    strict: bool,
    verbose: bool,
    device: str,
    plm: tuple[str, ...],
    threads: int,
    force: bool,
    **options: Any,
) -> int:
    """Classify the sequences in files.

    INPUT is FASTA, FASTQ, SAM, BAM, CRAM, GenBank, EMBL, Swiss-Prot, UniProt XML, an alignment (Stockholm, Clustal,
    PHYLIP, Nexus), 2bit, an ABI trace, a table (TSV, CSV, Excel, Parquet) or an .npz file of token arrays. Files can
    be compressed. - is standard input. The output has one row for every record, in input order: name, label,
    probability, one column p_CLASS for each class, and status. The status is ok, or the reason why there is no
    prediction. With the status unusual_length or unusual_composition there is a prediction, but the sequence differs
    from the training sequences.

    \b
    seqnet predict model.safetensors reads.fa.gz -o predictions.tsv
    samtools view -b in.bam chr22 | seqnet predict model.safetensors - | head
    """
    if output and (directory or kind):
        raise click.UsageError("-o can't be combined with -O or --format: the name of FILE decides the format")
    from seqnet.core.outputs import made_directory
    from seqnet.prediction.inputs import PredictionInputs
    from seqnet.prediction.predictor import Predictor

    leave_out_pandas()
    jobs = _jobs(inputs, output, directory, kind, force)
    with made_directory(directory):
        claim([to.target for _, to in jobs if to.target], force=force, inputs=language_model_files(plm))
        size = _size(inputs)
        if output is None and directory is None:
            check_stdout_is_open()
        bundle = open_model(model, device, threads, plm)
        predictor = Predictor(bundle, collect(PredictOptions, options))
        read = collect(ReadOptions, {**options, "threads": threads})
        source = PredictionInputs(read, predictor.expected_alphabet)
        fractions = ClassFractions(predictor, source, inputs)
        rows_are_seen = output is None and directory is None and sys.stdout.isatty() and sys.stderr.isatty()
        with Meter("predict", "records", shown=not rows_are_seen) as meter:
            tally = _write(fractions, source, jobs, meter, size)
    show_summary(predictor, source, tally, fractions.lines(), verbose=verbose)
    return 1 if strict and not all(status.classified for status in tally.counts) else 0


def _jobs(
    inputs: tuple[str, ...], output: Path | None, directory: Path | None, kind: str | None, force: bool
) -> list[Job]:
    """Returns which inputs go to which output, in order."""
    from seqnet.prediction.streaming import Output
    from seqnet.prediction.writers import format_of

    if directory is not None:
        targets = _targets(inputs, directory, kind or "tsv")
        return [((path,), Output(target, *_format(kind), force)) for path, target in targets.items()]
    output_format = _format(kind) if output is None else format_of(output)
    if output is None and output_format[0] == "parquet" and sys.stdout.isatty():
        raise OutputError("standard output", "Parquet can't be written to a terminal", "use -o FILE or a pipe")
    return [(inputs, Output(output, *output_format, force))]


def _format(kind: str | None) -> tuple[str, bool]:
    """Returns the format and whether it is compressed."""
    chosen = kind or "tsv"
    return chosen.removesuffix(".gz"), chosen.endswith(".gz")


def _size(inputs: Iterable[str]) -> int | None:
    """Returns the bytes of all inputs, None where one is not a regular file.

    Raises:
        OSError: one is not there, which is better known before anything is computed for those in front of it.
    """
    found = [os.stat(path) for path in inputs if path != "-"]
    if "-" in inputs:
        return None
    return sum(one.st_size for one in found) if all(stat.S_ISREG(one.st_mode) for one in found) else None


def _targets(inputs: Iterable[str], directory: Path, ending: str) -> dict[str, Path]:
    """Returns input → output file in the directory.

    Raises:
        OutputError: two inputs would have one output.
    """
    targets: dict[str, Path] = {}
    taken: set[Path] = set()
    for path in inputs:
        name = "stdin" if path == "-" else _KNOWN_ENDINGS.sub("", Path(path).name)
        target = directory / f"{name}.{ending}"
        if target in taken:
            raise OutputError(str(target), "two inputs have this output", "give them different names, or use -o")
        taken.add(target)
        targets[path] = target
    return targets


def _write(
    fractions: ClassFractions, source: PredictionInputs, jobs: Sequence[Job], meter: Meter, size: int | None
) -> Tally:
    """Writes all outputs, and returns the counts of all; `size` is that of all inputs in bytes, where it is known."""
    from seqnet.prediction.streaming import write_predictions
    from seqnet.prediction.tally import Tally

    def progress(records: int) -> None:
        meter.advance(records, share=source.passed / size if size and source.passed else None)

    tally = Tally()
    for done, (paths, output) in enumerate(jobs):
        try:
            predictor = fractions.predictor_for(paths)
            tally.add(write_predictions(predictor, source, paths, output, progress, fractions.sample.add))
        except (SeqnetError, OSError) as error:
            if len(jobs) > 1:
                error.add_note(f"stopped; {done:,} of {len(jobs):,} files done")
            raise
    return tally
