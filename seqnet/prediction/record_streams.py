"""Streams of records in the format of the input: FASTA and FASTQ byte by byte, alignments as BAM."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from seqnet.core.bgzf import BGZF_END, bgzf
from seqnet.core.errors import FormatError, OutputError
from seqnet.core.originals import Beginning, Form, Originals
from seqnet.core.outputs import is_stream, named
from seqnet.core.ragged import Ragged
from seqnet.prediction.bam_headers import with_program
from seqnet.prediction.outputs import Start

__all__ = [
    "FORM_NAMES",
    "RecordStream",
    "beginning_of",
    "check_beginning",
    "is_pipe",
    "opened_stream",
    "single_entries",
]

FORM_NAMES: dict[Form, str] = {"fasta": "FASTA", "fastq": "FASTQ", "bam": "alignments"}
"""What messages call the records of a format."""


class RecordStream(NamedTuple):
    """Writes entries in two steps.

    Attributes:
        encode: entries → what is written; several threads may do so at once.
        write: writes it.
    """

    encode: Callable[[bytes], bytes]
    write: Callable[[bytes], object]


@contextmanager
def opened_stream(target: Path | None, beginning: Beginning, command: str, *, compress: bool) -> Iterator[RecordStream]:
    """Yields a stream to a file, or to standard output, which begins with the header and ends with the end marker.

    Args:
        target: the file; None for standard output.
        beginning: the format of the entries, and the header.
        command: the command line, for the header.
        compress: whether the data are compressed; a BAM without compression still has the blocks of bgzip.

    Raises:
        OutputError: a BAM would be written to a terminal.
    """
    blocks = beginning.form == "bam" or compress
    if target is None and blocks and sys.stdout.isatty():
        raise OutputError("standard output", "BAM can't be written to a terminal", "name a file, or use a pipe")
    with (
        named("standard output") if target is None else nullcontext(),
        target.open("wb") if target else nullcontext(sys.stdout.buffer) as file,
    ):
        if beginning.form == "bam":
            file.write(bgzf(with_program(beginning.header, command), compress=compress))
        yield RecordStream((lambda data: bgzf(data, compress=compress)) if blocks else bytes, file.write)
        if blocks:
            file.write(BGZF_END)
        file.flush()


def is_pipe(target: Path | None) -> bool:
    """Returns whether a target is standard output, or a device or pipe, whose name does not show a format."""
    return target is None or is_stream(target)


def beginning_of(start: Start) -> Beginning:
    """Returns the beginning of the first input."""
    assert start.batch is not None
    assert start.batch.originals is not None
    assert start.batch.originals.beginning is not None
    return start.batch.originals.beginning


def check_beginning(first: Beginning, originals: Originals) -> None:
    """Checks that entries can follow those of the first input in one file.

    Raises:
        FormatError: they are of another format, or another header belongs to them.
    """
    other = originals.beginning
    if originals.form != first.form:
        problem = f"its records are {FORM_NAMES[originals.form]}, and those of the first input are "
        raise FormatError(problem + FORM_NAMES[first.form], "give inputs of one format, or one at a time")
    if other is not None and other.header != first.header:
        raise FormatError(
            "its header differs from that of the first input, so their alignments can't be in one file",
            "give one input at a time, or merge them first with samtools merge",
        )


def single_entries(entries: Ragged) -> list[bytes]:
    """Returns M entries one by one."""
    data = entries.data.tobytes()
    return [data[start:stop] for start, stop in pairwise(entries.offsets.tolist())]
