"""Columns of N values → a file of tab-separated lines with a header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from seqnet.core.escaping import one_line
from seqnet.core.ragged import Ragged
from seqnet.prediction.writers import decimals, joined_lines

__all__ = ["Column", "class_words", "probability_columns", "write_text_table"]

Column: TypeAlias = Ragged | pa.Array | NDArray[np.float64] | NDArray[np.int64]
"""Names, words, probabilities or whole numbers."""


def class_words(classes: Sequence[str], labels: NDArray[np.integer]) -> pa.Array:
    """Returns the names (N,) of classes `labels` (N,), indices into `classes`."""
    return pa.array(classes, pa.large_string()).take(pa.array(labels))


def probability_columns(classes: Sequence[str], probabilities: NDArray[np.float64]) -> dict[str, Column]:
    """Returns the columns p_CLASS of probabilities (N, K) float64."""
    return {f"p_{name}": column for name, column in zip(classes, probabilities.T, strict=True)}


def write_text_table(target: Path, columns: Mapping[str, Column]) -> None:
    """Writes columns of N values each, header → values, in the format of `predict`.

    Tabs, line ends and other control characters of names are escaped; probabilities have six decimals.
    """
    with target.open("wb") as file:
        file.write(("\t".join(columns) + "\n").encode())
        file.write(joined_lines([_text(column) for column in columns.values()]))


def _text(column: Column) -> pa.Array:
    """Returns the values as text (N,)."""
    if isinstance(column, Ragged):
        return one_line(column).to_arrow()
    if isinstance(column, np.ndarray):
        is_number = column.dtype.kind == "f"
        return decimals(column.astype(np.float64)) if is_number else pa.array(column).cast(pa.large_string())
    return column
