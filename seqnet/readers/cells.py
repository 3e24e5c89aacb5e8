"""Values of table cells: surrounding blanks are removed, and some words mean a missing value.

In tables, R writes `NA`, Python `None`, pandas `nan`, SQL `NULL`, and a spreadsheet `#N/A`. These words mean a missing
value only in a table: in FASTA, `NA` is a dipeptide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqnet.core.ragged import Ragged

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["EMPTY_ROWS", "MISSING_WORDS", "blanked", "is_missing", "missing_cells", "trimmed"]

EMPTY_ROWS = "empty rows"
"""Reason for leaving out rows without any value."""

MISSING_WORDS = (
    "", "na", "n/a", "nan", "-nan", "none", "null", "<na>",
    "#n/a", "#na", "#n/a n/a", "#value!", "#ref!", "#name?", "#div/0!", "#num!", "#null!",
)  # fmt: skip
"""Cells that mean a missing value, in lower case; case does not matter."""

_WORDS = frozenset(MISSING_WORDS)
_LONGEST = max(map(len, MISSING_WORDS))
_BLANK, _NOT_ASCII = 0x20, 0x80


def is_missing(cell: str) -> bool:
    """Returns whether a cell, without surrounding blanks, means a missing value."""
    return len(cell) <= _LONGEST and cell.lower() in _WORDS


def trimmed(cells: pa.Array) -> Ragged:
    """Returns N cells of an Arrow array of any type as text, without surrounding blanks; null becomes empty."""
    import pyarrow.compute as pc

    column = Ragged.from_arrow(cells)
    data = column.data
    # Most columns have neither blanks nor characters outside ASCII, some of which are blanks, too.
    if len(data) and (data.min() <= _BLANK or data.max() >= _NOT_ASCII):
        return Ragged.from_arrow(pc.utf8_trim_whitespace(column.to_arrow()))
    return column


def missing_cells(column: Ragged) -> NDArray[np.bool_] | None:
    """Returns (N,) bool, which cells are missing; None if none is."""
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
    """Returns the strings, replaced by the empty string at `where` (N,) bool."""
    kept = np.repeat(~where, column.lengths)
    return Ragged.from_lengths(column.data[kept], np.where(where, 0, column.lengths))
