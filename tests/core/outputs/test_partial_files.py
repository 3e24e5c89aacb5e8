from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seqnet.core.errors import OutputError, ResourceError
from seqnet.core.outputs import (
    check_targets,
    remove_stale,
    temporary_files,
    whole_file,
)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_longest_name_that_there_can_be_is_written(tmp_path: Path) -> None:
    target = tmp_path / ("é" * 127)
    check_targets([target], force=False)
    with whole_file(target, force=False) as temporary:
        temporary.write_text("whole")
    assert names_in(tmp_path) == [target.name]


WRITER = """
import sys, time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any
from seqnet.core.outputs import whole_files
with whole_files([Path(name) for name in sys.argv[1:]], force=True) as parts:
    for part in parts:
        part.write_text("half")
    print("begun", flush=True)
    time.sleep(60)
"""


def begun_writer(*targets: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", WRITER, *map(str, targets)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    return process


def test_what_a_killed_run_left_is_removed_and_what_a_running_one_writes_is_not(tmp_path: Path) -> None:
    target, other = tmp_path / "out.tsv", tmp_path / "other.tsv"
    with begun_writer(target) as killed, begun_writer(target) as running, begun_writer(other) as unrelated:
        killed.kill()
        killed.wait()
        unrelated.kill()
        unrelated.wait()
        before = set(names_in(tmp_path))
        removed = remove_stale([target])
        assert len(removed) == 1
        assert len(before) == 3
        left = before - {removed[0].name}
        assert set(names_in(tmp_path)) == left
        assert remove_stale([target]) == []
        # Another target whose name has the same prefix.
        assert remove_stale([tmp_path / "out"]) == []
        running.send_signal(signal.SIGINT)
        running.wait()
    assert [name.startswith(".other.tsv.") for name in names_in(tmp_path)] == [True]
    assert len(remove_stale([other])) == 1


def test_of_two_that_write_one_target_the_second_does_not_replace_the_first(tmp_path: Path) -> None:
    target = tmp_path / "out.tsv"
    with whole_file(target, force=False) as first:
        first.write_text("first")

        def second() -> None:
            with whole_file(target, force=False) as temporary:
                temporary.write_text("second")
                assert temporary != first
                target.write_text("first")

        with pytest.raises(
            OutputError, match="another program has written this file in the meantime; choose another name"
        ):
            second()
        target.unlink()
    assert target.read_text() == "first"
    assert names_in(tmp_path) == ["out.tsv"]


def test_temporary_names_are_new_and_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    (tmp_path / f".out.tsv.{os.getpid()}.part").symlink_to(tmp_path / "victim")
    names = set()
    for _ in range(5):
        with whole_file(tmp_path / "out.tsv", force=True) as temporary:
            names.add(temporary.name)
            temporary.write_text("new")
    assert len(names) == 5
    assert (tmp_path / "victim").read_text() == "precious"


def test_a_full_temporary_folder_is_not_the_outputs_fault(tmp_path: Path) -> None:
    def fail() -> None:
        with whole_file(tmp_path / "out.tsv", force=False), temporary_files():
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(ResourceError, match="there is no room for temporary files") as caught:
        fail()
    assert "out.tsv" not in str(caught.value)
