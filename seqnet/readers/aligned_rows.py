"""Rows of one alignment that are assembled piece by piece, and removal of gaps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from seqnet.core.alphabets import is_gap
from seqnet.core.errors import GAPS, FormatError
from seqnet.core.printable import counted, quoted
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch

__all__ = ["AlignedRows", "check_no_gaps", "without_gaps"]


class AlignedRows:
    """Names and symbols of sequences that must have equal lengths at the end."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._symbols: list[bytearray] = []

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        for name, symbols in zip(self._names, self._symbols, strict=True):
            yield name, bytes(symbols)

    def begin(self, name: str) -> int:
        """Adds an empty sequence and returns its index."""
        self._names.append(name)
        self._symbols.append(bytearray())
        return len(self._names) - 1

    def add(self, index: int, symbols: str) -> None:
        """Adds symbols to a sequence."""
        self._symbols[index] += symbols.encode()

    def name(self, index: int) -> str:
        """Returns the name of a sequence."""
        return self._names[index]

    def symbols(self, index: int) -> str:
        """Returns the symbols of a sequence so far."""
        return self._symbols[index].decode()

    def length(self, index: int) -> int:
        """Returns the number of symbols of a sequence, including gaps."""
        return len(self._symbols[index])

    def residues(self, index: int) -> int:
        """Returns the number of symbols of a sequence, without gaps."""
        return len(self._symbols[index].translate(None, "".join(GAPS).encode()))

    def check_lengths(self, line: int) -> None:
        """Checks that all sequences of the alignment have equal lengths; `line` is the first line of the alignment.

        Raises:
            FormatError: the lengths differ.
        """
        for name, symbols in zip(self._names, self._symbols, strict=True):
            if len(symbols) != len(self._symbols[0]):
                problem = (
                    f"{counted(len(symbols), 'symbols')} of the alignment, and the first sequence, "
                    f"{quoted(self._names[0])}, has {len(self._symbols[0]):,}"
                )
                remedy = "correct it, or get the file again; each sequence needs a different name"
                raise FormatError(problem, remedy, line=line, record=name)


def without_gaps(batch: RecordBatch) -> RecordBatch:
    """Returns the records with gaps removed from their sequences."""
    at = np.flatnonzero(is_gap(batch.symbols.data))
    if not len(at):
        return batch
    offsets = batch.symbols.offsets
    return replace(batch, symbols=Ragged(np.delete(batch.symbols.data, at), offsets - np.searchsorted(at, offsets)))


def check_no_gaps(batch: RecordBatch) -> None:
    """Checks that the records of an alignment have no gaps.

    Raises:
        FormatError: a record has a gap.
    """
    if (found := is_gap(batch.symbols.data)).any():
        at = int(np.argmax(found))
        index = int(np.searchsorted(batch.symbols.offsets, at, side="right")) - 1
        position = at - int(batch.symbols.offsets[index]) + 1
        problem = f"position {position:,} is a gap of the alignment, {quoted(chr(batch.symbols.data[at]))}"
        name = batch.names[index].decode(errors="replace")
        raise FormatError(problem, "use --gaps remove to remove them", record=name)
