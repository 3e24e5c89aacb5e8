from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.printable import counted, listed, printable, printable_json, shortened

characters = st.characters(codec=None)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("reads 1.fa", "reads 1.fa"),
        ("caf\u00e9 \u03b2", "caf\u00e9 \u03b2"),
        ("C:\\reads", "C:\\reads"),
        ("a\tb\r\nc", r"a\tb\r\nc"),
        ("\x1b[31mred\x1b[0m\x07", r"\x1b[31mred\x1b[0m\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("caf\udce9.fa", r"caf\xe9.fa"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\ud800", r"\ud800"),
        ("\U000e0001", r"\U000e0001"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(characters))
def test_every_text_is_one_printable_line(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert text != shown or text.isprintable()
    shown.encode()


@given(st.dictionaries(st.text(characters), st.text(characters)))
def test_json_reads_back_as_what_it_was(value: dict[str, str]) -> None:
    shown = printable_json(value)
    assert all(line.isprintable() for line in shown.split("\n"))
    shown.encode()
    assert json.loads(shown) == value


def test_json_has_no_nan() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        printable_json({"x": float("nan")})


def test_long_values_are_shortened() -> None:
    assert shortened("a" * 1000) == "'" + "a" * 78 + "\u2026"
    assert shortened([1]) == "[1]"


def test_what_was_typed_is_shown_as_it_was_typed() -> None:
    assert shortened(r"class=\S+") == r"'class=\S+'"
    assert shortened("a\x1b[31m'b") == r"'a\x1b[31m'b'"
    assert shortened([r"a=\d", "b"]) == r"['a=\d', 'b']"
    assert shortened(True) == "true"
    assert len(shortened("x" * 500)) == 80


def test_one_of_a_kind_is_in_the_singular() -> None:
    assert [counted(1, "empty rows"), counted(1200, "empty rows")] == ["1 empty row", "1,200 empty rows"]
    assert counted(1, "secondary") == "1 secondary"
    assert counted(1, "training records have") == "1 training record has"
    assert [counted(count, "classes") for count in (0, 1, 2)] == ["0 classes", "1 class", "2 classes"]


def test_a_long_list_ends_with_the_number_that_is_left_out() -> None:
    names = [f"c{number}" for number in range(1_203)]
    assert listed(names, 2) == "c0, c1 and 1,201 more"
    assert listed(names[:2], 2) == "c0, c1"
    assert listed([], 2) == ""
