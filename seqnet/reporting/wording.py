"""Numbers as text, the same in figures and in tables of a page."""

from __future__ import annotations

import math

from seqnet.evaluation import Estimate

__all__ = ["estimate_text", "number_text", "sentence"]


def number_text(value: float, digits: int = 3) -> str:
    """Returns a number with a fixed number of decimals; n/a for NaN."""
    return "n/a" if math.isnan(value) else f"{value:,.{digits}f}"


def estimate_text(found: Estimate, digits: int = 3) -> str:
    """Returns a number with its interval, such as 0.913 [0.904, 0.921], or 1.000 [0.782, 1.000] exact.

    Without an interval, it is the number alone.
    """
    text = number_text(found.value, digits)
    if math.isnan(found.low):
        return text
    return f"{text} [{found.low:,.{digits}f}, {found.high:,.{digits}f}]{' exact' if found.exact else ''}"


def sentence(text: str) -> str:
    """Returns a line of a command as a sentence: with a capital letter and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
