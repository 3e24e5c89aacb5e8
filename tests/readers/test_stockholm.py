from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.core.errors import FormatError, TruncatedError

from .examples import DATA, biopython, columns, read

FILE = DATA / "family.sto"


def test_the_records_are_those_of_biopython() -> None:
    records = biopython(FILE, "stockholm")
    assert [(name, symbols) for name, symbols, _ in read(FILE)] == [(one.id, str(one.seq)) for one in records]
    assert len(records) == 3


def test_annotations_of_families_and_sequences_are_columns() -> None:
    assert columns(FILE, columns=("GF:ID", "GF:AC", "GS:OS", "GS:AC")) == {
        "GF:ID": ["Made_up", "Made_up", "Other"],
        "GF:AC": ["PF99999.1", "PF99999.1", ""],
        "GS:OS": ["Mus fictus", "Naja ficta", ""],
        "GS:AC": ["P00001.1", "", ""],
    }


def test_gaps_of_both_kinds_are_removed_on_request(tmp_path: Path) -> None:
    path = tmp_path / "in.sto"
    path.write_text("# STOCKHOLM 1.0\na AC..GT\nb --..~~\n//\n")
    assert read(path, gaps="remove") == [("a", "ACGT", "a"), ("b", "", "b")]
    with pytest.raises(FormatError) as caught:
        read(path)
    line = f"{path}: record a: position 3 is a gap of the alignment, '.'; use --gaps remove to remove them"
    assert str(caught.value) == line


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a ACGT\nb AC\n//\n", "line 1: record b: 2 symbols of the alignment, and the first sequence, 'a', has 4"),
        ("a AC GT\n//\n", "line 2: this line is not a name and symbols"),
        ("a\n//\n", "line 2: this line is not a name and symbols"),
        ("a AC\n//\nb AC\n//\n", "line 4: an alignment begins with '# STOCKHOLM 1.0', and this line does not"),
    ],
)
def test_errors_are_reported(text: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "in.sto"
    path.write_text("# STOCKHOLM 1.0\n" + text)
    with pytest.raises(FormatError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: {problem}")


def test_an_alignment_without_its_end(tmp_path: Path) -> None:
    path = tmp_path / "in.sto"
    path.write_text("# STOCKHOLM 1.0\na AC\n")
    with pytest.raises(TruncatedError, match="line 1: the file ends before the // of an alignment"):
        read(path)
