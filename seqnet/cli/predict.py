"""`seqnet predict`: sequence files → predictions."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqnet.cli.opening import open_model
from seqnet.cli.options import collect, device_option, force_option, plm_option, settings_options, threads_option
from seqnet.cli.paths import Command, InputPath, OutputPath, claim, language_model_files
from seqnet.cli.predict_outputs import RecordOutputs, record_options, show_files
from seqnet.cli.prediction_summary import show_summary
from seqnet.cli.process import leave_out_pandas
from seqnet.cli.progress import Meter
from seqnet.cli.scanning import ScanRequest, Work, scan_options, scan_records, show_windows
from seqnet.cli.streams import check_stdout_is_open
from seqnet.configs.prediction import PredictOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import OutputError, SeqnetError
from seqnet.core.outputs import made_directory

if TYPE_CHECKING:
    from seqnet.prediction.inputs import PredictionInputs
    from seqnet.prediction.outputs import Output
    from seqnet.prediction.tally import Tally
    from seqnet.prediction.writers import TableOutput

__all__ = ["command"]

Job = tuple[Sequence[str], Sequence["Output"]]
"""Some inputs, and what is written of their predictions."""

_KNOWN_ENDINGS = re.compile(
    r"(\.(fa|fasta|fna|ffn|faa|fq|fastq|sam|bam|cram|tsv|csv|txt|xlsx|parquet|npz))?(\.(gz|bgz|bz2|xz|zst))?$",
    re.IGNORECASE,
)


@click.command(
    "predict", cls=Command, advanced=("alphabet", "precision", "vote", "reader_process", "plm", "softmask", "verbose")
)
@click.argument("model", type=InputPath("container"))
@click.argument("inputs", type=InputPath("text"), nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "-o",
    "--output",
    type=OutputPath(None),
    metavar="FILE",
    help="Write the predictions of all inputs to FILE; its name ends in .tsv, .tsv.gz, .jsonl, .jsonl.gz or .parquet.  "
    "[default: standard output; no table with --split-by-class, --annotate, --kept or --embeddings]",
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
@scan_options
@record_options
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
    from the training sequences. --track writes the scores of windows along contigs and genomes of any length.

    \b
    seqnet predict model.safetensors reads.fa.gz -o predictions.tsv
    samtools view -b in.bam chr22 | seqnet predict model.safetensors - | head
    seqnet predict model.safetensors genome.fa --window 36 --track scores.bedgraph -o contigs.tsv
    """
    from seqnet.prediction.inputs import PredictionInputs
    from seqnet.prediction.predictor import Predictor

    leave_out_pandas()
    request = ScanRequest.of(options, inputs, directory)
    records = RecordOutputs.of(click.get_current_context(), options)
    tables = _tables(inputs, output, directory, kind) if records.table else []
    with made_directory(directory), made_directory(records.directory):
        targets = [*(one.target for _, one in tables), *records.targets(), *(request.targets if request else ())]
        _claim(targets, force, plm)
        size, bundle = _size(inputs), open_model(model, device, threads, plm)
        predictor = Predictor(bundle, collect(PredictOptions, options), embed=records.embeds)
        read = collect(ReadOptions, options, threads=threads, originals=records.stores_records)
        source = PredictionInputs(read, predictor.expected_alphabet, mate_files=records.mate_files)
        others = records.outputs(predictor)
        jobs: list[Job] = [(paths, [table, *others]) for paths, table in tables] or [(inputs, others)]
        work = Work(predictor, source, partial(_share, source, size), force, shown=not _rows_are_seen(targets))
        tally, about_windows = scan_records(request, work, jobs) if request else (_write(work, jobs), [])
    show_summary(predictor, source, tally, verbose=verbose)
    show_files(others)
    show_windows(about_windows)
    return 1 if strict and not all(status.classified for status in tally.counts) else 0


def _rows_are_seen(targets: Sequence[Path | None]) -> bool:
    """Returns whether rows go to a terminal that progress would be written to, too."""
    return None in targets and sys.stdout.isatty() and sys.stderr.isatty()


def _claim(targets: Sequence[Path | None], force: bool, plm: tuple[str, ...]) -> None:
    """Checks that all files, and standard output if a target is None, may be written; see `paths.claim`."""
    claim(filter(None, targets), force=force, inputs=language_model_files(plm))
    if None in targets:
        check_stdout_is_open()


def _tables(
    inputs: tuple[str, ...], output: Path | None, directory: Path | None, kind: str | None
) -> list[tuple[Sequence[str], TableOutput]]:
    """Returns which inputs go to which table, in order."""
    from seqnet.prediction.writers import TableOutput, format_of

    if directory is not None:
        targets = _targets(inputs, directory, kind or "tsv")
        return [((path,), TableOutput(target, *_format(kind))) for path, target in targets.items()]
    output_format = _format(kind) if output is None else format_of(output)
    if output is None and output_format[0] == "parquet" and sys.stdout.isatty():
        raise OutputError("standard output", "Parquet can't be written to a terminal", "use -o FILE or a pipe")
    return [(inputs, TableOutput(output, *output_format))]


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


def _share(source: PredictionInputs, size: int | None) -> float | None:
    """Returns how much of the inputs was read; None if that, or their `size`, is not known."""
    return source.passed / size if size and source.passed else None


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


def _write(work: Work, jobs: Sequence[Job]) -> Tally:
    """Writes all outputs, and returns the counts of all."""
    from seqnet.prediction.streaming import write_predictions
    from seqnet.prediction.tally import Tally

    tally = Tally()
    with Meter("predict", "records", shown=work.shown) as meter:

        def progress(records: int) -> None:
            meter.advance(records, share=work.share())

        for done, (paths, outputs) in enumerate(jobs):
            try:
                tally.add(write_predictions(work.predictor, work.source, paths, outputs, progress, force=work.force))
            except (SeqnetError, OSError) as error:
                if len(jobs) > 1:
                    error.add_note(f"stopped; {done:,} of {len(jobs):,} files done")
                raise
    return tally
