from __future__ import annotations

import zipfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, InputError, TruncatedError
from seqnet.readers import open_records

from .examples import DATA, columns, read


def write(path: Path, *sheets: Sequence[Sequence[object]]) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    for number, rows in enumerate(sheets, 1):
        sheet = book.create_sheet(f"s{number}")
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table"  # format detection uses the content


def test_cells_become_text_plainly(path: Path) -> None:
    cells = [
        "x ",
        7,
        7.0,
        0.25,
        1e-7,
        True,
        date(2024, 2, 29),
        datetime(2024, 2, 29, 12, 30),
        time(12, 30),
        None,
        "#N/A",
        "0012",
    ]
    write(path, [("id", "sequence", "cell"), *(("r", "ACGT", cell) for cell in cells)])
    assert columns(path, columns=("cell",))["cell"] == [
        "x", "7", "7", "0.25", "1e-07", "TRUE", "2024-02-29", "2024-02-29 12:30:00", "12:30:00", "", "#N/A", "0012",
    ]  # fmt: skip


def test_the_first_sheet_is_read_and_the_others_are_reported() -> None:
    with open_records(str(DATA / "proteins.xlsx"), ReadOptions()) as reader:
        (batch,) = reader
        assert batch.symbols.text() == ["MKV", "", "GGG"]
        assert batch.missing is not None
        assert batch.missing.tolist() == [False, True, False]
        assert reader.skipped == {
            "other sheets ('notes'); only the first, 'Sheet', is read": 1,
            "empty rows": 1,
        }


def test_a_formula_has_the_value_that_was_saved(path: Path) -> None:
    write(path, [("id", "sequence"), ("a", '="AC"&"GT"')])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert b"<v></v>" in parts[sheet] or b"<v />" in parts[sheet] or b"<v/>" in parts[sheet]
    for empty in (b"<v></v>", b"<v />", b"<v/>"):
        parts[sheet] = parts[sheet].replace(empty, b"<v>ACGT</v>")
    parts[sheet] = parts[sheet].replace(b'<c r="B2">', b'<c r="B2" t="str">')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert read(path) == [("a", "ACGT", "a")]


def test_wrong_dimensions_lose_no_row(path: Path) -> None:
    write(path, [("id", "sequence"), *((f"r{number}", "ACGT") for number in range(9000))])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert b'<dimension ref="A1:B9001"' in parts[sheet]
    parts[sheet] = parts[sheet].replace(b'<dimension ref="A1:B9001"', b'<dimension ref="A1:A1"')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert [name for name, *_ in read(path)] == [f"r{number}" for number in range(9000)]


def test_what_is_wrong_with_a_sheet(path: Path) -> None:
    with pytest.raises(FormatError, match="no column named 'sequence'; its columns are: a, b; only the first sheet is"):
        read(write(path, [("a", "b")], [("id", "sequence")]))
    with pytest.raises(FormatError, match="the first sheet of the workbook is empty; put the table in the first"):
        read(write(path, [], [("id", "sequence")]))
    assert read(write(path, [])) == []
    assert read(write(path, [("id", "sequence")])) == []
    with pytest.raises(FormatError, match="row 4 has a cell to the right of the header's 2"):
        read(write(path, [("id", "sequence"), ("a", "AC"), (), ("b", "AC", None, "x")]))


def test_cut_and_damaged_workbooks(path: Path) -> None:
    content = (DATA / "proteins.xlsx").read_bytes()
    for length in range(100, len(content), 300):
        path.write_bytes(content[:length])
        with pytest.raises(TruncatedError, match="the Excel workbook ends too early"):
            read(path)
    for start in range(60, len(content) - 1200, 97):
        path.write_bytes(content[:start] + bytes(64) + content[start + 64 :])
        with suppress(InputError):  # and no other error; parts that are not read may be damaged
            read(path)


@pytest.mark.parametrize(
    ("part", "content", "message"),
    [
        (
            "xl/sharedStrings.xml",
            b"<sst>" + b"<si/>" * 30_000_000,
            r"sharedStrings.xml in the workbook unpacks to 150,0",
        ),
        ("word/document.xml", b"<w/>", "this is an Office document, but not an Excel workbook"),
    ],
)
def test_other_content_than_a_workbook_is_refused_at_once(path: Path, part: str, content: bytes, message: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(part, content)
        if part.startswith("xl/"):
            archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(FormatError, match=message):
        read(path)


def test_a_sheet_has_no_more_rows_than_excel_allows(path: Path) -> None:
    write(path, [("id", "sequence"), ("a", "ACGT")])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert b'<row r="2"' in parts[sheet]
    parts[sheet] = parts[sheet].replace(b'<row r="2"', b'<row r="2000000000"')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(FormatError, match="the sheet has more than 1,048,576 rows"):
        read(path)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            r"an Excel file in the old format, \.xls, or with a password; save it as",
        ),
        (
            b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
            "an OpenDocument file; save",
        ),
    ],
)
def test_other_spreadsheets_are_named(path: Path, head: bytes, message: str) -> None:
    path.write_bytes(head + bytes(1000))
    with pytest.raises(FormatError, match=message):
        read(path)


def test_rows_without_any_value_are_counted(path: Path) -> None:
    write(path, [(None, None), ("id", "sequence"), ("a", "AC"), (None, None), (" ", ""), ("b", "GT"), ("", None)])
    with open_records(str(path), ReadOptions()) as reader:
        (batch,) = reader
        assert batch.names.text() == ["a", "b"]
        assert reader.skipped["empty rows"] >= 2
