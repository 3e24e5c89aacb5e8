"""Two files, one of first and one of second mates, read side by side as pairs."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np

from seqnet.core.errors import FormatError, TruncatedError
from seqnet.core.originals import Originals
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch, parted

__all__ = ["Placed", "interleaved"]

Placed = tuple[str, RecordBatch]
"""What messages call a file, and some of its records, with their entries."""


def interleaved(first: Iterator[Placed], second: Iterator[Placed]) -> Generator[Placed, None, None]:
    """Yields the records of two files alternately; the first batch has the beginning of the first file.

    Raises:
        FormatError: the files have alignments, or the mates of a pair have different names.
        TruncatedError: one file has fewer records.
    """
    sides = [_Side(first), _Side(second)]
    beginnings = [side.beginning() for side in sides]
    for side, (place, batch) in zip(sides, beginnings, strict=True):
        side.place = place
        if batch.originals is None or batch.originals.form == "bam":
            problem = "--pairs files is for FASTA and FASTQ; alignments have both mates in one file"
            raise FormatError(problem, "use --pairs together or --pairs separate", path=place)
    yield beginnings[0]
    while all([side.fill() for side in sides]):
        one, two = sides
        assert one.held is not None
        assert two.held is not None
        count = min(len(one.held), len(two.held))
        yield one.place, _pairs(one.taken(count), two.taken(count), one.place, two.place)
    for side, other in (sides, sides[::-1]):
        if side.held is None and other.held is not None:
            problem = f"it has fewer records than the file of the other mates, {other.place}"
            raise TruncatedError(problem, "get the files again", path=side.place)


class _Side:
    """The records of one of the files.

    Attributes:
        place: what messages call it.
        held: the next records; None at its end.
    """

    def __init__(self, batches: Iterator[Placed]) -> None:
        self._batches = batches
        self.place = ""
        self.held: RecordBatch | None = None

    def beginning(self) -> Placed:
        """Returns the first batch, which has no records."""
        return next(self._batches)

    def fill(self) -> bool:
        """Returns whether there are records, after reading more if none are held."""
        while self.held is None and (found := next(self._batches, None)) is not None:
            self.held = found[1] if len(found[1]) else None
        return self.held is not None

    def taken(self, count: int) -> RecordBatch:
        """Returns the next records."""
        assert self.held is not None
        taken, rest = parted(self.held, count)
        self.held = rest if len(rest) else None
        return taken


def _pairs(one: RecordBatch, two: RecordBatch, place: str, other: str) -> RecordBatch:
    """Returns N records of each file in turns, as mates."""
    mine, theirs = one.originals, two.originals
    assert mine is not None
    assert theirs is not None
    _check_names(mine.names, theirs.names, place, other)
    count = len(one)
    order = np.arange(2 * count).reshape(2, count).T.reshape(-1)
    originals = Originals(
        mine.form,
        Ragged.concatenate([mine.entries, theirs.entries]).take(order),
        np.arange(2 * count),
        Ragged.concatenate([mine.names, theirs.names]).take(order),
        np.tile(np.array([1, 2], dtype=np.uint8), count),
    )
    return RecordBatch.concatenate([one, two]).take(order).with_originals(originals)


def _check_names(mine: Ragged, theirs: Ragged, place: str, other: str) -> None:
    """Checks that N mates have the names of their mates.

    Raises:
        FormatError: a mate has another name.
    """
    if np.array_equal(mine.offsets, theirs.offsets) and np.array_equal(mine.data, theirs.data):
        return
    for name, mate in zip(mine.text(), theirs.text(), strict=True):
        if name != mate:
            problem = f"the record at the same place of {other} has another name, {mate}"
            remedy = "give files with the same reads in the same order"
            raise FormatError(problem, remedy, path=place, record=name)
