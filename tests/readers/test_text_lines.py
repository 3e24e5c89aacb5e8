from __future__ import annotations

import io

import pytest

from seqnet.core.errors import FormatError
from seqnet.readers.text_lines import TextLines


def test_lines_and_their_numbers() -> None:
    lines = TextLines(io.BytesIO("\na\r\n \né\n".encode() + b"\xe9"), 3)
    assert (lines.next_filled(), lines.number) == ("a", 4)
    lines.back("a")
    assert lines.number == 3
    assert (lines.next(), lines.number) == ("a", 4)
    assert (lines.next_filled(), lines.number) == ("é", 6)
    assert (lines.next(), lines.number) == ("é", 7)
    assert lines.next() is None


def test_a_carriage_return_within_a_line() -> None:
    with pytest.raises(FormatError, match="line 1: a carriage return within a line; end the lines with newlines"):
        TextLines(io.BytesIO(b"a\rb\n"), 1).next()
