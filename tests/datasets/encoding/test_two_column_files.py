from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from seqnet.core.errors import EmptyInputError, FormatError
from seqnet.datasets.encoding.two_column_files import read_two_columns


def test_cells_have_their_line_and_no_blanks_around_them(tmp_path: Path) -> None:
    path = tmp_path / "labels.tsv"
    path.write_text(' r1 \t yes\n\n"r2"\tno \n')
    assert list(read_two_columns(str(path))) == [(1, "r1", "yes"), (3, '"r2"', "no")]
    packed = tmp_path / "labels.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert list(read_two_columns(str(packed))) == list(read_two_columns(str(path)))


@pytest.mark.parametrize(
    ("content", "kind", "reported"),
    [
        (b"a\tb\nc\n", FormatError, "line 2: expected two columns with a tab in between, found 1; separate two col"),
        (b"a\tb\tc\n", FormatError, "line 1: expected two columns with a tab in between, found 3"),
        (b"a\t\xff\n", FormatError, "this is not text in UTF-8"),
        (b"", EmptyInputError, "it is empty; give a file with at least one line"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, kind: type[Exception], reported: str) -> None:
    path = tmp_path / "labels.tsv"
    path.write_bytes(content)
    with pytest.raises(kind) as caught:
        list(read_two_columns(str(path)))
    assert str(caught.value).startswith(f"{path}: {reported}")
