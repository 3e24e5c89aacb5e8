"""What the cells of a table mean: blanks around them are dropped, and some words say that a value is missing.

A table is where R writes `NA`, Python `None`, pandas `nan`, SQL `NULL` and a spreadsheet `#N/A`. So these words are
missing values in a table, and nowhere else: in FASTA, `NA` is a dipeptide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqnet.core.records import Ragged

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["EMPTY_ROWS", "MISSING_WORDS", "blanked", "is_missing", "missing_cells", "trimmed"]

EMPTY_ROWS = "empty rows"
"""What is told of rows without any value, which are left out."""

MISSING_WORDS = (
    "", "na", "n/a", "nan", "-nan", "none", "null", "<na>",
    "#n/a", "#na", "#n/a n/a", "#value!", "#ref!", "#name?", "#div/0!", "#num!", "#null!",
)  # fmt: skip
"""Cells that say that a value is missing, in lower case; case does not matter."""

_WORDS = frozenset(MISSING_WORDS)
_LONGEST = max(map(len, MISSING_WORDS))
_BLANK, _NOT_ASCII = 0x20, 0x80


def is_missing(cell: str) -> bool:
    """Returns whether a cell, blanks around it dropped, says that its value is missing."""
    return len(cell) <= _LONGEST and cell.lower() in _WORDS


def trimmed(cells: pa.Array) -> Ragged:
    """Returns N cells of an Arrow array of any type as text, without the blanks around them; null is empty."""
    import pyarrow.compute as pc

    column = Ragged.from_arrow(cells)
    data = column.data
    # Most columns have neither blanks nor letters beyond ASCII, among which there are blanks, too.
    if len(data) and (data.min() <= _BLANK or data.max() >= _NOT_ASCII):
        return Ragged.from_arrow(pc.utf8_trim_whitespace(column.to_arrow()))
    return column


def missing_cells(column: Ragged) -> NDArray[np.bool_] | None:
    """Returns where (N,) bool the value of a cell is missing, None where all are there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    short = np.flatnonzero(column.lengths <= _LONGEST)
    if not len(short):
        return None
    words = pc.utf8_lower(column.take(short).to_arrow())
    found = pc.is_in(words, value_set=pa.array(MISSING_WORDS, pa.large_string()))
    missing = np.zeros(len(column), dtype=bool)
    missing[short] = found.to_numpy(zero_copy_only=False)
    return missing if missing.any() else None


def blanked(column: Ragged, where: NDArray[np.bool_]) -> Ragged:
    """Returns the strings with the empty string in place of those at `where` (N,) bool."""
    kept = np.repeat(~where, column.lengths)
    return Ragged.from_lengths(column.data[kept], np.where(where, 0, column.lengths))
