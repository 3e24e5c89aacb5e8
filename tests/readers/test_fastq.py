from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from Bio.SeqIO.QualityIO import FastqGeneralIterator
from hypothesis import given
from hypothesis import strategies as st

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, SeqnetError, TruncatedError
from seqnet.readers import fastq, open_records

from .examples import DATA, read


@st.composite
def fastq_texts(draw: st.DrawFn) -> tuple[str, str]:
    """Draws FASTQ with empty reads and qualities that look like headers.

    Returns it twice: with either kind of line end and surrounding blank lines, and without these, as Biopython needs
    it.
    """
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 6))):
        title = " ".join(draw(st.lists(st.text("ABab01:@+", min_size=1, max_size=5), min_size=1, max_size=3)))
        symbols = draw(st.text("ACGTNacgtn", max_size=9))
        qualities = draw(st.text("!@+I~", min_size=len(symbols), max_size=len(symbols)))
        lines += [f"@{title}", symbols, draw(st.sampled_from(["+", f"+{title}"])), qualities]
    end = draw(st.sampled_from(["\n", "\r\n"]))
    before, after = draw(st.integers(0, 2)), draw(st.integers(1, 9))
    return end * before + end.join(lines) + end * after, "\n".join(lines) + "\n"


def test_four_lines_are_a_record() -> None:
    assert read(DATA / "plain.fq") == [("r1", "ACGTN", "r1 first"), ("r2", "", "r2"), ("r3", "acg", "r3")]


def test_line_ends_of_dos_and_blank_lines_at_the_end() -> None:
    assert read(DATA / "dos.fq") == [("r1", "ACGT", "r1 first"), ("r2", "GG", "r2")]


@given(texts=fastq_texts(), size=st.integers(1, 40))
def test_any_batch_size_reads_what_biopython_reads(
    texts: tuple[str, str], size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.fq"
    text, plain = texts
    path.write_bytes(text.encode())
    expected = [(title.split()[0], symbols, title) for title, symbols, _ in FastqGeneralIterator(StringIO(plain))]
    assert read(path, batch_bytes=size) == expected


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    ("file", "line", "record", "problem"),
    [
        ("multi_line.fq", 3, "r1", "expected a line that starts with '\\+'"),
        ("short_quality.fq", 8, "r2", "4 symbols, but 3 qualities"),
    ],
)
def test_what_breaks_the_format_is_reported_at_its_line(
    file: str, line: int, record: str, problem: str, size: int
) -> None:
    with pytest.raises(FormatError, match=problem) as caught:
        read(DATA / file, batch_bytes=size)
    assert (caught.value.line, caught.value.record) == (line, record)


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_a_missing_header_is_reported_at_its_line(tmp_path: Path, size: int) -> None:
    path = tmp_path / "in.fq"
    path.write_bytes(b"\n@a\nAC\n+\nII\n\n@b\nAC\n+\nII\n")
    with pytest.raises(FormatError, match="expected a header that starts with '@'") as caught:
        read(path, batch_bytes=size)
    assert caught.value.line == 6


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_a_file_that_ends_within_any_line_of_its_last_record_is_truncated(tmp_path: Path, size: int) -> None:
    path = tmp_path / "in.fq"
    whole = b"@a\nAC\n+\nII\n@bcd\nACGT\n+\nIIII\n"
    for length in range(12, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(TruncatedError, match="the file ends within a record"):
            read(path, batch_bytes=size)


def test_the_truncated_file_names_its_last_line() -> None:
    with pytest.raises(TruncatedError) as caught:
        read(DATA / "truncated.fq")
    assert caught.value.line == 8


def test_a_last_line_without_newline_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "in.fq"
    path.write_bytes(b"@a\nAC\n+\nII\n@b\nGT\n+\nII")
    assert read(path) == [("a", "AC", "a"), ("b", "GT", "b")]


@pytest.mark.parametrize("size", [5_000, 20_000, 100_000])
def test_chunks_that_begin_without_newlines_or_with_blank_lines(tmp_path: Path, size: int) -> None:
    path = tmp_path / "in.fq"
    path.write_bytes(
        b"\n" * 5_000 + b"@a\n" + b"ACGT" * 4_000 + b"\n+\n" + b"IIII" * 4_000 + b"\n@b\nA\n+\nI\n" + b"\n" * 30_000
    )
    assert read(path, batch_bytes=size) == [("a", "ACGT" * 4_000, "a"), ("b", "A", "b")]


def test_a_record_much_longer_than_a_batch(tmp_path: Path) -> None:
    path = tmp_path / "in.fq"
    path.write_bytes(b"@a\n" + b"ACGT" * 5000 + b"\n+\n" + b"IIII" * 5000 + b"\n@b\nA\n+\nI\n")
    assert read(path, batch_bytes=64) == [("a", "ACGT" * 5000, "a"), ("b", "A", "b")]


ODD = [
    b"@a x\r\nACGT\r\n+\r\nIIII\r\n@b\nGT\n+a\nII\n\n\n",
    b"@a\nACGT\n+\nIIIII\n@b\n",
    b"@a\nACGT\n-\nIIII\n@b\n",
    b"a\nACGT\n+\nIIII\n",
    b"@a\nACGTAC\nGT\n+\n",
    b"@\nACGT\n+\n\n\n\n\n\n",
    b"@a\n\n+\n\n@b\nACGTACGT\n\n\n\n\n\n\n\n\n\n\n\n",
    b"@a\nACGTACGTACGT\n+\nIIII@b\nIII\n@c\nA\n+\nI\n@d\nACGTACGTACGTAC\n+\nIIII+IIIIIIIII\n",
]


def outcome(path: Path, size: int) -> list[object]:
    """Returns all records of a file with their text, and the error at the end if there is one."""
    found: list[object] = []
    try:
        with open_records(str(path), ReadOptions(batch_bytes=size, originals=True)) as reader:
            for batch in reader:
                entries = [] if batch.originals is None else batch.originals.entries.text()
                columns = (batch.names.text(), batch.symbols.text(), batch.headers.text(), entries)
                found.extend(zip(*columns, strict=True))
    except SeqnetError as error:
        found.append(str(error))
    return found


@pytest.mark.parametrize("text", ODD)
def test_a_record_in_pieces_has_the_outcome_of_one_in_a_block(
    text: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "in.fq"
    for length in range(1, len(text) + 1):
        path.write_bytes(text[:length])
        monkeypatch.setattr(fastq, "_LONG", 1 << 22)
        expected = outcome(path, 3)
        monkeypatch.setattr(fastq, "_LONG", 4)
        for size in (1, 3, 5):
            assert outcome(path, size) == expected, text[:length]


@given(texts=fastq_texts(), size=st.integers(1, 9))
def test_records_in_pieces_are_those_that_biopython_reads(
    texts: tuple[str, str], size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "pieces.fq"
    text, plain = texts
    path.write_bytes(text.encode())
    expected = [(title.split()[0], symbols, title) for title, symbols, _ in FastqGeneralIterator(StringIO(plain))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fastq, "_LONG", 0)
        assert read(path, batch_bytes=size) == expected


def test_blank_text_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "in.fq"
    path.write_bytes(b"\n\n\n\n\n")
    assert read(path) == []
