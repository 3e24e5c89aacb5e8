"""Seconds in which one process reads a file of DNA: KIND PATH, one kind of reader.

    python -m benchmarks.rivals.reading tokens reads.fa

`records` are the record batches of seqnet, `process` the same from a reader process, `tokens` their tokens and status
as predict makes them; `pysam` are records of pysam one by one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pysam

from seqnet.configs.readers import ReadOptions
from seqnet.core.alphabets import ALPHABETS
from seqnet.core.records import RecordBatch
from seqnet.datasets.tokenizing import tokenize
from seqnet.readers import open_records

__all__ = ["KINDS", "count"]


def _batches(path: str, *, process: bool = False) -> Iterator[RecordBatch]:
    with open_records(path, ReadOptions(reader_process="always" if process else "never")) as reader:
        yield from reader


def _records(path: str) -> int:
    return sum(map(len, _batches(path)))


def _process(path: str) -> int:
    return sum(len(batch) for batch in _batches(path, process=True))


def _tokens(path: str) -> int:
    return sum(len(tokenize(batch.symbols, ALPHABETS["dna"]).status) for batch in _batches(path))


def _pysam(path: str) -> int:
    if path.endswith(".bam"):
        with pysam.AlignmentFile(path, check_sq=False) as reads:
            return sum(bool(read.query_sequence) for read in reads)
    with pysam.FastxFile(path) as records:
        return sum(bool(record.sequence) for record in records)


KINDS = {"records": _records, "tokens": _tokens, "process": _process, "pysam": _pysam}


def count(kind: str, path: str) -> tuple[int, float]:
    """Returns the number of records that a kind of reader finds in a file, and its seconds."""
    started = time.perf_counter()
    found = KINDS[kind](path)
    return found, time.perf_counter() - started


if __name__ == "__main__":
    _, seconds = count(*sys.argv[1:])
    print(seconds)
