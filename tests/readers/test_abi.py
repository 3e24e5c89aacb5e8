from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.core.errors import FormatError, TruncatedError
from tests.data.make_annotated import trace

from .examples import DATA, biopython, columns, read, read_batch


def test_the_bases_are_those_of_biopython() -> None:
    (record,) = biopython(DATA / "sanger.ab1", "abi")
    assert read(DATA / "sanger.ab1") == [(record.id, str(record.seq), record.id)]
    assert record.id == "plate 1 A01"


def test_annotations_are_columns() -> None:
    assert columns(DATA / "sanger.ab1", columns=("run_start",)) == {"run_start": ["2024-02-29 12:30:00"]}


def test_a_trace_without_base_calls_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "fragments.fsa"
    path.write_bytes(trace(b"ACGTACGT", b"sample").replace(b"PBAS", b"XXXX").replace(b"PCON", b"YYYY"))
    batch = read_batch(path)
    assert batch.symbols.text() == [""]
    assert batch.missing is not None
    assert batch.missing.tolist() == [True]


def test_a_trace_without_a_sample_has_the_name_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "run7.ab1"
    path.write_bytes(trace(b"ACGTACGT", b"sample").replace(b"SMPL", b"XXXX"))
    assert read(path) == [("run7.ab1", "ACGTACGT", "run7.ab1")]


def test_other_content_than_a_trace_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "in.ab1"
    path.write_bytes(b"ABIF" + bytes(200))
    with pytest.raises(FormatError, match="this is not a valid ABI trace"):
        read(path)


@pytest.mark.parametrize(("place", "value"), [(16, b"\0\0"), (18, b"\xff\xff\xff\xff"), (26, b"\xff\0\0\0")])
def test_a_directory_beyond_the_end_is_refused_at_once(tmp_path: Path, place: int, value: bytes) -> None:
    content = bytearray((DATA / "sanger.ab1").read_bytes())
    content[place : place + len(value)] = value
    (tmp_path / "x.ab1").write_bytes(content)
    with pytest.raises(TruncatedError, match="the directory of the ABI trace is damaged or beyond the end"):
        read(tmp_path / "x.ab1")
