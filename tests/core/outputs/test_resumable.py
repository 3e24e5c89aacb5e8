from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.core.errors import OutputError
from seqnet.core.outputs import open_journal, remove_stale, unfinished_files


def test_a_journal_continues_behind_its_last_entry(tmp_path: Path) -> None:
    target = tmp_path / "x.tsv"
    for expected, data in ((None, b"one"), ({"n": 3}, b"three"), ({"n": 5}, b"")):
        with open_journal(target) as journal:
            journal.resume({"run": 1})
            assert journal.state == expected
            if data:
                journal.add(data, {"n": len(data)})
            journal.finish(b"unfinished")
    with open_journal(target) as journal:
        journal.resume({"run": 1})
        assert journal.path.read_bytes() == b"onethree"
        with pytest.raises(OutputError, match=r"x.tsv: another run is writing it"), open_journal(target):
            pass
        assert remove_stale([target]) == []
        journal.remove()
    assert list(tmp_path.iterdir()) == []


def test_another_run_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "x.tsv"
    with open_journal(target) as journal:
        journal.resume({"model": 1, "inputs": 2})
    with open_journal(target) as journal, pytest.raises(OutputError, match="the unfinished run differs in: inputs"):
        journal.resume({"model": 1, "inputs": 3})
    assert len(remove_stale([target])) == 2


def test_files_of_a_run_that_put_its_target_in_place_are_not_kept(tmp_path: Path) -> None:
    target = tmp_path / "x.parquet"
    with open_journal(target) as journal:
        journal.resume({"run": 1})
        journal.add(b"rows", {"n": 4})
        target.write_bytes(b"of a run before")
        assert len(unfinished_files(target)) == 2
        journal.complete()
        target.unlink()
        assert len(unfinished_files(target)) == 2
    with open_journal(target) as journal:
        journal.resume({"run": 1})
        assert journal.state == {"n": 4}
        journal.complete()
    target.write_bytes(b"complete")
    assert unfinished_files(target) == []
    assert len(remove_stale([target], unfinished_files(target))) == 2
    assert list(tmp_path.iterdir()) == [target]


def test_the_parts_of_a_run_that_goes_on_are_kept(tmp_path: Path) -> None:
    target = tmp_path / "x.parquet"
    with open_journal(target) as journal:
        journal.resume({"run": 1})
    converted = tmp_path / f".x.parquet.{'8' * 16}.part"
    converted.touch()
    assert remove_stale([target], unfinished_files(target)) == [converted]
    assert sorted(tmp_path.iterdir()) == unfinished_files(target)
