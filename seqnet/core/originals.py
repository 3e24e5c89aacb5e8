"""The entries of a file as they are stored, together with the records made of them.

A command that writes records back in their own format asks the readers for them (`ReadOptions.originals`). An entry of
FASTA or FASTQ is its text with line ends. An entry of an alignment file is a record of an uncompressed BAM; SAM and
CRAM are converted to it. Records of other formats become FASTA.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.core.ragged import Ragged

__all__ = ["Beginning", "Form", "Originals", "without_mates"]

Form = Literal["fasta", "fastq", "bam"]
"""How entries are stored."""

_FIRST, _SECOND = b"/1", b"/2"


class Beginning(NamedTuple):
    """What comes before the first entry of a file.

    Attributes:
        form: how its entries are stored.
        compressed: whether the file is compressed.
        header: the header of a BAM from its first byte to its first record, uncompressed; empty for text.
    """

    form: Form
    compressed: bool
    header: bytes = b""


@dataclass(frozen=True)
class Originals:
    """The M entries of a file behind the N records of a batch.

    Attributes:
        form: how they are stored.
        entries: M entries in file order.
        records: (M,) int64, index of the record of each entry, ascending; -1 for an alignment that is no record of its
            own, such as a secondary one.
        names: M names without what distinguishes mates.
        mates: (M,) uint8, 1 or 2 for the first and second read of a pair; 0 where this is not known.
        beginning: what comes before the entries, in the first batch of a file; None in the others.
    """

    form: Form
    entries: Ragged
    records: NDArray[np.int64]
    names: Ragged
    mates: NDArray[np.uint8]
    beginning: Beginning | None = None

    def __len__(self) -> int:
        return len(self.records)

    def slice(self, start: int, stop: int, first: int) -> Originals:
        """Returns entries start to stop (0-based, half-open), of records that are counted from record `first`."""
        own = self.records[start:stop]
        return Originals(
            self.form,
            self.entries.slice(start, stop),
            np.where(own < 0, -1, own - first),
            self.names.slice(start, stop),
            self.mates[start:stop],
        )

    def templates(self) -> NDArray[np.int64]:
        """Returns (M,) int64, the number of the template of each entry, from 0: entries of one piece of DNA.

        These are neighbours with the same name: all of them in an alignment file, two in FASTQ, and in FASTA two whose
        names end in /1 and /2. If more than two records in a row have the name, they are not a pair.
        """
        new = np.ones(len(self), dtype=bool)
        new[1:] = ~self.names_repeat()
        if self.form == "bam" or new.all():
            return np.cumsum(new) - 1
        starts = np.flatnonzero(new)
        first = starts[np.diff(np.append(starts, len(self))) == 2]
        marked = (self.mates[first] == 1) & (self.mates[first + 1] == 2)
        unmarked = (self.mates[first] == 0) & (self.mates[first + 1] == 0) & (self.form == "fastq")
        is_first = np.ones(len(self), dtype=bool)
        is_first[first[marked | unmarked] + 1] = False
        return np.cumsum(is_first) - 1

    def names_repeat(self) -> NDArray[np.bool_]:
        """Returns (M - 1,) bool, whether each entry but the first has the name of the one before it."""
        lengths, data = self.names.lengths, self.names.data
        same: NDArray[np.bool_] = lengths[1:] == lengths[:-1]
        filled = np.flatnonzero(same & (lengths[1:] > 0))
        # Names in a row mostly differ in their last characters.
        last = self.names.offsets[1:] - 1
        filled = filled[data[last[filled]] == data[last[filled + 1]]]
        same[:] = same & (lengths[1:] == 0)
        if len(filled):
            one, other = self.names.take(filled), self.names.take(filled + 1)
            same[filled] = ~one.any_of(one.data != other.data)
        return same


def without_mates(names: Ragged) -> tuple[Ragged, NDArray[np.uint8]]:
    """Returns N names without a final /1 or /2, and (N,) uint8 which one it was; 0 for none."""
    mates = np.zeros(len(names), dtype=np.uint8)
    ends = names.offsets[1:]
    long = np.flatnonzero(names.lengths > len(_FIRST))
    marked = long[names.data[ends[long] - 2] == _FIRST[0]]
    digits = names.data[ends[marked] - 1]
    known = (digits == _FIRST[1]) | (digits == _SECOND[1])
    marked = marked[known]
    if not len(marked):
        return names, mates
    mates[marked] = digits[known] - ord("0")
    lengths = names.lengths.copy()
    lengths[marked] -= len(_FIRST)
    gone = np.concatenate([ends[marked] - 2, ends[marked] - 1])
    return Ragged.from_lengths(np.delete(names.data, gone), lengths), mates
