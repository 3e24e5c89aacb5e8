from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from seqnet.cli.log_file import LogFile
from seqnet.core.errors import OutputError

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def test_each_line_has_its_time_and_level_and_is_in_the_file_at_once(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "run.log")
    assert log.write("INFO", "seqnet 1.0: seqnet predict") is None
    assert re.fullmatch(f"{TIME} INFO seqnet 1.0: seqnet predict\n", (tmp_path / "run.log").read_text())
    log.write("WARNING", "é\udce9")
    log.close()
    assert re.fullmatch(f".*\n{TIME} WARNING é\\\\udce9\n", (tmp_path / "run.log").read_text())


def test_a_second_run_is_appended(tmp_path: Path) -> None:
    for run in ("seqnet 1", "seqnet 2"):
        log = LogFile(tmp_path / "run.log")
        log.write("INFO", run)
        log.close()
    assert [line[-8:] for line in (tmp_path / "run.log").read_text().splitlines()] == ["seqnet 1", "seqnet 2"]


def test_no_other_file_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "reads.fa"
    path.write_text(">a\nACGT\n")
    with pytest.raises(OutputError, match=r"reads\.fa: this file exists and is not a log of seqnet; choose another na"):
        LogFile(path)
    assert path.read_text() == ">a\nACGT\n"


def test_a_full_disk_is_reported_once(tmp_path: Path) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    log = LogFile(Path("/dev/full"))
    assert log.write("INFO", "a") == "/dev/full: the log is incomplete: no space left on device"
    assert log.write("INFO", "b") is None
    log.close()
