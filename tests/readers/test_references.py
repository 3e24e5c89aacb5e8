from __future__ import annotations

import os
from pathlib import Path

import pytest

from seqnet.core.errors import FormatError
from seqnet.readers.references import usable_reference
from tests.data.make import DATA


def test_a_reference_in_a_folder_that_can_be_written_is_used_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "reference.fa"
    path.write_text(">chr\nACGT\n")
    with usable_reference(str(path)) as usable:
        assert usable == str(path)


def test_where_no_index_can_be_written_there_is_a_link_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "reference.fa"
    path.write_text(">chr\nACGT\n")
    monkeypatch.setattr(os, "access", lambda folder, mode: False)
    with usable_reference(str(path)) as usable:
        assert usable != str(path)
        assert Path(usable).read_text() == path.read_text()
    assert not Path(usable).exists()
    path.with_suffix(".fa.fai").write_text("chr\t4\t5\t4\t5\n")
    with usable_reference(str(path)) as usable:
        assert usable == str(path)


def test_another_compression_than_bgzip_is_refused() -> None:
    reported = "the reference is compressed with zstd, and can't be read by position"
    with pytest.raises(FormatError, match=reported), usable_reference(str(DATA / "wrapped.fa.zst")):
        pass
