from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, InputError, TruncatedError
from seqnet.readers import open_records
from seqnet.readers.cells import is_missing
from seqnet.readers.tables import FORMAT

from .examples import DATA, columns, nothing, read, read_batch

CELL = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=6)


def write_parquet(path: Path, table: dict[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(table), path, **options)
    return path


def test_cells_are_text_and_the_first_column_the_names() -> None:
    path = DATA / "proteins.tsv"
    assert read(path) == [("001", "MKV", "001"), ("002", "", "002"), ("003", "", "003")]
    assert columns(path, columns=("score", "label")) == {
        "score": ["0.50", "", "1"],
        "label": ["soluble", "insoluble", "soluble"],
    }


def test_commas_and_quotes() -> None:
    options = {"name_column": "label", "columns": ("long, name", "sequence")}
    assert read(DATA / "proteins.csv", **options) == [("a", "MKV", "a"), ("b", "GGG", "b")]
    assert columns(DATA / "proteins.csv", **options) == {"long, name": ['x "1"', ""], "sequence": ["MKV", "GGG"]}


def test_parquet_with_nulls_and_whole_numbers() -> None:
    path = DATA / "proteins.parquet"
    assert read(path) == [("p1", "MKV", "p1"), ("p2", "", "p2"), ("p3", "", "p3")]
    assert columns(path, columns=("label",)) == {"label": ["1", "0", ""]}


@pytest.mark.parametrize("file", ["proteins.tsv", "proteins.csv", "proteins.parquet"])
def test_a_missing_column_is_named_with_those_there_are(file: str) -> None:
    for options in ({"sequence_column": "seq"}, {"name_column": "seq"}, {"columns": ("seq",)}):
        with pytest.raises(FormatError, match=r"no column named 'seq'; its columns are: .*\bsequence, label") as caught:
            read(DATA / file, **options)
        assert caught.value.path == str(DATA / file)


def test_two_columns_of_one_name_are_not_chosen_between(tmp_path: Path) -> None:
    path = tmp_path / "in.tsv"
    path.write_text("id\tsequence\tsequence\na\tAC\tGT\n")
    with pytest.raises(FormatError, match="more than one column named 'sequence'"):
        read(path)


def test_a_ragged_row_is_named() -> None:
    with pytest.raises(FormatError, match="line 3: the row has 3 cells, the header has 2"):
        read(DATA / "ragged.tsv")


@pytest.mark.parametrize("text", ["id\tsequence", "id\tsequence\n", "\n\nid\tsequence\r\n\r\n"])
def test_a_header_alone_is_empty(tmp_path: Path, text: str) -> None:
    path = tmp_path / "in.tsv"
    path.write_text(text)
    assert nothing(path) == "the file has no records"


def test_a_parquet_file_without_rows_is_empty(tmp_path: Path) -> None:
    assert nothing(write_parquet(tmp_path / "in.parquet", {"id": [], "sequence": []})) == "the file has no records"


def test_blank_lines_before_the_header_and_between_rows(tmp_path: Path) -> None:
    path = tmp_path / "in.tsv"
    path.write_bytes(b"\r\n\r\nid\tsequence\r\n\r\na\tAC\r\n\r\nb\tGT")
    assert read(path) == [("a", "AC", "a"), ("b", "GT", "b")]


def test_text_that_is_not_utf8_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "in.tsv"
    path.write_bytes(b"id\tsequence\ncaf\xe9\tAC\n")
    with pytest.raises(FormatError, match="invalid UTF8"):
        read(path)


def test_a_row_that_is_too_long_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqnet.readers.delimited._LONGEST_ROW", 1000)
    monkeypatch.setattr("seqnet.readers.delimited._BLOCK", 100)
    path = tmp_path / "in.tsv"
    path.write_bytes(b"id\tsequence\na\tAC\nb\t" + b"ACGT" * 1000 + b"\n")
    with pytest.raises(FormatError, match="line 3: a row is longer than 1,000 bytes"):
        read(path)


@pytest.mark.parametrize("group", [1, 3, 100])
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_empty_rows_of_a_parquet_file_are_left_out_as_those_of_csv(tmp_path: Path, group: int, size: int) -> None:
    table = {
        "id": pa.array(["a", None, " ", None, "", None]),
        "note": pa.array([None, None, "", "x", None, None]).dictionary_encode(),
        "score": pa.array([None, None, None, None, None, 0.0]),
        "sequence": pa.array(["AC", None, "", None, "\t", "GT"]),
    }
    path = write_parquet(tmp_path / "in.parquet", table, row_group_size=group)
    csv = tmp_path / "in.csv"
    csv.write_text("id,note,score,sequence\na,,,AC\n,,,\n ,,,\n,x,,\n,,,\t\n,,0,GT\n")
    for file in (path, csv):
        with open_records(str(file), ReadOptions(batch_bytes=size)) as reader:
            rows = [row for batch in reader for row in zip(batch.names.text(), batch.symbols.text(), strict=True)]
        assert rows == [("a", "AC"), ("", ""), ("", "GT")]
        assert reader.skipped == {"empty rows": 3}
    only = write_parquet(tmp_path / "one.parquet", {"sequence": pa.array(["AC", None, "GT"])})
    with open_records(str(only), ReadOptions(batch_bytes=size)) as reader:
        assert [text for batch in reader for text in batch.symbols.text()] == ["AC", "GT"]
        assert reader.skipped == {"empty rows": 1}


def test_a_parquet_file_that_is_cut_or_damaged(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    content = (DATA / "proteins.parquet").read_bytes()
    for length in range(4, len(content), 50):
        path.write_bytes(content[:length])
        with pytest.raises(TruncatedError, match="the Parquet file ends too early"):
            read(path)
    path.write_bytes(content[:4] + bytes(len(content) - 12) + content[-8:])
    with pytest.raises(InputError):
        read(path)


def test_parquet_text_may_be_in_categories_and_other_columns_of_any_type(tmp_path: Path) -> None:
    table = {
        "other": [[1], [2]],
        "id": [7, 8],
        "sequence": pa.array(["ACGT", "ACGT"]).dictionary_encode(),
        "score": [0.5, None],
    }
    path = write_parquet(tmp_path / "in.parquet", table)
    assert read(path, name_column="id") == [("7", "ACGT", "7"), ("8", "ACGT", "8")]
    assert columns(path, name_column="id", columns=("score",)) == {"score": ["0.5", ""]}
    with pytest.raises(FormatError, match="the table can't be read"):
        read(path, name_column="other")


@given(
    rows=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;"),
    size=st.integers(1, 30),
)
def test_what_the_csv_module_writes_is_read_in_any_batch_size(
    rows: list[tuple[str, str, str]], delimiter: str, size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("extra", "id", "sequence"), *rows])
    path = tmp_path_factory.getbasetemp() / "any.table"
    path.write_text(text.getvalue(), newline="")
    rows = [row for row in rows if any(cell.strip(" ") for cell in row)]  # the other rows are left out
    assume(rows)
    batch = read_batch(path, name_column="id", columns=("extra",), batch_bytes=size)
    read_rows = zip(batch.columns["extra"].text(), batch.names.text(), batch.symbols.text(), strict=True)
    whole = [(a.strip(), b.strip(), "" if is_missing(c.strip()) else c.strip()) for a, b, c in rows]
    assert list(read_rows) == whole
    table = {"extra": [a for a, _, _ in rows], "id": [b for _, b, _ in rows], "sequence": [c for _, _, c in rows]}
    parquet = read_batch(
        write_parquet(path, table, row_group_size=3), name_column="id", columns=("extra",), batch_bytes=size
    )
    assert parquet.symbols.text() == batch.symbols.text()
    assert parquet.names.text() == batch.names.text()


@pytest.mark.parametrize(
    "head",
    [b"plain words\n", b"a\tb\x00c\n", b"\xff\xfea\x00\t\x00", b"some, notes\n>r1\nACGT\n", b"\x89PNG\r\n\x1a\n,"],
)
def test_other_content_than_a_table_is_refused(head: bytes) -> None:
    assert not FORMAT.recognises(head)


def test_damage_in_a_parquet_file_with_checksums_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    table = pa.table({"name": ["a", "b"], "sequence": ["MKVMKVMKV", "WWWWWWWW"]})
    pq.write_table(table, path, write_page_checksum=True, compression="none")
    content = path.read_bytes()
    place = content.index(b"MKVMKVMKV")
    for bit in range(8 * len("MKVMKVMKV")):
        damaged = bytearray(content)
        damaged[place + bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(FormatError, match="CRC"):
            read(path)
