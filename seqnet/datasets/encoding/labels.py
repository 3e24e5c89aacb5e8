"""Classes from written labels, and warnings about likely mistakes in labels.

Blanks around a label are removed, and words such as `NA` mean a missing label. Nothing else is changed. Likely mistakes
are reported. A column of numbers that are measurements and not classes is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from seqnet.core.errors import LabelError
from seqnet.core.printable import counted
from seqnet.readers.cells import is_missing

__all__ = ["LabelCodes", "NameCodes", "check_not_measured", "label_warnings"]

_FEW = 10
"""Maximum number of classes that may be any numbers, such as 0.0 and 1.0, or have one record each."""
_RECORDS_EACH = 5
"""Minimum mean number of records per class for many whole numbers to be accepted as classes."""
_LISTED = 5
_SEPARATORS = re.compile(r"[;|,/+&]")


class NameCodes(dict[str, int]):
    """Names numbered in the order of their first appearance."""

    def __missing__(self, name: str) -> int:
        self[name] = len(self)
        return self[name]


class LabelCodes(dict[str, int]):
    """Written label → class number; -1 for a missing label.

    Args:
        classes: class → number; gives a new class the next number.
    """

    def __init__(self, classes: Mapping[str, int]) -> None:
        super().__init__()
        self._classes = classes

    def __missing__(self, written: str) -> int:
        label = written.strip()
        self[written] = -1 if is_missing(label) else self._classes[label]
        return self[written]


def check_not_measured(origin: str, counts: Mapping[str, int]) -> None:
    """Checks that labels are not measurements.

    Args:
        origin: where the labels were read, such as "column label".
        counts: label → number of records.

    Raises:
        LabelError: there are many different labels, all are numbers, and they have decimals or few records each.
    """
    numbers = [_number(label) for label in counts]
    records = sum(counts.values())
    if len(counts) <= _FEW or any(number is None for number in numbers):
        return
    whole = all(number is not None and number.is_integer() for number in numbers)
    if whole and records >= _RECORDS_EACH * len(counts):
        return
    raise LabelError(
        origin,
        f"its labels are {counted(len(counts), 'different numbers')} in {counted(records, 'records')}; they look like "
        "measurements, not classes",
        "give each record a class, such as high or low",
    )


def label_warnings(counts: Mapping[str, int]) -> list[str]:
    """Returns one line for each likely mistake in labels (label → number of records)."""
    lines = []
    alike: dict[object, list[str]] = {}
    for label in counts:
        number = _number(label)
        alike.setdefault(" ".join(label.casefold().split()) if number is None else number, []).append(label)
    for labels in alike.values():
        if len(labels) > 1:
            spellings = " and ".join(f"{label} ({counts[label]:,})" for label in sorted(labels))
            lines.append(
                f"these classes differ only in spelling: {spellings}; use one spelling if they are the same class"
            )
    if several := _several(counts):
        lines.append(
            f"{counted(len(several), 'classes seem')} to be several labels in one cell: {_listed(several)}; each "
            "combination is a class of its own; give each record one label"
        )
    if len(counts) > _FEW and sum(counts.values()) < 2 * len(counts):
        records = sum(counts.values())
        lines.append(
            f"{counted(records, 'records have')} {counted(len(counts), 'different labels')}; check "
            "--label-column, --label-regex or --labels"
        )
    return lines


def _several(counts: Mapping[str, int]) -> list[str]:
    """Returns the labels that are combinations of other labels, or of the same parts as other labels."""
    parts = {label: [part.strip() for part in _SEPARATORS.split(label)] for label in counts}
    composed = {label: frozenset(found) for label, found in parts.items() if len(found) > 1 and all(found)}
    made = list(composed.values())
    return [label for label, found in composed.items() if found & counts.keys() or made.count(found) > 1]


def _listed(labels: Iterable[str]) -> str:
    first, *others = sorted(labels)
    shown = [first, *others[: _LISTED - 1]]
    return ", ".join(shown) + (", ..." if len(others) >= _LISTED else "")


def _number(label: str) -> float | None:
    """Returns the number that a label is; None if it is not a number."""
    try:
        number = math.nan if "_" in label else float(label)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
