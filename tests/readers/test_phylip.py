from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.errors import FormatError, TruncatedError
from seqnet.readers.phylip import FORMAT

from .examples import DATA, biopython, read


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "in.phy"
    path.write_text(text)
    return path


def test_the_records_are_those_of_biopython(tmp_path: Path) -> None:
    expected = [(one.id, str(one.seq)) for one in biopython(DATA / "interleaved.phy", "phylip")]
    assert [(name, symbols) for name, symbols, _ in read(DATA / "interleaved.phy")] == expected
    relaxed = written(tmp_path, " 2 12\nname_of_more_than_ten ACGTAC\nb TTTTTT\n\nGTACGT\nCCCCCC\n")
    expected = [(one.id, str(one.seq)) for one in biopython(relaxed, "phylip-relaxed")]
    assert [(name, symbols) for name, symbols, _ in read(relaxed)] == expected
    sequential = written(tmp_path, " 2 12\nalpha     ACGTAC\nGTACGT\nbeta      TTTTTTCCCCCC\n")
    expected = [(one.id, str(one.seq)) for one in biopython(sequential, "phylip-sequential")]
    assert [(name, symbols) for name, symbols, _ in read(sequential)] == expected


def test_names_in_every_block(tmp_path: Path) -> None:
    path = written(tmp_path, "2 8\nfirst  ACGT\nsecond TTTT\n\nfirst  ACGT\nsecond CCCC\n")
    assert read(path) == [("first", "ACGTACGT", "first"), ("second", "TTTTCCCC", "second")]


def test_gaps(tmp_path: Path) -> None:
    path = written(tmp_path, "2 6\nalpha     AC--GT\nbeta      AAAAAA\n")
    assert [symbols for _, symbols, _ in read(path, gaps="remove")] == ["ACGT", "AAAAAA"]
    with pytest.raises(FormatError, match="record alpha: position 3 is a gap of the alignment, '-'; use --gaps remove"):
        read(path)


def test_a_dot_has_two_meanings_and_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "2 6\nalpha     ACGTGT\nbeta      ..A...\n")
    for gaps in ("keep", "remove"):
        with pytest.raises(FormatError, match=r"record beta: position 1 is '\.', which means the symbol of the first"):
            read(path, gaps=gaps)


def test_what_can_be_read_in_two_ways_is_refused(tmp_path: Path) -> None:
    # Either a = AC CAA and b = GT TTT, or a = AC bGT and C = AA TTT.
    path = written(tmp_path, "2 5\na AC\nb GT\nC AA\nTTT\n")
    with pytest.raises(FormatError, match=r"can be read as sequential with .* and as interleaved with .*; write the"):
        read(path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2 6\nalpha     ACGTGT\nbeta      ACGTG\n", "line 1: the lines that follow are not 2 sequences of 6 symbols"),
        ("2 6\nalpha     ACGTGT\nbeta      ACGTGT\nx\n", "line 1: the lines that follow are not 2 sequences of 6"),
    ],
)
def test_errors_are_reported(text: str, problem: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(FormatError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: {problem}")


def test_fewer_lines_than_sequences_are_a_truncated_file(tmp_path: Path) -> None:
    path = written(tmp_path, "900000000 6\nalpha     ACGTGT\nbeta      ACGTGT\n")
    with pytest.raises(TruncatedError, match="line 1: the file ends before 900,000,000 sequences of 6 symbols"):
        read(path)


@pytest.mark.parametrize(
    "text",
    ["2 3\n1 2 3\n4 5 6\n", "10 20\nhello world, this is text\n", "3 4\n", "2024 12\nNotes of the day.\n\nNothing.\n",
     "5 100\nACGT\n", "2\t20\nid\tsequence\n", "1 2 3\nalpha ACG\n"],
)  # fmt: skip
def test_text_that_begins_with_numbers_is_not_phylip(text: str) -> None:
    assert not FORMAT.recognises(text.encode())


@given(
    st.integers(1, 4).flatmap(
        lambda length: st.lists(st.text("ACGT-", min_size=5 * length, max_size=5 * length), min_size=1, max_size=4)
    ),
    st.booleans(),
    st.booleans(),
)
def test_written_content_reads_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str], strict: bool, interleaved: bool
) -> None:
    path = tmp_path_factory.mktemp("phylip") / "in.phy"
    names = [f"n{index} x".ljust(10) if strict else f"name_number_{index} " for index in range(len(rows))]
    half = len(rows[0]) // 2
    if interleaved:
        lines = [name + row[:half] for name, row in zip(names, rows, strict=True)] + [row[half:] for row in rows]
    else:
        lines = [part for name, row in zip(names, rows, strict=True) for part in (name + row[:half], row[half:])]
    path.write_text("\n".join([f"{len(rows)} {len(rows[0])}", *lines, ""]))
    found = read(path, gaps="remove")
    assert [(name, symbols) for name, symbols, _ in found] == [
        (name.strip(), row.replace("-", "")) for name, row in zip(names, rows, strict=True)
    ]
