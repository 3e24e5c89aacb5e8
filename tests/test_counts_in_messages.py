"""No message says "1 records": counts are written by `core.printable.counted`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "seqnet"

# A plural after a number, with up to one adjective; only `s`, since names of settings also end with it.
PLURAL = re.compile(r"^ (?:[a-z]+ ){0,2}?(?:[a-z]+[^su' ]s|classes)\b")
VERBS = re.compile(r"^ (?:has|is|was|takes|needs|as|times)\b")
# If the number is a bound or a total, it is larger than one: "3 of 40 records", "more than 65,536 bytes".
BOUND = re.compile(r"(?:\b(?:of|of the|than|than the|into|most|least|to|first|only|about)|[(<>≤≥±]) ?$")


# Variables that are always numbers.
NUMBERS = ("count", "done", "epochs", "trials")


def is_number(value: ast.FormattedValue) -> bool:
    """Returns whether an expression is a number: it has thousands separators, is a length, or has a number's name."""
    spec = value.format_spec
    separated = isinstance(spec, ast.JoinedStr) and any(
        isinstance(part, ast.Constant) and str(part.value).startswith(",") for part in spec.values
    )
    length = isinstance(value.value, ast.Call) and getattr(value.value.func, "id", "") == "len" and spec is None
    name = getattr(value.value, "attr", getattr(value.value, "id", ""))
    return separated or length or (name in NUMBERS and spec is None)


def counts_by_hand(source: str) -> Iterator[tuple[int, str]]:
    """Yields line and text of messages with a number before a plural, except for errors for developers."""
    tree = ast.parse(source)
    internal = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("ValueError", "AssertionError")
        for part in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.IfExp) and [getattr(each, "value", 0) for each in (node.body, node.orelse)] == [
            "",
            "s",
        ]:
            yield node.lineno, ast.unparse(node)
        if not isinstance(node, ast.JoinedStr) or id(node) in internal:
            continue
        before = ""
        for part, following in zip(node.values, [*node.values[1:], None], strict=True):
            if isinstance(part, ast.FormattedValue) and is_number(part) and isinstance(following, ast.Constant):
                text = str(following.value)
                if PLURAL.match(text) and not VERBS.match(text) and not BOUND.search(before):
                    yield node.lineno, ast.unparse(node)
            before = str(part.value) if isinstance(part, ast.Constant) else ""


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_number_before_a_plural_is_written_by_counted(path: Path) -> None:
    assert list(counts_by_hand(path.read_text(encoding="utf-8"))) == []


def test_the_search_finds_what_it_looks_for() -> None:
    found = [
        'f"{count:,} records have no name"',
        'f"it has {len(rows)} training records"',
        'f"{len(found):,} classes"',
        "'' if count == 1 else 's'",
    ]
    left = [
        'f"{count:,} of {total:,} records"',
        'f"more than {most:,} bytes"',
        'f"{name} sequences"',
        'ValueError(f"{len(names)} classes")',
        "f\"{counted(count, 'records')} left out\"",
    ]
    assert [bool(list(counts_by_hand(text))) for text in found + left] == [True] * 4 + [False] * 5
