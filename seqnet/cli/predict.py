"""`seqnet predict`: sequence files → predictions."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqnet.cli.options import collect, force_option, plm_option, settings_options, threads_option
from seqnet.cli.paths import Command, InputPath, OutputPath, claim, language_model_files
from seqnet.cli.progress import Meter, say
from seqnet.cli.streams import check_stdout_is_open
from seqnet.configs.prediction import PredictOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import OutputError, SeqnetError, SymbolError
from seqnet.core.printable import counted

if TYPE_CHECKING:
    from seqnet.core.records import RecordBatch
    from seqnet.prediction.predictor import Predictor

__all__ = ["command"]

_KNOWN_ENDINGS = re.compile(
    r"(\.(fa|fasta|fna|ffn|faa|fq|fastq|sam|bam|cram|tsv|csv|txt|xlsx|parquet|npz))?(\.(gz|bgz|bz2|xz|zst))?$",
    re.IGNORECASE,
)


@click.command("predict", cls=Command)
@click.argument("model", type=InputPath("container"))
@click.argument("inputs", type=InputPath("text"), nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "-o",
    "--output",
    type=OutputPath(None),
    metavar="FILE",
    help="Predictions of all inputs, one after the other, as .tsv, .tsv.gz, .jsonl(.gz) or .parquet; without it they "
    "go to standard output.",
)
@click.option(
    "-O",
    "--output-dir",
    "directory",
    type=OutputPath("-O names a directory"),
    metavar="DIR",
    help="One file of predictions for each input, named after it.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["tsv", "tsv.gz", "jsonl", "parquet"]),
    help="Format on standard output or in DIR.  [default: tsv]",
)
@click.option("--strict", is_flag=True, help="Exit with 1 if any record could not be classified; unusual ones are.")
@settings_options(PredictOptions, ("alphabet", "unknown", "precision", "vote", "max_error", "expected_fraction"))
@settings_options(
    ReadOptions,
    ("sequence_column", "name_column", "feature", "translate", "gaps", "region", "min_mapq", "reference",
     "reader_process"),
)  # fmt: skip
@click.option("--device", default="auto", show_default=True, metavar="DEVICE", help="auto, cpu, cuda, cuda:N or mps.")
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
    device: str,
    plm: tuple[str, ...],
    threads: int,
    force: bool,
    **options: Any,
) -> int:
    """Classify the sequences of files.

    INPUT is FASTA, FASTQ, SAM, BAM, CRAM, GenBank, EMBL, Swiss-Prot, UniProt XML, an alignment (Stockholm, Clustal,
    PHYLIP, Nexus), 2bit, an ABI trace, a table (TSV, CSV, Excel, Parquet) or an .npz of token arrays; it may be
    compressed; - is standard input. The output has one row for every record, in input order: name, label, probability,
    one p_CLASS per class, and status, which is ok or says why there is no prediction. Where it is unusual_length or
    unusual_composition, there is one, but the record is unlike the training sequences.

    \b
    seqnet predict model.safetensors reads.fa.gz -o predictions.tsv
    samtools view -b in.bam chr22 | seqnet predict model.safetensors - | head
    """
    if output and (directory or kind):
        raise click.UsageError("-o takes its format from the name, and does not go with -O or --format")
    from seqnet.core.outputs import made_directory
    from seqnet.models.bundles import open_bundle
    from seqnet.models.shipped import find_model
    from seqnet.nn.devices import choose_device
    from seqnet.prediction.predictor import Predictor
    from seqnet.prediction.writers import format_of

    jobs: list[tuple[tuple[str, ...], Path | None, str, bool]]
    if directory is not None:
        jobs = [
            ((path,), target, *_format(kind)) for path, target in _targets(inputs, directory, kind or "tsv").items()
        ]
    elif output is not None:
        jobs = [(inputs, output, *format_of(output))]
    else:
        jobs = [(inputs, None, *_format(kind))]
    with made_directory(directory):
        targets = [target for _, target, *_ in jobs if target is not None]
        claim(targets, force=force, inputs=language_model_files(plm))
        size = _size(inputs)
        if output is None and directory is None:
            check_stdout_is_open()
        bundle = open_bundle(find_model(model))
        bundle.to(choose_device(device, threads))
        bundle.prepare(say, plm)
        read = collect(ReadOptions, {**options, "threads": threads})
        predictor = Predictor(bundle, read, collect(PredictOptions, options))
        rows_are_seen = output is None and directory is None and sys.stdout.isatty() and sys.stderr.isatty()
        with Meter("predict", "records", shown=not rows_are_seen) as meter:
            invalid = []
            for job in jobs:
                try:
                    invalid.append(_write(predictor, *job, force=force, meter=meter, size=size))
                except (SeqnetError, OSError) as error:
                    if len(jobs) > 1:
                        error.add_note(f"stopped; {len(invalid):,} of {len(jobs):,} files done")
                    raise
    return _report(predictor, next(filter(None, invalid), None), strict)


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
    predictor: Predictor,
    paths: Sequence[str],
    target: Path | None,
    form: str,
    compress: bool,
    *,
    force: bool,
    meter: Meter,
    size: int | None,
) -> SymbolError | None:
    """Writes the predictions of some inputs to one output, and returns the first symbol that could not be read.

    Args:
        predictor: makes them.
        paths: the inputs.
        target: the output; None for standard output.
        form: its format.
        compress: whether it is compressed.
        force: whether it may replace a file.
        meter: is told how many records are done.
        size: bytes of the inputs of all outputs; None where that is not known.
    """
    from contextlib import closing

    from seqnet.core.outputs import named, whole_file
    from seqnet.prediction.ordered_map import map_in_order
    from seqnet.prediction.writers import opened_writer
    from seqnet.readers import spoken_path

    if target is None and form == "parquet" and sys.stdout.isatty():
        raise OutputError("standard output", "Parquet is not for a terminal", "use -o FILE or a pipe")
    batches = ((path, batch) for path in paths for batch in predictor.batches(path))
    # Read before anything is written, so that standard output gets no header of a file that can't be read.
    first = next(batches, None)
    place = whole_file(target, force=force) if target is not None else named("standard output")
    bundle = predictor.bundle
    found: SymbolError | None = None
    with (
        place as path,
        opened_writer(path, form, bundle.classes, compress=compress, ensemble=len(bundle.members) > 1) as writer,
    ):

        def predicted(read: tuple[str, RecordBatch]) -> tuple[int, Any, SymbolError | None]:
            origin, batch = read
            predictions = predictor.predict_batch(batch)
            if predictions.invalid is not None:
                predictions.invalid.path = spoken_path(origin)
            return len(batch), writer.render(predictions), predictions.invalid

        read = chain([] if first is None else [first], batches)
        threads, device = predictor.read.threads, bundle.classifier.device
        with closing(
            map_in_order(predicted, read, threads, device, size=lambda read: len(read[1].symbols.data))
        ) as done:
            for count, rendered, invalid in done:
                writer.write(rendered)
                found = found or invalid
                meter.advance(count, share=predictor.passed / size if size and predictor.passed else None)
    return found


def _report(predictor: Predictor, invalid: SymbolError | None, strict: bool) -> int:
    """Says what became of the records, and returns the exit code."""
    from seqnet.datasets.tokenizing import RecordStatus
    from seqnet.prediction.decision import UNCERTAIN

    changed = predictor.bundle.calibration.changed.get(predictor.precision)
    if changed is not None:
        say(
            f"computed in {predictor.precision}, which changed {f'{changed:.2%}' if changed else 'none'} of the "
            "validation labels; "
            "--precision float32 is exact"
        )
    if predictor.rule:
        say(predictor.rule)
    for note in predictor.notes:
        say(f"seqnet: note: {note}")
    for reason, count in predictor.skipped.items():
        say(f"not read: {counted(count, reason)}")
    if predictor.stops:
        say(f"left out: the stop at the end of {counted(predictor.stops, 'sequences')}")
    if predictor.masked:
        say(f"taken for any symbol: {counted(predictor.masked, 'symbols')} outside the alphabet")
    if invalid is not None:
        place, problem, remedy = invalid.describe()
        # A gap is no symbol: masked, it would become one.
        remedy = remedy if invalid.is_gap else "--unknown mask takes it for any symbol"
        say(f"the first {RecordStatus.INVALID_SYMBOL.word}: {place}: {problem}; {remedy}")
    if predictor.doubts:
        (place, found), *more = predictor.doubts
        beside = f" (and {counted(len(more), 'other inputs')})" if more else ""
        name = predictor.bundle.alphabet.name
        say(
            f"seqnet: warning: {place}{beside}: this looks like {found}, but may be {name}; say "
            f"--alphabet {name} if it is"
        )
    if predictor.warning:
        say(f"seqnet: warning: {predictor.warning}")
    done = predictor.counts[RecordStatus.OK]
    others = {status: count for status, count in sorted(predictor.counts.items()) if status != RecordStatus.OK}
    words = "".join(f", {count:,} {status.word}" for status, count in others.items())
    unsure = f"; {predictor.unsure:,} of them {UNCERTAIN}" if predictor.unsure else ""
    total = predictor.counts.total()
    say(f"{counted(total, 'records')}: {done:,} ok{words}{unsure}")
    return 1 if strict and not all(status.classified for status in others) else 0
