from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.cli.messages import (
    Level,
    begin_log,
    deliver,
    detail,
    level_of,
    passes,
    recording,
    share_messages,
    show_from,
)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("wrote model.safetensors", Level.INFO),
        ("seqnet: note: reads.fa: no records", Level.INFO),
        ("seqnet: warning: 3 records have an exact duplicate", Level.WARNING),
        ("seqnet: stopped after 3 epochs; continue with --resume", Level.WARNING),
        ("seqnet: error: there is no option --x", Level.ERROR),
    ],
)
def test_the_beginning_of_a_message_says_its_level(text: str, level: Level) -> None:
    assert level_of(text) == level


@pytest.mark.parametrize(
    ("shown", "lines"),
    [
        (Level.DETAIL, ["detail", "info", "seqnet: warning: w", "seqnet: error: e"]),
        (Level.INFO, ["info", "seqnet: warning: w", "seqnet: error: e"]),
        (Level.WARNING, ["seqnet: warning: w", "seqnet: error: e"]),
    ],
)
def test_messages_of_a_level_and_above_are_shown_and_all_are_logged(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, shown: Level, lines: list[str]
) -> None:
    with recording() as ended:
        show_from(shown)
        begin_log(tmp_path / "run.log", "seqnet 1.0: seqnet predict")
        detail(lambda: "detail")
        for text in ("info", "seqnet: warning: w", "seqnet: error: e"):
            deliver(text)
        capsys_lines = capsys.readouterr().err.splitlines()
        assert ended(3) == 3
    assert capsys_lines == lines
    logged = [line.split(" ", 1)[1] for line in (tmp_path / "run.log").read_text().splitlines()]
    assert logged[:-1] == [
        "INFO seqnet 1.0: seqnet predict",
        "DETAIL detail",
        "INFO info",
        "WARNING seqnet: warning: w",
        "ERROR seqnet: error: e",
    ]
    assert logged[-1].startswith("DETAIL exit code 3 after 0.0 s")


def test_the_next_run_starts_from_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    with recording():
        show_from(Level.WARNING)
        assert not passes(Level.INFO)
    with recording():
        deliver("info")
    assert capsys.readouterr().err == "info\n"


def test_a_detail_that_nobody_sees_is_not_computed() -> None:
    def fails() -> str:
        raise AssertionError

    with recording():
        detail(fails)


def test_the_traceback_of_a_bug_is_in_the_log(tmp_path: Path) -> None:
    def fail() -> None:
        with recording():
            begin_log(tmp_path / "run.log", "seqnet 1.0: seqnet predict")
            raise ZeroDivisionError("of the test")

    with pytest.raises(ZeroDivisionError):
        fail()
    last = (tmp_path / "run.log").read_text().splitlines()[-1]
    assert last.endswith("ERROR ZeroDivisionError: of the test")


def test_a_log_that_can_not_be_written_is_one_warning(capsys: pytest.CaptureFixture[str]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with recording():
        begin_log(Path("/dev/full"), "seqnet 1.0: seqnet predict")
        deliver("a")
        deliver("b")
    assert capsys.readouterr().err.splitlines() == [
        "seqnet: warning: /dev/full: the log is incomplete: no space left on device",
        "a",
        "b",
    ]


@pytest.mark.parametrize(("reports", "lines"), [(True, ["seqnet: error: e"]), (False, [])])
def test_a_silent_process_shows_its_error_at_most(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, reports: bool, lines: list[str]
) -> None:
    with recording():
        share_messages(silent=True, reports=lambda: reports)
        begin_log(tmp_path / "run.log", "seqnet 1.0: seqnet train")
        for text in ("info", "seqnet: warning: w", "seqnet: error: e"):
            deliver(text)
        assert not passes(Level.WARNING)
    assert capsys.readouterr().err.splitlines() == lines
    assert not (tmp_path / "run.log").exists()
    assert passes(Level.INFO)
