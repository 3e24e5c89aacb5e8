"""Numbers → cells of a table: what is shown, and the value that a column is sorted by."""

from __future__ import annotations

import math

from seqnet.evaluation import Estimate
from seqnet.reporting.pages.content import Cell

__all__ = ["count", "estimate", "number", "percent"]

_NONE = "n/a"


def count(value: float) -> Cell:
    """Returns a whole number with thousands separators, such as 12,345."""
    return Cell(_NONE if math.isnan(value) else f"{value:,.0f}", float(value))


def number(value: float, digits: int = 3) -> Cell:
    """Returns a number with a fixed number of decimals; n/a for NaN."""
    return Cell(_NONE if math.isnan(value) else f"{value:,.{digits}f}", float(value))


def percent(share: float, digits: int = 1) -> Cell:
    """Returns a share as a percentage; n/a for NaN."""
    return Cell(_NONE if math.isnan(share) else f"{100 * share:.{digits}f} %", float(share))


def estimate(found: Estimate, digits: int = 3) -> Cell:
    """Returns a number with its interval, such as 0.913 [0.904, 0.921]; without an interval, the number."""
    text = number(found.value, digits).text
    if not math.isnan(found.low):
        text += f" [{found.low:,.{digits}f}, {found.high:,.{digits}f}]"
    return Cell(text, float(found.value))
