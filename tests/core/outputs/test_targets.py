from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import seqnet.core.outputs
from seqnet.core.errors import OutputError
from seqnet.core.outputs import (
    check_targets,
    made_directory,
    reading,
    remove_stale,
    whole_file,
    whole_files,
)
from tests.core.outputs.test_partial_files import WRITER

OUTPUTS = Path(seqnet.core.outputs.__file__).parent


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
    with pytest.raises(OutputError, match="already exists; choose another name or use --force"):
        check_targets([tmp_path / "new.tsv", target], force=False)
    with pytest.raises(OutputError, match="already exists"), whole_file(target, force=False) as temporary:
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
    assert (
        str(caught.value) == f"{missing}/out.tsv: there is no directory {missing}; create it first: mkdir -p {missing}"
    )


@pytest.mark.parametrize("force", [True, False])
def test_what_can_not_be_written_is_refused_before_the_work(tmp_path: Path, force: bool) -> None:
    (tmp_path / "file").touch()
    for target, message in (
        # Not by the file mode, which does not restrict root.
        (Path("/proc/out.tsv"), "the directory /proc can't be written: no such file or directory; choose another pl"),
        (tmp_path / ("x" * 256), "this can't be written: file name too long; choose another name"),
        (tmp_path / "file" / "out.tsv", f"{tmp_path}/file is not a directory; choose another place"),
    ):
        with pytest.raises(OutputError) as caught:
            check_targets([target], force=force)
        assert str(caught.value).startswith(f"{target}: {message}")
    assert names_in(tmp_path) == ["file"]


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
    # As with /dev/stdout if the shell has redirected standard output to a file.
    with (tmp_path / "redirected.txt").open("w") as file:
        stream = Path(f"/dev/fd/{file.fileno()}")
        with whole_file(stream, force=False) as target:
            assert target == stream
            target.write_text("rows")
    assert (tmp_path / "redirected.txt").read_text() == "rows"
    assert names_in(tmp_path) == ["redirected.txt"]


def test_a_set_of_files_appears_as_a_whole(tmp_path: Path) -> None:
    targets = [tmp_path / "metrics.json", tmp_path / "rows.tsv"]
    # The state of a run that was killed between the two renames.
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom seqnet.core.outputs.partial_files import PartFile\n"
        "place = PartFile.put_in_place\n"
        "def killed(part):\n    place(part)\n    os.kill(os.getpid(), 9)\n"
        "PartFile.put_in_place = killed\n" + WRITER.replace("time.sleep(60)", "pass")
    )
    subprocess.run([sys.executable, "-c", script, *map(str, targets)], check=False, capture_output=True)
    assert len(names_in(tmp_path)) == 2
    assert "rows.tsv" in names_in(tmp_path)
    assert targets[1] in remove_stale(targets)
    assert names_in(tmp_path) == []
    check_targets(targets, force=False)
    with whole_files(targets, force=False) as parts:
        for part in parts:
            part.write_text("whole")
        assert not any(target.exists() for target in targets)
    assert names_in(tmp_path) == ["metrics.json", "rows.tsv"]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_are_those_of_the_user_or_of_the_file_that_is_replaced(
    mask: int, mode: int, tmp_path: Path
) -> None:
    before = os.umask(mask)
    try:
        with whole_file(tmp_path / "new.tsv", force=False) as temporary:
            temporary.write_text("new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.tsv").stat().st_mode) == mode
    (tmp_path / "new.tsv").chmod(0o640)
    with whole_file(tmp_path / "new.tsv", force=True) as temporary:
        temporary.write_text("newer")
    assert stat.S_IMODE((tmp_path / "new.tsv").stat().st_mode) == 0o640


def test_errors_speak_of_the_target(tmp_path: Path) -> None:
    target = tmp_path / "out.tsv"

    def fail(error: OSError) -> None:
        with whole_file(target, force=False):
            raise error

    def named_part() -> None:
        with whole_file(target, force=False) as temporary:
            raise OSError(errno.EIO, "input/output error", str(temporary))

    with pytest.raises(OSError, match="input/output") as caught:
        named_part()
    assert caught.value.filename == str(target)
    with pytest.raises(OSError, match="full") as caught:
        fail(OSError(errno.ENOSPC, "full"))
    assert caught.value.filename == str(target)


def test_no_output_is_an_input_its_index_or_another_output(tmp_path: Path) -> None:
    for name in ("reads.bam", "ref.fa"):
        (tmp_path / name).touch()
    (tmp_path / "link.bam").symlink_to(tmp_path / "reads.bam")
    with reading([tmp_path / "link.bam", tmp_path / "ref.fa", tmp_path / "nothing", "/dev/null"]):
        for name, message in (
            ("reads.bam", "this is also an input"),
            ("reads.bam.bai", "this is the index of the input"),
            ("reads.bai", "this is the index of the input"),
            ("reads.bam.csi", "this is the index of the input"),
            ("ref.fa.fai", "this is the index of the input"),
        ):
            with pytest.raises(OutputError, match=message):
                check_targets([tmp_path / name], force=True)
            with pytest.raises(OutputError, match=message), whole_file(tmp_path / name, force=True):
                pass
        check_targets([Path("/dev/null"), tmp_path / "other.bai"], force=True)
    check_targets([tmp_path / "reads.bam"], force=True)
    (tmp_path / "folder").symlink_to(tmp_path)
    with pytest.raises(OutputError, match="two outputs have this name"):
        check_targets([tmp_path / "out.tsv", tmp_path / "folder" / "out.tsv"], force=True)
    (tmp_path / "out.tsv").symlink_to(tmp_path / "real.tsv")
    with pytest.raises(OutputError, match="two outputs have this name"):
        check_targets([tmp_path / "out.tsv", tmp_path / "real.tsv"], force=True)


def interrupted(work: Callable[[], None], step: int) -> bool:
    """Returns whether `work` was interrupted at a step of `seqnet.core.outputs`; False if it has fewer steps."""
    left = step

    def trace(frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:
        nonlocal left
        if Path(frame.f_code.co_filename).parent != OUTPUTS:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


@pytest.mark.parametrize("count", [1, 2])
def test_a_signal_at_any_step_leaves_all_targets_or_nothing(tmp_path: Path, count: int) -> None:
    targets = [tmp_path / f"{number}.tsv" for number in range(count)]

    def write() -> None:
        check_targets(targets, force=False)
        with whole_files(targets, force=False) as temporary:
            for path in temporary:
                path.write_text("whole")

    before = sys.gettrace()
    try:
        step = 1
        while interrupted(write, step):
            found = names_in(tmp_path)
            assert found in ([], [path.name for path in targets]), f"step {step}: {found}"
            for path in tmp_path.iterdir():
                assert path.read_text() == "whole"
                path.unlink()
            step += 1
    finally:
        sys.settrace(before)
    assert step > 200
