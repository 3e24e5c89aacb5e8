from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.core.errors import FormatError, TruncatedError

from .examples import DATA, biopython, read

FORMAT = "#NEXUS\nbegin data;\ndimensions ntax=2 nchar=4;\nformat datatype=dna {};\nmatrix\n{};\nend;\n"


def test_the_records_are_those_of_biopython() -> None:
    records = biopython(DATA / "matrix.nex", "nexus")
    assert [(name, symbols) for name, symbols, _ in read(DATA / "matrix.nex")] == [
        (one.name, str(one.seq)) for one in records
    ]
    assert [one.name for one in records] == ["first", "second one", "third"]


def test_gaps_of_the_files_own_and_rows_over_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "in.nex"
    path.write_text(FORMAT.format("gap=%", "a A\nC%T\n'it''s b'\n  AC GT\n"))
    assert read(path, gaps="remove") == [("a", "ACT", "a"), ("it's b", "ACGT", "it's b")]
    with pytest.raises(FormatError, match="record a: position 3 is a gap of the alignment, '-'; use --gaps remove"):
        read(path)


@pytest.mark.parametrize(
    ("settings", "matrix", "problem"),
    [
        ("", "a ACGT\nb ACG\n", "line 5: record b: 3 symbols, and the dimensions say 4"),
        ("", "a ACGT\n", "line 5: the matrix has 1 sequence, and its dimensions say 2"),
        ("", "a ACGT\na ACGT\n", "line 7: record a: a second sequence of that name"),
        ("", "a AC{AG}T\nb ACGT\n", "line 6: record a: several states in brackets are not read"),
        ("matchchar=.", "a A.GT\nb ACGT\n", "line 6: record a: '.' stands for the symbol of the first sequence, which"),
        ("transpose", "a ACGT\nb ACGT\n", "line 5: a matrix with transpose is not read"),
    ],
)
def test_errors_are_reported(settings: str, matrix: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "in.nex"
    path.write_text(FORMAT.format(settings, matrix))
    with pytest.raises(FormatError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: {problem}")


def test_a_second_matrix_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.nex"
    text = FORMAT.format("", "a ACGT\nb ACGT\n")
    path.write_text(text + text.removeprefix("#NEXUS\n"))
    with pytest.raises(FormatError, match="line 13: the file has a second matrix"):
        read(path)


def test_what_was_cut_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "in.nex"
    text = FORMAT.format("", "a ACGT\nb [not closed] ACGT\n")
    for end, problem in (("end", "within the block"), ("closed", "within a comment"), ("ACGT\n;", "within a command")):
        path.write_text(text[: text.index(end)])
        with pytest.raises(TruncatedError, match=f"the file ends {problem}"):
            read(path)
