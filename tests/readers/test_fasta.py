from __future__ import annotations

import gzip
import time
from io import StringIO
from pathlib import Path

import pytest
from Bio.SeqIO.FastaIO import SimpleFastaParser
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.errors import FormatError

from .examples import DATA, REAL, needs_real_data, read

WORD = st.text("ABab01:|>@+;", max_size=6)
LINE = st.text("ACGTNacgtn*- \t", max_size=9)


@st.composite
def fasta_texts(draw: st.DrawFn) -> str:
    """Draws FASTA with blank lines before, between and within records, and either kind of line end."""
    lines = [""] * draw(st.integers(0, 2))
    for _ in range(draw(st.integers(1, 6))):
        words = draw(st.lists(WORD, max_size=3))
        lines.append(">" + " ".join(words))
        lines += draw(st.lists(LINE, max_size=4))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return end.join(lines) + draw(st.sampled_from(["", end, end * 2]))


def test_wrapped_lines_are_joined_and_blanks_dropped() -> None:
    assert read(DATA / "wrapped.fa") == [
        ("r1", "ACGTACGTACGTACGTACGTACG", "r1 first record"),
        ("r2", "TTTTGGGG", "r2"),
        ("r3", "A", "r3 last"),
    ]


def test_line_ends_of_dos() -> None:
    assert read(DATA / "dos.fa") == [("r1", "ACGTAC", "r1 with words"), ("r2", "GGG", "r2")]


def test_line_ends_of_old_macs_are_an_error_with_the_line() -> None:
    with pytest.raises(FormatError, match="line 1: a carriage return within a header") as caught:
        read(DATA / "mac.fa")
    assert caught.value.path == str(DATA / "mac.fa")


def test_a_carriage_return_within_a_later_header_is_reported_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "in.fa"
    path.write_bytes(b"\n>a\nAC\nGT\n>b\nAC\n>c\rd\nGG\n")
    for size in (1, 5, 1000):
        with pytest.raises(FormatError) as caught:
            read(path, batch_bytes=size)
        assert caught.value.line == 7


def test_symbols_stay_as_they_are() -> None:
    assert [symbols for _, symbols, _ in read(DATA / "lowercase.fa")] == ["acgtACGTnnryNN", "mkvl*x-"]
    assert read(DATA / "ambiguous.fa") == [("r1", "ACGTRYKMSWBDHVN", "r1")]


def test_empty_names_and_empty_sequences_are_records() -> None:
    assert read(DATA / "empty_records.fa") == [
        ("", "ACGT", ""),
        ("r2", "", "r2"),
        ("r3", "", "r3 "),
        ("spaced", "GG", "  spaced out"),
        ("r5", "", "r5"),
    ]


def test_a_byte_order_mark_is_not_text() -> None:
    assert read(DATA / "byte_order_mark.fa") == [("r1", "ACGT", "r1")]


@given(text=fasta_texts(), size=st.integers(1, 40))
def test_any_batch_size_reads_what_biopython_reads(
    text: str, size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.fa"
    path.write_bytes(text.encode())
    expected = [
        ((title.split(maxsplit=1) or [""])[0], "".join(symbols.split()), title)
        for title, symbols in SimpleFastaParser(StringIO(text.replace("\r\n", "\n")))  # type: ignore[no-untyped-call]
    ]
    # Biopython strips the end of titles; seqnet keeps it.
    assert [(name, symbols, header.rstrip()) for name, symbols, header in read(path, batch_bytes=size)] == expected


def test_time_is_linear_in_the_length_of_a_record(tmp_path: Path) -> None:
    seconds = []
    for lines in (20_000, 160_000):
        path = tmp_path / f"{lines}.fa"
        path.write_bytes(b">chromosome\n" + (b"ACGTTGCAAC" * 6 + b"\n") * lines)
        start = time.process_time()
        ((_, symbols, _),) = read(path, batch_bytes=1 << 14)
        seconds.append(time.process_time() - start)
        assert len(symbols) == 60 * lines
    assert seconds[1] < 8 * 4 * seconds[0]


@pytest.mark.real_data
@needs_real_data
@pytest.mark.parametrize("name", ["human_mhc_hg002_h1.fa.gz", "solubility_train.fasta.gz"])
def test_real_sequences_agree_with_biopython(name: str) -> None:
    with gzip.open(REAL / name, "rt") as file:
        expected = [(title.split()[0], symbols, title) for title, symbols in SimpleFastaParser(file)]  # type: ignore[no-untyped-call]
    assert read(REAL / name, batch_bytes=100_000) == expected


@pytest.mark.parametrize("size", [1, 7, 64, 1 << 20])
@pytest.mark.parametrize("length", [4, 3 << 20])
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_semicolon_comment_is_refused_at_its_line(tmp_path: Path, size: int, length: int, wrapped: bool) -> None:
    if size < 64 and length > 100:
        size = (1 << 16) + size
    path = tmp_path / "in.fa"
    body = "ACGT\n" * (length // 4) if wrapped else "A" * length + "\n"
    text = f">a;b ;c\n{body}; note\nACGT\n>b\nACGT\n"
    path.write_text(text)
    with pytest.raises(FormatError, match="';' comment lines are not supported in FASTA; remove them: grep") as caught:
        read(path, batch_bytes=size)
    assert caught.value.line == 2 + body.count("\n")
    path.write_text(text.replace("\n; note", ""))
    assert len(read(path, batch_bytes=size)) == 2


def test_a_semicolon_comment_at_the_top_is_refused_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "in.fa"
    path.write_text("\n; made by hand\n;second\n>a\nACGT\n")
    with pytest.raises(FormatError, match="line 2: ';' comment lines are not supported in FASTA"):
        read(path)
