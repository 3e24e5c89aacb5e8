from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, TruncatedError
from seqnet.readers import flat_files, open_records

from .examples import DATA, biopython, columns, nothing, read, read_batch

CASES = [("genome.gb", "genbank"), ("genome.embl", "embl"), ("proteins.dat", "swiss")]


@pytest.mark.parametrize(("name", "parser"), CASES)
def test_the_records_are_those_of_biopython(name: str, parser: str) -> None:
    records = biopython(DATA / name, parser)
    expected = [(record.id, str(record.seq), f"{record.id} {record.description}") for record in records]
    assert len(expected) == 2
    assert read(DATA / name) == expected


def test_annotations_and_qualifiers_of_the_source_are_columns() -> None:
    found = columns(DATA / "genome.gb", columns=("organism", "taxonomy", "host", "description"))
    assert found == {
        "organism": ["Escherichia madeupensis", "Bacillus fictus"],
        "taxonomy": ["Bacteria; Pseudomonadota", "Bacteria; Bacillota"],
        "host": ["Homo sapiens", ""],
        "description": ["a made-up genome", "a piece"],
    }
    found = columns(DATA / "proteins.dat", columns=("organism", "keywords"))
    assert found == {"organism": ["Mus fictus (Made-up mouse)", "Naja ficta"], "keywords": ["Hormone; Secreted", ""]}


def test_names_may_be_taken_from_an_annotation() -> None:
    assert read_batch(DATA / "proteins.dat", name_column="name").names.text() == ["INS_MADEUP", "TOX_MADEUP"]
    with pytest.raises(FormatError, match=r"record P00001: it has no 'gene_name' to use as its name; choose"):
        read(DATA / "proteins.dat", name_column="gene_name")


def test_a_column_that_no_record_has() -> None:
    with pytest.raises(FormatError, match=r"no record so far has 'organisn'; did you mean organism\?"):
        read(DATA / "genome.gb", columns=("organisn",))
    with pytest.raises(FormatError, match=r"no record has 'colour'; its records have: .*organism"):
        read(DATA / "genome.gb", columns=("colour",))


def test_a_record_without_a_sequence_says_that_it_is_missing() -> None:
    batch = read_batch(DATA / "contig_only.gb")
    assert (batch.names.text(), batch.symbols.text()) == (["AB000002.3"], [""])
    assert batch.missing is not None
    assert batch.missing.tolist() == [True]


def test_a_title_before_the_first_record(tmp_path: Path) -> None:
    path = tmp_path / "gbbct1.seq"
    title = "GBBCT1.SEQ          Genetic Sequence Data Bank\n                          June 15 2024\n\n  2 loci\n\n"
    path.write_text(title + (DATA / "genome.gb").read_text())
    assert read(path) == read(DATA / "genome.gb")


@pytest.mark.parametrize(("name", "parser"), CASES)
def test_line_ends_of_windows(name: str, parser: str, tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes((DATA / name).read_bytes().replace(b"\n", b"\r\n"))
    assert read(path) == read(DATA / name)


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        (
            "genome.gb",
            " 224 bp",
            " 225 bp",
            "line 1: record AB000001.1: its sequence has 224 symbols, and the first line",
        ),
        ("genome.embl", " 81 BP", " 80 BP", "record AB000002.3: its sequence has 81 symbols, and the first line of"),
        ("proteins.dat", "MKVLAARNDC", "MKVLARNDC", "line 1: record P00001: its sequence has 11 symbols"),
        ("proteins.dat", "AC   P00001; Q00001;\n", "", "line 20: this is not valid Swiss-Prot ("),
    ],
)
def test_what_contradicts_itself_is_reported(name: str, old: str, new: str, problem: str, tmp_path: Path) -> None:
    path, text = tmp_path / "in", (DATA / name).read_text()
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new))
    with pytest.raises(FormatError) as caught:
        read(path)
    assert problem in str(caught.value)


def test_what_biopython_warns_of_is_a_note(tmp_path: Path) -> None:
    path, text = tmp_path / "in", (DATA / "genome.gb").read_text()
    path.write_text(text.replace("01-JAN-2024", "01/JAN/2024", 1))
    for process in ("never", "always"):
        with open_records(str(path), ReadOptions(reader_process=process)) as reader:
            assert sum(map(len, reader)) == 2
            assert len(reader.notes) == 1
            assert reader.notes[0].startswith("Biopython warns: ")


def test_old_and_new_first_lines_are_distinguished(tmp_path: Path) -> None:
    path = tmp_path / "in"
    for line, format in (
        ("ID   X56734; SV 1; linear; mRNA; STD; PLN; 1859 BP.", "embl"),
        ("ID   AA03518    standard; DNA; FUN; 237 BP.", "embl"),
        ("ID   A00022; SV 1; linear; protein; PRT; SYN; 65 AA.", "embl"),
        ("ID   104K_THEPA              Reviewed;         924 AA.", "swissprot"),
        ("ID   100K_RAT       STANDARD;      PRT;   889 AA.", "swissprot"),
    ):
        path.write_text(line + "\n")
        with open_records(str(path), ReadOptions()) as reader:
            assert reader.format == format


def test_many_records_are_read_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "many.gb"
    path.write_text((DATA / "genome.gb").read_text() * 20)
    with open_records(str(path), ReadOptions(batch_bytes=1)) as reader:
        assert [len(batch) for batch in reader] == [1] * 40
    assert nothing(path) is None


@pytest.mark.parametrize(("name", "feature"), [("genome.gb", None), ("genome.embl", None), ("genome.gb", "CDS")])
def test_a_sequence_in_pieces_is_that_of_biopython(
    name: str, feature: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read(DATA / name, feature=feature)
    monkeypatch.setattr(flat_files, "_LONG", 1)
    for lines in (1, 2, 1000):
        monkeypatch.setattr(flat_files, "_PIECE", lines)
        assert read(DATA / name, feature=feature) == whole


@pytest.mark.parametrize("name", ["genome.gb", "genome.embl"])
def test_a_damaged_sequence_in_pieces_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flat_files, "_LONG", 1)
    text = (DATA / name).read_bytes()
    start = text.index(b"\n", text.index(b"\nORIGIN" if name.endswith("gb") else b"\nSQ   ") + 1) + 1
    path = tmp_path / name
    path.write_bytes(text[: start + 30])
    with pytest.raises(TruncatedError, match="the file ends within a record"):
        read(path)
    path.write_bytes(text[:start] + text[text.index(b"\n", start) + 1 :])  # without its first line
    with pytest.raises(FormatError, match=r"its sequence has .* symbols, and the first line of the record says"):
        read(path)
    path.write_bytes(text[: start + 20] + "é".encode() + text[start + 22 :])
    with pytest.raises(FormatError, match="this is not valid"):
        read(path)
