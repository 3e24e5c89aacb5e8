from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError
from seqnet.readers import open_records

from .examples import DATA, biopython, read

FILE = DATA / "alignment.aln"
HEADER = "CLUSTAL O(1.2.4) multiple sequence alignment\n\n\n"


def test_the_records_are_those_of_biopython() -> None:
    records = biopython(FILE, "clustal")
    assert [(name, symbols) for name, symbols, _ in read(FILE)] == [(one.id, str(one.seq)) for one in records]
    assert len(records) == 3


def test_marks_of_columns_whose_blanks_are_gone(tmp_path: Path) -> None:
    path = tmp_path / "in.aln"
    path.write_text(HEADER + "a AC-T\nb GCGT\n\na AA\nb AA\n  **\n\nCLUSTAL 2.1\n\nc TT\n")
    assert read(path, gaps="remove") == [("a", "ACTAA", "a"), ("b", "GCGTAA", "b"), ("c", "TT", "c")]
    with pytest.raises(FormatError, match=r"record a: position 3 is a gap of the alignment, '-'; use --gaps remove"):
        read(path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a ACGT\nb ACG\n", "line 5: this is not valid Clustal (a row that is not as long as the first one of"),
        ("a ACGT\nb ACGT\n\na AC\n", "line 7: a block has no row for each sequence"),
        ("a ACGT\nb ACGT\n\nb AC\na AC\n", "line 7: this is not valid Clustal (a row of 'b', where the first block"),
        ("a ACGT 5\n", "line 4: this is not valid Clustal (a row that should end at residue 5, and ends at 4)"),
        ("a ACGT x\n", "line 4: this is not valid Clustal (a line that is not a name and symbols)"),
    ],
)
def test_errors_are_reported(text: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "in.aln"
    path.write_text(HEADER + text)
    with pytest.raises(FormatError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: {problem}")


@pytest.mark.parametrize(
    ("header", "format"),
    [
        ("CLUSTAL W (1.83) multiple sequence alignment", "clustal"),
        ("CLUSTAL format alignment by MAFFT L-INS-i (v7.490)", "clustal"),
        ("CLUSTAL", "clustal"),
        ("MUSCLE (3.8) multiple sequence alignment", "clustal"),
        ("CLUSTAL,sequence", "table"),
        ("MUSCLE\tsequence", "table"),
    ],
)
def test_headers(header: str, format: str, tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_text(header + "\n")
    with open_records(str(path), ReadOptions()) as reader:
        assert reader.format == format
