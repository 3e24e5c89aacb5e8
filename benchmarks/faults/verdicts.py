"""What a case may come to, and what a part of the harness is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["RESULTS", "Part", "Verdict"]

RESULTS = {
    "right": "right result",
    "error": "clear error",
    "untold": "can't be told",
    "bad": "bad",
}
"""Outcome of a case → its heading in the table."""


@dataclass(frozen=True)
class Verdict:
    """What a case came to.

    Attributes:
        result: one of `RESULTS`.
        said: for a bad one, what was wrong, in one line.
    """

    result: str
    said: str = ""


@dataclass(frozen=True)
class Part:
    """One part of the harness.

    Attributes:
        title: its heading.
        kinds: kind of case → how many are tried in a whole run.
        prepare: makes what all cases need, in a folder.
        attempt: tries the case of a kind and a seed; the folder is what `prepare` has made.
        smoke: how many of each kind are tried with --smoke.
        seconds: longer than this no case may take.
        chunk: cases that one process tries.
    """

    title: str
    kinds: dict[str, int]
    prepare: Callable[[Path], None]
    attempt: Callable[[str, int, Path], Verdict]
    smoke: int
    seconds: float
    chunk: int
