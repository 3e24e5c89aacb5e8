"""FASTA and one-hot as a scientist would write it: Biopython's parser and a table lookup in numpy."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import numpy as np
from Bio.SeqIO.FastaIO import SimpleFastaParser
from numpy.typing import NDArray

__all__ = ["batches", "onehot"]

_COLUMNS = np.full(256, 4, dtype=np.int64)
_COLUMNS[list(b"ACGT")] = range(4)


def batches(path: str, size: int) -> Iterator[tuple[list[str], NDArray[np.int64]]]:
    """Yields names and columns (B, L) int64 of reads of one length, 4 for what is not A, C, G or T."""
    names: list[str] = []
    sequences: list[str] = []
    with gzip.open(path, "rt") if path.endswith(".gz") else open(path) as file:
        for title, sequence in SimpleFastaParser(file):  # type: ignore[no-untyped-call]
            names.append(title.split()[0])
            sequences.append(sequence)
            if len(names) == size:
                yield names, _columns(sequences)
                names, sequences = [], []
    if names:
        yield names, _columns(sequences)


def _columns(sequences: list[str]) -> NDArray[np.int64]:
    joined = np.frombuffer("".join(sequences).encode(), dtype=np.uint8)
    return _COLUMNS[joined].reshape(len(sequences), -1)


def onehot(columns: NDArray[np.int64]) -> NDArray[np.float32]:
    """Returns the one-hot code (B, L, 4) of columns (B, L)."""
    return np.eye(5, 4, dtype=np.float32)[columns]
