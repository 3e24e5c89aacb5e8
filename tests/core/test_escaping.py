from __future__ import annotations

from seqnet.core.escaping import one_line
from seqnet.core.ragged import Ragged


def test_control_characters_are_escaped_and_nothing_else() -> None:
    column = Ragged.from_strings([b"a\tb", b"", b"x\n\x1by", "gène".encode()])
    found = one_line(column)
    assert [found[index] for index in range(4)] == [rb"a\tb", b"", rb"x\n\x1by", "gène".encode()]


def test_a_column_without_any_is_the_same() -> None:
    column = Ragged.from_strings([b"a b", b"c"])
    assert one_line(column) is column
