"""Shared code and files of the tests of readers."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pysam
import pytest
import zstandard
from Bio import SeqIO
from Bio.SeqRecord import SeqRecord

from seqnet.configs.readers import ReadOptions
from seqnet.core.records import RecordBatch
from seqnet.readers import open_records

DATA = Path(__file__).parent.parent / "data"
REAL = Path(__file__).parent.parent.parent.parent / "shared" / "data"

needs_real_data = pytest.mark.skipif(not REAL.is_dir(), reason=f"no real sequences in {REAL}")

Record = tuple[str, str, str]


def read_batch(path: str | Path, **options: Any) -> RecordBatch:
    """Returns all records of a file as one batch."""
    with open_records(str(path), ReadOptions(**options)) as reader:
        return RecordBatch.concatenate(reader)


def read(path: str | Path, **options: Any) -> list[Record]:
    """Returns name, sequence and header of all records of a file."""
    batch = read_batch(path, **options)
    return list(zip(batch.names.text(), batch.symbols.text(), batch.headers.text(), strict=True))


def biopython(path: Path, format: str) -> list[SeqRecord]:
    """Returns the records of a file as Biopython reads it."""
    mode = "rb" if format in ("twobit", "abi", "uniprot-xml") else "r"
    with open(path, mode) as file:
        records = list(SeqIO.parse(file, format))
        return [record[:] for record in records] if format == "twobit" else records


def nothing(path: str | Path, **options: Any) -> str | None:
    """Returns the reason why a file, read to its end, has no records; None if it has some."""
    with open_records(str(path), ReadOptions(**options)) as reader:
        for _ in reader:
            pass
        return reader.why_empty


def columns(path: str | Path, **options: Any) -> dict[str, list[str]]:
    """Returns the further columns of all records of a file."""
    return {name: column.text() for name, column in read_batch(path, **options).columns.items()}


def bgzip(content: bytes) -> bytes:
    """Returns the content in blocks of a few bytes, so that small examples have many, with the end marker."""
    end = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
    blocks = []
    for start in range(0, len(content), 40):
        member = gzip.compress(content[start : start + 40], mtime=0)
        size = len(member) + 8 - 1
        extra = b"\x06\x00BC\x02\x00" + size.to_bytes(2, "little")
        blocks.append(member[:3] + b"\x04" + member[4:10] + extra + member[10:])
    return b"".join([*blocks, end])


COMPRESS: Mapping[str, Callable[[bytes], bytes]] = {
    "bgzip": bgzip,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
}


@contextmanager
def piped_stdin(content: bytes) -> Iterator[None]:
    """Replaces stdin by a pipe with the content."""
    reading, writing = os.pipe()

    def fill() -> None:
        try:
            with open(writing, "wb") as sink:
                sink.write(content)
        except BrokenPipeError:
            pass  # a reader may stop early

    thread = threading.Thread(target=fill)
    thread.start()
    with io.TextIOWrapper(open(reading, "rb")) as stdin, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", stdin)
        yield
    thread.join()


def samtools_fasta(path: str | Path, target: Path) -> list[tuple[str, str]]:
    """Returns name and sequence of all reads of a BAM as converted by samtools, which writes them to `target`."""
    pysam.samtools.fasta("-N", "-o", str(target), "-0", str(target), str(path))
    lines = target.read_text().splitlines()
    return list(zip((line[1:] for line in lines[::2]), lines[1::2], strict=True))


def sam_text(path: str | Path) -> str:
    """Returns a BAM as SAM text, without its header."""
    with pysam.AlignmentFile(str(path), check_sq=False) as file:
        return "".join(f"{read.to_string()}\n" for read in file.fetch(until_eof=True))
