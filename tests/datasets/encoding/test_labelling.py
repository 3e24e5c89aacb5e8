from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from seqnet.configs.encoding import EncodeOptions
from seqnet.core.errors import EmptyInputError, FormatError, LabelError, SettingError
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.datasets.encoding.labelling import LabelFile, grouper, label_by_column, label_by_regex, table_columns


def batch(*headers: str, **columns: list[str]) -> RecordBatch:
    names = Ragged.from_strings([header.split()[0] for header in headers])
    texts = {name: Ragged.from_strings(values) for name, values in columns.items()}
    return RecordBatch(names, names, Ragged.from_strings(headers), texts)


def groups(group_by: str, names: list[str], columns: Mapping[str, list[str]] | None = None) -> list[str | None]:
    texts = {name: Ragged.from_strings(values) for name, values in (columns or {}).items()}
    return grouper(group_by).find(Ragged.from_strings(names), texts)


def test_an_expression_finds_the_class_in_the_whole_header() -> None:
    find = label_by_regex(r"label=(\S+)", "x.fa").find
    assert find(batch("r1 label=human", "r2 n=1 label=mouse x", "label=rat")) == ["human", "mouse", "rat"]
    assert label_by_regex("^(.)", "x.fa").find(batch("r1", "s1")) == ["r", "s"]
    # The first group counts, whatever is before and after it.
    assert label_by_regex("a(b)(c)", "x.fa").find(batch("abc")) == ["b"]


@pytest.mark.parametrize("header", ["r2", "r2 label=", "r2 LABEL=x"])
def test_a_header_without_a_class_has_no_label(header: str) -> None:
    labeller = label_by_regex(r"label=(\S*)", "x.fa")
    records = batch("r1 label=human", header)
    assert labeller.find(records) == ["human", ""]
    assert str(labeller.missing(records, 1)) == (
        r"x.fa: record r2: the header does not match label=(\S*); correct --label-regex, or leave such records "
        "out with --missing-labels skip"
    )


def test_a_missing_label_is_reported_as_it_is_written() -> None:
    labeller = label_by_column("kind", "x.csv")
    records = batch("r1", "r2", kind=["", "NaN"])
    assert str(labeller.missing(records, 0)).startswith("x.csv: record r1: column kind is empty; fill it in, or leave")
    assert str(labeller.missing(records, 1)).startswith("x.csv: record r2: column kind has 'NaN', which counts as")


@pytest.mark.parametrize("expression", ["label=", "(?:label)", "(", "[", "*"])
def test_an_expression_without_a_group_is_refused(expression: str) -> None:
    with pytest.raises(SettingError, match=r"^label-regex (must be a valid|.* needs a group in parentheses)"):
        label_by_regex(expression, "x.fa")


def test_a_column_has_the_classes() -> None:
    find = label_by_column("kind", "x.tsv").find
    assert find(batch("r1", "r2", "r3", kind=["human", "mouse", ""])) == ["human", "mouse", ""]
    with pytest.raises(LabelError, match=r"x\.tsv: there is no column kind; --label-column needs a table"):
        find(batch("r1", other=["human"]))


def write(tmp_path: Path, content: str | bytes) -> str:
    path = tmp_path / "two.tsv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


@pytest.mark.parametrize(
    "content",
    [
        "r1\thuman\nr2\tmouse\n",
        "r2\tmouse\nr1\thuman",
        "r1\thuman\r\nr2\tmouse\r\n",
        "\ufeffr1\thuman\nr2\tmouse\n",
        "r1\thuman\n\nr2\tmouse\nr1\thuman\n\n",
    ],
)
def test_a_file_has_the_classes(tmp_path: Path, content: str) -> None:
    labels = LabelFile(write(tmp_path, content))
    assert labels.labeller().find(batch("r2 x", "r1", "r2", "r3")) == ["mouse", "human", "mouse", ""]
    labels.check_all_used()
    assert labels.header is None


def test_names_and_classes_are_taken_as_they_are_but_for_blanks_around_them(tmp_path: Path) -> None:
    labels = LabelFile(write(tmp_path, 'ä"1 \t a "b" \n"r\u20282\tx\n\ty\u00a0\n'.replace("\n\t", "\nz\t")))
    assert labels.labels == {'ä"1': 'a "b"', '"r\u20282': "x", "z": "y"}


@pytest.mark.parametrize("encode", [gzip.compress, lambda text: text.decode().encode("utf-16")])
def test_a_file_may_be_compressed_or_in_utf16(tmp_path: Path, encode: Callable[[bytes], bytes]) -> None:
    path = write(tmp_path, encode("r1\thümän\nr2\tmouse\n".encode()))
    assert LabelFile(path).labels == {"r1": "hümän", "r2": "mouse"}


