from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from seqnet.errors import OutputError
from seqnet.outputs import check_targets, made_directory, whole_file


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_target_appears_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "out.tsv"
    with whole_file(target, force=False) as temporary:
        temporary.write_text("half")
        assert temporary.parent == tmp_path
        assert not target.exists()
        temporary.write_text("whole")
    assert target.read_text() == "whole"
    assert names_in(tmp_path) == ["out.tsv"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("started", [True, False])
def test_an_error_leaves_nothing_behind(tmp_path: Path, error: type[BaseException], started: bool) -> None:
    def fail() -> None:
        with whole_file(tmp_path / "out.tsv", force=False) as temporary:
            if started:
                temporary.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert names_in(tmp_path) == []


def test_a_directory_is_made_and_stays(tmp_path: Path) -> None:
    for _ in range(2):
        with made_directory(tmp_path / "a" / "b"):
            assert (tmp_path / "a" / "b").is_dir()
    assert (tmp_path / "a" / "b").is_dir()
    with made_directory(None):
        pass


def test_an_error_leaves_no_directory_that_was_made_for_nothing(tmp_path: Path) -> None:
    def fail(directory: Path, name: str | None = None) -> None:
        with made_directory(directory):
            if name:
                (directory / name).touch()
            raise KeyboardInterrupt

    (tmp_path / "old").mkdir()
    for directory in ("old", "new", "old/inner", "a/b/c"):
        with pytest.raises(KeyboardInterrupt):
            fail(tmp_path / directory)
    assert names_in(tmp_path) == ["old"]
    assert names_in(tmp_path / "old") == []
    with pytest.raises(KeyboardInterrupt):
        fail(tmp_path / "kept" / "inner", "out.tsv")
    assert names_in(tmp_path / "kept" / "inner") == ["out.tsv"]


def test_an_existing_target_is_refused_and_stays(tmp_path: Path) -> None:
    target = tmp_path / "out.tsv"
    target.write_text("precious")
    with pytest.raises(OutputError, match="exists already; choose another name or say --force"):
        check_targets([tmp_path / "new.tsv", target], force=False)
    with pytest.raises(OutputError, match="exists already"), whole_file(target, force=False) as temporary:
        temporary.write_text("new")
    assert target.read_text() == "precious"
    assert names_in(tmp_path) == ["out.tsv"]


def test_a_forced_target_is_replaced_only_when_the_new_one_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "out.tsv"
    target.write_text("old")

    def write(text: str, *, then_fail: bool) -> None:
        with whole_file(target, force=True) as temporary:
            temporary.write_text(text)
            assert target.read_text() == "old"
            if then_fail:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        write("half", then_fail=True)
    assert target.read_text() == "old"
    write("new", then_fail=False)
    assert target.read_text() == "new"
    assert names_in(tmp_path) == ["out.tsv"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real" / "out.tsv", tmp_path / "link.tsv"
    real.parent.mkdir()
    real.write_text("old")
    link.symlink_to(real)
    with whole_file(link, force=True) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert (names_in(tmp_path), names_in(real.parent)) == (["link.tsv", "real"], ["out.tsv"])


def test_a_folder_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="this is a directory; name a file in it"):
        check_targets([tmp_path], force=True)
    missing = tmp_path / "missing"
    with pytest.raises(OutputError) as caught:
        check_targets([missing / "out.tsv"], force=False)
    assert str(caught.value) == f"{missing}/out.tsv: there is no directory {missing}; make it first: mkdir -p {missing}"


def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Not by its mode, which says nothing to root.
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (tmp_path, os.W_OK))
    with pytest.raises(OutputError, match="is not writable; choose another place"):
        check_targets([tmp_path / "out.tsv"], force=False)


def test_a_pipe_is_written_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    with whole_file(pipe, force=False) as target:
        assert target == pipe
        target.write_text("rows")
    reader.join(timeout=10)
    assert read == ["rows"]
    assert pipe.is_fifo()


def test_a_stream_of_the_process_is_written_as_it_is(tmp_path: Path) -> None:
    # As /dev/stdout is, where the shell has sent standard output to a file.
    with (tmp_path / "redirected.txt").open("w") as file:
        stream = Path(f"/dev/fd/{file.fileno()}")
        with whole_file(stream, force=False) as target:
            assert target == stream
            target.write_text("rows")
    assert (tmp_path / "redirected.txt").read_text() == "rows"
    assert names_in(tmp_path) == ["redirected.txt"]
