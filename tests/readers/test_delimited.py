"""A row is a line, in TSV and in CSV, with any quotation marks."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError
from seqnet.readers import open_records

from .examples import columns, read, read_batch

# All characters that may confuse a table reader, except for line ends and tabs.
CELL = st.text(st.sampled_from("ab\",; '5"), max_size=6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "in.table"


@given(rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=9), end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_tsv_has_a_row_for_every_line_whatever_its_quotes(
    rows: list[tuple[str, str]], end: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "quotes.tsv"
    lines = ["name\tsequence", *(f"x{name}\ty{cell}" for name, cell in rows)]
    path.write_text(end.join(lines) + end, newline="")
    batch = read_batch(path)
    assert batch.names.text() == [f"x{name}".strip() for name, _ in rows]
    assert batch.symbols.text() == [f"y{cell}".strip() for _, cell in rows]


def test_a_quotation_mark_that_opens_in_one_row_and_closes_in_another(path: Path) -> None:
    path.write_text('name\tsequence\n"open\tAC\nb\tGT\n"closed"\tCC\n"\tTT\n')
    assert read(path) == [
        (name, cell, name) for name, cell in (('"open', "AC"), ("b", "GT"), ('"closed"', "CC"), ('"', "TT"))
    ]


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ('a,"open,ACGT\nb,x",ACGT\nc,x,ACGT\n', 2),  # a valid row by RFC 4180, and two records
        ('a,x,ACGT\n"b,x,ACGT\nc",x,ACGT\n', 3),
        ('a,"x,ACGT\nb,"x,ACGT\n', 2),
        ('a,x,"ACGT\nACGT"\n', 2),
        ('a,x,"ACGT\r\nACGT"\r\nb,x,GG\r\n', 2),
        ('a,x,"AC\rGT"\nb,x,GG\n', 2),
        ('a,x,ACGT\n\n"b,x,ACGT', 4),
        ('a,x,ACGT\nb,"x"y,ACGT\nc,"\n', 3),
    ],
)
def test_a_quotation_mark_that_stays_open_is_an_error_that_names_the_line(path: Path, rows: str, line: int) -> None:
    path.write_bytes(b"id,note,sequence\n" + rows.encode())
    with pytest.raises(
        FormatError, match="a cell begins with a quotation mark that does not end the cell in the same line"
    ) as caught:
        read(path)
    assert caught.value.line == line


def test_an_open_quotation_mark_far_down_is_found(path: Path) -> None:
    rows = [f'"r{number}","say ""x""","ACGTACGT"' for number in range(100_000)]
    rows[70_000] = 'r70000,"say,ACGT'
    rows[70_002] = 'r70002,say",ACGT'
    path.write_text("\n".join(["id,note,sequence", *rows]))
    with pytest.raises(FormatError) as caught:
        read(path)
    assert caught.value.line == 70_002
    rows[70_000] = rows[70_002] = "r,say,ACGT"
    path.write_text("\n".join(["id,note,sequence", *rows]))
    assert len(read(path)) == 100_000


