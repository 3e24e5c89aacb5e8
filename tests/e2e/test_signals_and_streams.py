"""Signals at any moment of a short run, closed standard streams, terminals of any encoding, models from a pipe."""

from __future__ import annotations

import os
import pty
import random
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from seqnet.core.provenance import file_hash
from seqnet.models.bundles import open_bundle, write_bundle
from tests.building import make_bundle

ROOT = Path(__file__).parent.parent.parent
READS = str(ROOT / "data" / "simulated_reads.bam")
SEQNET = [sys.executable, "-m", "seqnet"]
PROGRAM = Path(sys.executable).parent / "seqnet"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with random weights whose class names have other than Latin letters."""
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    write_bundle(path, make_bundle(classes=("человек", "随机")))
    return path


def minds_signals(process: subprocess.Popen[str], number: signal.Signals) -> bool:
    """Returns whether a process handles a signal itself yet; before that, Python does."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except FileNotFoundError:
        return True
    caught = int(re.findall(r"SigCgt:\s*(\w+)", status)[0], 16)
    # Python handles SIGINT from its start, and SIGTERM never.
    return bool(caught >> (signal.SIGTERM - 1) & 1)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_a_signal_at_any_moment_is_one_line_and_its_exit_code(model: Path, tmp_path: Path) -> None:
    rng = random.Random(1)
    # One moment in each phase: before the imports, during the imports, and while records are read. Two processes at
    # once take half of the time.
    moments = [(0.0, 0.2, 1.0)[turn % 3] * rng.random() for turn in range(12)]
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(stopped, model, tmp_path, turn, moment) for turn, moment in enumerate(moments)]
    assert [one.result() for one in done] == [
        ((130, "seqnet: interrupted\n"), (143, "seqnet: terminated\n"))[turn % 2] for turn in range(12)
    ]
    assert list(tmp_path.iterdir()) == []


def stopped(model: Path, folder: Path, turn: int, moment: float) -> tuple[int, str]:
    """Returns exit code and messages of a prediction that gets a signal this many seconds after it handles signals."""
    number = (signal.SIGINT, signal.SIGTERM)[turn % 2]
    words = ["predict", str(model), *[READS] * 50, "-o", str(folder / f"{turn}.tsv")]
    with subprocess.Popen([*SEQNET, *words], stderr=subprocess.PIPE, text=True) as process:
        while not minds_signals(process, number):
            time.sleep(0.001)
        time.sleep(moment)
        process.send_signal(number)
        assert process.stderr
        reported = process.stderr.read()
        return process.wait(timeout=30), reported


def shell(command: str, folder: Path, program: Path = PROGRAM) -> subprocess.CompletedProcess[str]:
    """Runs a command line, in which `seqnet` is the program."""
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, cwd=folder, encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": path},
    )  # fmt: skip


@pytest.mark.parametrize("words", [f"predict M {READS}", "inspect M", "--help", "predict --help"])
def test_without_standard_error_the_work_is_done_without_messages(
    words: str, program: Path, model: Path, tmp_path: Path
) -> None:
    """The help, whose start takes little, from a start of Python; the others in a process that has begun already."""
    started = PROGRAM if "--help" in words else program
    command = f"seqnet {words.replace('M', str(model))}"
    ends = ("", "2>/dev/full", "<&- 2>&-")
    with ThreadPoolExecutor(2) as pool:
        expected, *found = pool.map(lambda end: shell(f"{command} {end}", tmp_path, started), ends)
    for done in found:
        assert (done.returncode, done.stdout, done.stderr) == (0, expected.stdout, "")
    assert list(tmp_path.iterdir()) == []


def test_without_standard_error_a_failure_is_an_exit_code(tmp_path: Path) -> None:
    failed = shell("seqnet inspect nothing.safetensors 2>&-", tmp_path)
    assert (failed.returncode, failed.stdout, failed.stderr) == (1, "", "")


def test_messages_reach_no_file_where_standard_error_is_closed(program: Path, model: Path, tmp_path: Path) -> None:
    expected = shell(f"seqnet predict {model} {READS} -o whole.tsv", tmp_path, program)
    assert expected.returncode == 0
    done = shell(f"seqnet predict {model} {READS} -o out.tsv <&- >&- 2>&-", tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "out.tsv").read_bytes() == (tmp_path / "whole.tsv").read_bytes()


