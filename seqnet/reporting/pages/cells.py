"""Numbers → cells of a table: what is shown, and the value that a column is sorted by."""

from __future__ import annotations

from seqnet.evaluation import Estimate
from seqnet.reporting.pages.content import Cell
from seqnet.reporting.wording import estimate_text, number_text

__all__ = ["count", "estimate", "number", "percent"]


def count(value: float) -> Cell:
    """Returns a whole number with thousands separators, such as 12,345; n/a for NaN."""
    return Cell(number_text(value, 0), float(value))


def number(value: float, digits: int = 3) -> Cell:
    """Returns a number with a fixed number of decimals; n/a for NaN."""
    return Cell(number_text(value, digits), float(value))


def percent(share: float, digits: int = 1) -> Cell:
    """Returns a share as a percentage; n/a for NaN."""
    text = number_text(100 * share, digits)
    return Cell(text if text == "n/a" else f"{text} %", float(share))


def estimate(found: Estimate, digits: int = 3) -> Cell:
    """Returns a number with its interval, such as 0.913 [0.904, 0.921]; without an interval, the number."""
    return Cell(estimate_text(found, digits), float(found.value))
