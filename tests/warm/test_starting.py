"""A warm process is as one that starts from nothing, as far as a command can see."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seqnet import __version__

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="on other systems, all processes start from nothing")

STATE = """
import json, os, signal, sys
mask = os.umask(0)
print(json.dumps({
    "words": sys.argv, "folder": os.getcwd(), "variables": dict(os.environ), "mask": mask, "files": sorted(
        number for number in map(int, os.listdir("/dev/fd")) if os.path.exists(f"/dev/fd/{number}")),
    "signals": [str(signal.getsignal(number)) for number in range(1, 32)],
    "streams": [stream is None for stream in (sys.stdin, sys.stdout, sys.stderr)],
}), flush=True)
"""


def test_the_program_is_run_with_its_exit_code(program: Path) -> None:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"seqnet {__version__}\n", "")
    wrong = subprocess.run([program, "nothing"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


def test_words_folder_variables_files_and_signals_are_those_of_a_start(program: Path, tmp_path: Path) -> None:
    found = []
    for python in (program, sys.executable):
        with open(tmp_path / "file", "w") as file:
            words = [python, "-c", STATE, "a b", "", "é"]
            done = subprocess.run(
                words, cwd=tmp_path, env={**os.environ, "TEST_OF": "é\n"}, stdin=subprocess.DEVNULL, umask=0o27,
                pass_fds=[file.fileno()], capture_output=True, text=True, check=True,
            )  # fmt: skip
        found.append(json.loads(done.stdout))
        for name in ("_", "OLDPWD", "PWD", "SHLVL"):  # of the shell
            found[-1]["variables"].pop(name, None)
    assert found[0] == found[1]


def test_closed_streams_are_closed(program: Path) -> None:
    code = "import os, sys; os.write(2, str([sys.stdin is None, sys.stdout is None]).encode())"
    done = subprocess.run(["sh", "-c", '"$@" <&- >&-', "sh", program, "-c", code], stderr=subprocess.PIPE, check=True)
    assert done.stderr == b"[True, True]"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_passed_on(program: Path, number: signal.Signals) -> None:
    code = "import time; print('begun', flush=True); time.sleep(100)"
    with subprocess.Popen([program, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(number)
    assert process.returncode == {signal.SIGINT: 1, signal.SIGTERM: -signal.SIGTERM}[number]


def test_it_ends_with_its_client(program: Path) -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(100)"
    with subprocess.Popen([program, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout
        number = int(process.stdout.readline())
        assert Path(f"/proc/{number}").exists()
        process.kill()
        assert process.stdout.read() == b""  # once nobody can write to it
    assert process.returncode == -signal.SIGKILL


def test_an_error_is_a_traceback(program: Path) -> None:
    done = subprocess.run([program, "-c", "raise ValueError('bad')"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.endswith("ValueError: bad\n")


def test_what_commands_import_in_a_way_of_their_own_is_not_loaded(program: Path) -> None:
    code = "import sys; print(*sys.modules)"
    done = subprocess.run([program, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "torch" in loaded
    assert not {"huggingface_hub", "optuna", "pandas", "pyarrow", "transformers"} & loaded