@given(
    rows=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=9),
    delimiter=st.sampled_from(",;"),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_csv_as_other_programs_write_it(
    rows: list[tuple[str, str, str]],
    delimiter: str,
    quoting: Literal[0, 1],
    end: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(
        [("id", "note", "sequence"), *rows]
    )
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(text.getvalue(), newline="")
    rows = [row for row in rows if any(cell.strip() for cell in row)]  # the other rows are left out
    assume(rows)
    batch = read_batch(path, columns=("note",))
    found = zip(batch.names.text(), batch.columns["note"].text(), batch.symbols.text(), strict=True)
    assert list(found) == [tuple(cell.strip() for cell in row) for row in rows]


@pytest.mark.parametrize(
    "text",
    [
        "id, note, sequence\na, x, AC\nb, y, GT\n",
        'id, "note", "sequence"\na, "x", "AC"\nb, "y" ,GT\n',
        "id;note;sequence\na;x;AC\nb;y;GT\n",
        "\ufeffid;note;sequence\r\na ;x;AC \r\nb;y; GT\r\n",
        "id\t note\tsequence \na\tx\tAC \n b\ty\tGT\n",
        "id;note;sequence\n\n\na;x;AC\n\nb;y;GT",
        "id,note,sequence\ra,x,AC\rb,y,GT\r",
    ],
)
def test_blanks_semicolons_and_ends_of_lines(path: Path, text: str) -> None:
    path.write_bytes(text.encode())
    assert read(path) == [("a", "AC", "a"), ("b", "GT", "b")]
    assert columns(path, columns=("note",)) == {"note": ["x", "y"]}


def test_a_quoted_cell_after_a_blank_may_hold_the_delimiter(path: Path) -> None:
    path.write_text('id, note, sequence\na, "x, y", AC\n5"b, "say ""no""", GT\n')
    assert columns(path, columns=("note", "id")) == {"note": ["x, y", 'say "no"'], "id": ["a", '5"b']}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16(path: Path, encoding: str) -> None:
    path.write_bytes("\ufeffid\tsequence\r\nä\tAC\r\n".encode(encoding))
    assert read(path) == [("ä", "AC", "ä")]
    path.write_bytes("\ufeff>ä x\nAC\n".encode(encoding))
    assert read(path) == [("ä", "AC", "ä x")]


def test_the_delimiter_is_the_one_that_gives_the_column(path: Path) -> None:
    path.write_text("id;a,b,c;sequence\nr1;x;AC\n")
    assert read(path) == [("r1", "AC", "r1")]
    path.write_text("id,a;b;c;d,sequence\nr1,x,AC\n")
    assert read(path) == [("r1", "AC", "r1")]


def test_a_header_of_thousands_of_columns(path: Path) -> None:
    names = [f"feature_{number:05}" for number in range(6000)]
    assert len(",".join(names)) > 1 << 16
    path.write_text(",".join(["id", *names, "sequence"]) + "\n" + ",".join(["r1", *["0"] * 6000, "AC"]) + "\n")
    assert read(path) == [("r1", "AC", "r1")]
    with pytest.raises(FormatError, match="no column named 'Sequence'") as caught:
        read(path, sequence_column="Sequence")
    assert "feature_00010 and 5,990 more; use --sequence-column sequence" in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sequence\nACGT\n", "line 1: the table has a column 'sequence' and no column of names; add a column of names"),
        ('"sequence"\r\nACGT\r\n', "line 1: the table has a column 'sequence'"),
        ("id sequence\na ACGT\n", "line 1: the table has one column; use tabs, commas or semicolons"),
        ("id|sequence\na|ACGT\n", "line 1: the table has one column"),
        (
            '"id"\t"sequence"\n"a"\t"AC"\n',
            "cells are in quotation marks, which TSV does not have: write it without",
        ),
        ('id,"sequence\na,AC\n', "line 1: a cell begins with a quotation mark"),
    ],
)
def test_what_is_almost_a_table(path: Path, text: str, message: str) -> None:
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read(path)


@pytest.mark.parametrize("delimiter", "\t,;")
def test_a_row_of_another_length_is_named(path: Path, delimiter: str) -> None:
    path.write_text("\nid,sequence\na,AC\n\nb,AC,x\n".replace(",", delimiter))
    with pytest.raises(FormatError, match="the row has 3 cells, the header has 2; give it one cell for each") as caught:
        read(path)
    assert caught.value.line == 5


@pytest.mark.parametrize(
    "text",
    [
        'id;note;sequence\na;;AC\n;;\n ; ;\n\n;x;\n;;GT\n;"";\n',
        'id,note,sequence\r\na,,AC\r\n,,\r\n , ,\r\n,x,\r\n,,GT\r\n,,""',
        "id\tnote\tsequence\na\t\tAC\n\t\t\n \t \t\n\tx\t\n\t\tGT\n\t\t \n",
    ],
)
def test_rows_without_any_value_are_left_out_and_counted(path: Path, text: str) -> None:
    path.write_text(text, newline="")
    with open_records(str(path), ReadOptions()) as reader:
        (batch,) = reader
        assert list(zip(batch.names.text(), batch.symbols.text(), strict=True)) == [("a", "AC"), ("", ""), ("", "GT")]
        assert reader.skipped == {"empty rows": 3}


def test_quotation_marks_of_tsv_and_within_cells_of_csv_are_values(path: Path) -> None:
    path.write_text('id\tsequence\n\t""\n\tAC\n')
    assert len(read(path)) == 2
    path.write_text('id,sequence\n"""",\na,AC\n')
    assert len(read(path)) == 2