@pytest.mark.parametrize("words", ["inspect M", "--help", "predict M READS"])
def test_standard_output_that_takes_nothing_is_one_line(words: str, program: Path, model: Path, tmp_path: Path) -> None:
    started = program if "predict" in words else PROGRAM
    command = "seqnet " + words.replace("M", str(model)).replace("READS", READS)
    for sent, problem in ((">&-", "it is closed"), ("> /dev/full", "no space left on device")):
        done = shell(f"{command} {sent}", tmp_path, started)
        assert done.returncode == 1
        assert done.stderr.startswith(f"seqnet: error: standard output: {problem}"), done.stderr
        assert done.stderr.count("\n") == 1


def test_data_are_utf8_whatever_the_terminal_holds(program: Path, model: Path, tmp_path: Path) -> None:
    expected = shell(f"seqnet predict {model} {READS}", tmp_path, program)
    assert "p_человек\tp_随机" in expected.stdout
    for encoding, words in (("latin-1", f"predict {model} {READS}"), ("ascii", f"inspect {model} --json")):
        done = shell(f"PYTHONIOENCODING={encoding} seqnet {words}", tmp_path)
        assert done.returncode == 0, done.stderr
        assert "человек" in done.stdout
        done = shell(f"PYTHONIOENCODING={encoding} seqnet inspect человек", tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert r"\u0447\u0435\u043b" in done.stderr


def on_terminal(program: Path, *words: str | Path, kind: str = "xterm") -> str:
    """Returns what a command writes to a terminal that is both of its outputs."""
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(TERM=kind, PYTHONPATH=str(ROOT))
        os.execv(program, [str(program), *map(str, words)])
    seen = b""
    try:
        while piece := os.read(terminal, 1 << 16):
            seen += piece
    except OSError:  # the end of a terminal
        pass
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    return seen.decode()


def screen(text: str) -> list[str]:
    """Returns the lines that a terminal shows at the end, without cleared lines."""
    lines, row, column = [""], 0, 0
    for part in re.findall(r"\x1b\[[?\d;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
        if part == "\r":
            column = 0
        elif part == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif part.startswith("\x1b["):
            count = int(part[2:-1]) if part[2:-1].isdecimal() else 1
            row -= count if part[-1] == "A" else 0
            lines[row] = "" if part == "\x1b[2K" else lines[row]
        else:
            lines[row] = lines[row].ljust(column)[:column] + part + lines[row][column + len(part) :]
            column += len(part)
    return [line for line in lines if line]


@pytest.mark.parametrize("kind", ["xterm", "dumb"])
def test_a_bar_shares_its_line_with_nothing(kind: str, program: Path, model: Path, tmp_path: Path) -> None:
    shown = on_terminal(program, "predict", model, READS, kind=kind)
    rows = shell(f"seqnet predict {model} {READS}", tmp_path, program).stdout.splitlines()
    assert screen(shown)[: len(rows)] == rows
    assert "\x1b" not in shown
    reported = on_terminal(program, "predict", model, READS, "-o", tmp_path / "out.tsv", kind=kind)
    assert ("\x1b[2K" in reported) == (kind == "xterm")
    assert all("predict" not in line for line in screen(reported))
    assert screen(reported)[-1].startswith("4,000 records: ")
    assert kind != "dumb" or "\n\n" not in reported.replace("\r", "")


def test_a_model_or_dataset_may_come_through_a_pipe(program: Path, model: Path, tmp_path: Path) -> None:
    expected = shell(f"seqnet predict {model} {READS}", tmp_path, program)
    for words in (f"predict <(cat {model}) {READS}", f"predict - {READS} < {model}"):
        done = shell(f"seqnet {words}", tmp_path, program)
        assert (done.returncode, done.stdout) == (0, expected.stdout), done.stderr
    done = shell(f"cat {model} | seqnet inspect /dev/stdin", tmp_path, program)
    assert done.stdout == shell(f"seqnet inspect {model}", tmp_path, program).stdout
    done = shell(f"seqnet encode --class a={READS} --class b=@uniform --limit 300 -o d.safetensors", tmp_path, program)
    assert done.returncode == 0, done.stderr
    tiny = "--network dense --set dense=[2] --set epochs=1 --threads 1"
    done = shell(f"seqnet train <(cat d.safetensors) {tiny} -o m.safetensors", tmp_path, program)
    assert done.returncode == 0, done.stderr
    # The dataset is read more than once, which is impossible for a pipe.
    made_of = open_bundle(tmp_path / "m.safetensors").provenance["dataset"]
    assert made_of["sha256"] == file_hash(tmp_path / "d.safetensors")
    done = shell("seqnet audit <(echo nonsense)", tmp_path, program)
    assert done.returncode == 1
    assert "this is not a seqnet dataset" in done.stderr
