from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import pytest

from seqnet.core.errors import TruncatedError
from seqnet.readers.inputs import HEAD_BYTES, Input

from .examples import DATA, piped_stdin

TEXT = b"\n >a\n" + b"ACGT\n" * 40_000


def test_text_of_a_compressed_file_is_decompressed_and_stored_is_not(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(gzip.compress(TEXT, mtime=0))
    source = Input(str(path))
    assert (source.compression, source.head) == ("gzip", TEXT[:HEAD_BYTES])
    assert source.stored(again=True).readall() == path.read_bytes()
    assert source.text(again=True).read() == TEXT
    assert source.seekable().read() == TEXT
    source.close()


def test_a_plain_file_is_seeked_in_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(TEXT)
    source = Input(str(path))
    assert source.seekable().name == str(path)
    source.close()


def test_the_first_line_is_the_one_that_is_not_blank(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(TEXT)
    source = Input(str(path))
    stream, line = source.first_line()
    assert (stream.readline(), line) == (b">a\n", 2)
    source.close()


def test_stdin_is_read_from_its_start_again() -> None:
    with piped_stdin(TEXT):
        source = Input("-")
        assert source.file() is None
        assert source.tail() is None
        assert source.text(again=True).read() == TEXT
        assert source.tail() == TEXT[-64:]
        assert source.seekable().read() == TEXT
        source.close()


def test_a_named_pipe_is_not_a_file_to_seek_in(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    thread = threading.Thread(target=lambda: path.write_bytes(TEXT))
    thread.start()
    source = Input(str(path))
    assert source.file() is None
    assert source.text().read() == TEXT
    source.close()
    thread.join()


def test_the_tail_of_a_file_is_available_at_once(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(TEXT)
    source = Input(str(path))
    assert source.tail() == TEXT[-64:]
    source.close()


@pytest.mark.parametrize("name", ["empty.fa", "blank.fa"])
def test_an_empty_file_has_no_batches(name: str) -> None:
    source = Input(str(DATA / name))
    assert source.empty
    source.close()


def test_a_compressed_empty_file_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "in.gz"
    path.write_bytes(gzip.compress(b""))
    source = Input(str(path))
    assert source.empty
    source.close()


def test_a_cut_in_the_head_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "in.gz"
    path.write_bytes(gzip.compress(b">a\nACGT\n")[:-3])
    with pytest.raises(TruncatedError):
        Input(str(path))