def test_a_first_line_that_no_record_is_named_after_is_a_header(tmp_path: Path) -> None:
    labels = LabelFile(write(tmp_path, "name\tlabel\nr1\ta\nr2\tb\n"))
    labels.labeller().find(batch("r1", "r2"))
    labels.check_all_used()
    assert labels.header == "name, label"
    # A record may have this name,
    labels = LabelFile(write(tmp_path, "name\tlabel\nr1\ta\n"))
    assert labels.labeller().find(batch("name", "r1")) == ["label", "a"]
    labels.check_all_used()
    assert labels.header is None
    # and a label of other records is no column name.
    labels = LabelFile(write(tmp_path, "r9\ta\nr1\ta\n"))
    labels.labeller().find(batch("r1"))
    with pytest.raises(LabelError, match="no record has the name r9; correct the names"):
        labels.check_all_used()


def test_mates_are_found_by_the_name_of_their_pair(tmp_path: Path) -> None:
    labels = LabelFile(write(tmp_path, "q0\ta\nq1/1\tb\nq1/2\tc\n"))
    assert labels.labeller().find(batch("q0/1", "q0/2", "q1/1", "q1/2")) == ["a", "a", "b", "c"]
    labels.check_all_used()
    clusters = tmp_path / "clusters.tsv"
    clusters.write_text("x\tq0\ny\tq1/1\n")
    assert groups(str(clusters), ["q0/1", "q0/2", "q1/1", "q1/2", "q1"]) == ["x", "x", "y", None, None]


def test_an_empty_file_of_labels(tmp_path: Path) -> None:
    with pytest.raises(EmptyInputError, match=r"two\.tsv: it is empty"):
        LabelFile(write(tmp_path, "\n"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            "r1\thuman\nr2\n",
            "line 2: expected two columns with a tab in between, found 1; separate two columns with one tab",
        ),
        (
            "r1 human\n",
            "line 1: expected two columns with a tab in between, found 1; separate two columns with one tab",
        ),
        (
            "r1\thuman\tx\n",
            "line 1: expected two columns with a tab in between, found 3; separate two columns with one tab",
        ),
        ("\thuman\n", "line 1: column 1, the record name, is empty; fill it in"),
        ("r1\thuman\n\nr1\tmouse\n", "line 3: r1 has two labels; keep one of them"),
        (b"r1\tcaf\xe9\n", "this is not text in UTF-8; give two tab-separated columns"),
    ],
)
def test_a_file_with_another_split_is_refused(tmp_path: Path, content: str | bytes, problem: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(FormatError) as caught:
        LabelFile(path)
    assert str(caught.value) == f"{path}: {problem}"


def test_records_and_labels_must_meet(tmp_path: Path) -> None:
    labels = LabelFile(write(tmp_path, "r1\ta\nr2\tb\nr10\tb\nr9\ta\n"))
    labeller = labels.labeller()
    assert labeller.find(batch("r1", "r3")) == ["a", ""]
    assert str(labeller.missing(batch("r1", "r3"), 1)).startswith(
        f"{labels.path}: record r3: it has no label; add one, or"
    )
    labeller.find(batch("r2"))
    with pytest.raises(LabelError, match="no record has the name r10, nor 1 other name; correct the names") as caught:
        labels.check_all_used()
    assert caught.value.place == labels.path


def test_groups_by_an_expression_in_the_name() -> None:
    assert groups(r"^(\w+):", ["chr1:5", "chr2:7", "x", "chr1:9"]) == ["chr1", "chr2", None, "chr1"]
    assert grouper(r"^(\w+):").by_window
    with pytest.raises(SettingError, match="group-by must be a valid regular expression"):
        grouper("(")


def test_groups_by_a_column() -> None:
    assert groups("family", ["r1", "r2", "r3"], {"family": ["a", "NA", "a"]}) == ["a", None, "a"]
    assert not grouper("family").by_window
    with pytest.raises(SettingError, match="group-by must be a regular expression with"):
        groups("family", ["r1"], {"other": ["a"]})


def test_groups_by_a_file_of_clusters(tmp_path: Path) -> None:
    # MMseqs2's format: the representative first, then the member; the representative is also a member of its cluster.
    path = write(tmp_path, "r1\tr1\nr1\tr2\nr4\tr4\n")
    assert groups(path, ["r1", "r2", "r3", "r4"]) == ["r1", "r1", None, "r4"]
    assert not grouper(path).by_window
    with pytest.raises(FormatError, match="line 2: r2 is in two clusters; keep one of them"):
        grouper(write(tmp_path, "r1\tr2\nr3\tr2\n"))


def test_a_file_is_distinguished_from_an_expression_and_that_from_a_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("(x)").write_text("c\tr1\n")
    assert groups("(x)", ["r1"]) == ["c"]
    assert groups("(y)", ["xyz"]) == ["y"]
    # No file can have such a long name; the system reports this with another error.
    assert groups("(" + "y" * 5000 + ")?x", ["x"]) == [None]


@pytest.mark.parametrize(
    ("options", "columns"),
    [
        (EncodeOptions(), ()),
        (EncodeOptions(label_column="kind"), ("kind",)),
        (EncodeOptions(label_column="kind", group_by="family"), ("kind", "family")),
        (EncodeOptions(group_by=r"^(\w+):"), ()),
        (EncodeOptions(group_by="clusters.tsv"), ()),
    ],
)
def test_the_columns_that_are_read_from_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: EncodeOptions, columns: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("clusters.tsv").touch()
    assert table_columns(options) == columns
