from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.core.errors import FormatError

from .examples import DATA, biopython, columns, read

FILE = DATA / "proteins.xml"


def test_the_records_are_those_of_biopython() -> None:
    records = biopython(FILE, "uniprot-xml")
    expected = [(record.id, str(record.seq), f"{record.id} {record.description}") for record in records]
    assert len(expected) == 2
    assert read(FILE) == expected


def test_annotations_are_columns() -> None:
    found = columns(FILE, columns=("organism", "taxonomy"))
    assert found["organism"] == ["Mus fictus", "Naja ficta"]
    assert found["taxonomy"] == ["Eukaryota; Rodentia", "Eukaryota"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('length="12"', 'length="13"', "line 3: record P00001: its sequence has 12 symbols, and the entry says 13"),
        ("<name>TOX", "<nam>TOX", "line 15: this is not valid UniProt XML (mismatched tag)"),
        ('<entry dataset="TrEMBL"', "text <entry", "text between two entries"),
        ("?>\n", '?>\n<!DOCTYPE a [<!ENTITY b "c">]>\n', "UniProt XML has no DOCTYPE"),
    ],
)
def test_errors_are_reported(old: str, new: str, problem: str, tmp_path: Path) -> None:
    path, text = tmp_path / "in.xml", FILE.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(FormatError) as caught:
        read(path)
    assert problem in str(caught.value)


def test_entries_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "in.xml"
    path.write_text(FILE.read_text().replace("\n", " "))
    assert read(path) == read(FILE)
