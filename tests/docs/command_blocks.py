"""The command blocks of a page, and whether the output of a command is what the page shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise

BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<why>[^\n]+) -->\n)?^```console\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
ANY = "…"
"""Stands for any text in a line of output; alone in a line, for any number of lines."""


@dataclass(frozen=True)
class Command:
    """A command and the lines that the page shows below it; `why` says why it is not run, if it isn't."""

    words: str
    output: tuple[str, ...]
    why: str | None


def commands(text: str) -> Iterator[Command]:
    """Yields the commands of a page in order; a line that ends in a backslash goes on in the next."""
    for block in BLOCK.finditer(text):
        lines = block["text"].replace("\\\n", "").splitlines()
        starts = [index for index, line in enumerate(lines) if line.startswith("$ ")]
        for start, end in pairwise([*starts, len(lines)]):
            yield Command(lines[start][2:], tuple(lines[start + 1 : end]), block["why"])


def without_numbers(line: str) -> str:
    """Returns a line with # for every number and one space for several: what a training on another machine leaves."""
    return re.sub(r"\s+", " ", re.sub(r"\d[\d.,]*\d|\d", "#", line)).replace("-#", "#")


def mismatch(expected: Sequence[str], out: Sequence[str], err: Sequence[str], *, numbers: bool = True) -> str | None:
    """Returns the first line that differs from the page; None if all are as shown.

    The lines of either stream must come in the order of the page. A page that shows no output leaves it open.

    Args:
        expected: lines of the page.
        out: lines of standard output.
        err: lines of standard error.
        numbers: whether numbers must be the same.
    """
    if not numbers:
        expected, out, err = ([without_numbers(line) for line in lines] for lines in (expected, out, err))
    waiting = [list(out), list(err)]
    skipping = not expected
    for line in expected:
        if line == ANY:
            skipping = True
            continue
        pattern = re.sub(r"([\[\]?*])", r"[\1]", line).replace(ANY, "*")
        for stream in waiting:
            ahead = len(stream) if skipping else 1
            place = next((i for i, real in enumerate(stream[:ahead]) if fnmatchcase(real, pattern)), None)
            if place is not None:
                del stream[: place + 1]
                break
        else:
            return f"the page has {line!r}; left are {waiting}"
        skipping = False
    return None if skipping or not any(waiting) else f"the page lacks {waiting}"
