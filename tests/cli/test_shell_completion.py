"""The Tab key, in real shells on a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seqnet.cli.shell_completion import SHELLS, complete_input, complete_setting, completion_script
from tests.cli.running import ROOT, Runner

_END = "+end+"
_PAGE = (ROOT / "docs" / "shell.md").read_text(encoding="utf-8")
_INSTALLATIONS = dict(re.findall(r"^\| (bash|zsh|fish)\b.*? \| `(.*)` \|$", _PAGE, re.MULTILINE))
"""Shell → the line of the documentation that installs completion."""


class Terminal:
    """A shell on a terminal, in a home folder with files and a `seqnet` that shows its arguments."""

    def __init__(self, shell: str, home: Path) -> None:
        self.name = shell
        (home / "bin").mkdir()
        program = home / "bin" / "seqnet"
        run = f'PYTHONPATH={ROOT} exec {sys.executable} -m seqnet "$@"'
        program.write_text(
            f'#!/bin/sh\nif [ "$_SEQNET_COMPLETE" ] || [ "$1" = completion ]; then {run}; fi\nprintf \'<%s>\' "$@"\n'
        )
        program.chmod(0o755)
        for name in ("human_reads.fa", "genome file.fa", "sample=1.fa"):
            (home / name).write_text(">a\nACGT\n")
        path = f"{home / 'bin'}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "TERM": "xterm", "HOME": str(home), "XDG_CONFIG_HOME": ""}
        installation = subprocess.run([shell, "-c", _INSTALLATIONS[shell]], env=environment, check=False)
        assert installation.returncode == 0
        self.pid, self._number = pty.fork()
        if not self.pid:
            os.chdir(home)
            os.execvpe(shell, [shell, "-i"], environment)
        self.send(f"stty -echo 2>/dev/null; echo ready{_END}\n", f"ready{_END}\r")

    def send(self, text: str, until: str, seconds: float = 60) -> str:
        """Types text and returns what the terminal shows until it shows this."""
        os.write(self._number, text.encode())
        shown, last = "", time.monotonic() + seconds
        while until not in shown and time.monotonic() < last:
            if select.select([self._number], [], [], 0.1)[0]:
                shown += os.read(self._number, 65536).decode(errors="replace")
        assert until in shown, shown
        return shown

    def completed(self, words: str, then: str = "") -> str:
        """Returns the words of a command line after the Tab key and more text, as the shell hands them to a program."""
        shown = self.send(f"seqnet {words}\t{then} {_END}\n", f"{_END}>")
        last: str = re.findall(r"((?:<[^<>]*>)+)", shown)[-1]
        return last.removesuffix(f"<{_END}>")


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    if not shutil.which(request.param):
        pytest.skip(f"there is no {request.param}")
    terminal = Terminal(request.param, tmp_path)
    yield terminal
    os.kill(terminal.pid, signal.SIGKILL)
    os.waitpid(terminal.pid, 0)


def offered(words: str, shell: str = "bash") -> list[str]:
    """Returns what is offered for the last of the words; bash has `=` as a word of its own."""
    parts = re.split(r" |(?<==)|(?==)", words) if shell == "bash" else words.split(" ")
    environment = {
        **os.environ,
        "_SEQNET_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "\n".join(parts) if shell == "bash" else words,
        "COMP_CWORD": parts[-1] if shell == "fish" else str(len(parts) - 1),
    }
    program = [sys.executable, "-m", "seqnet"]
    done = subprocess.run(program, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_commands_options_choices_and_presets() -> None:
    assert offered("seqnet tr") == ["plain,train"]
    assert offered("seqnet train --pre") == ["plain,--preset"]
    assert offered("seqnet train --preset dna-c") == ["plain,dna-cnn"]
    assert offered("seqnet predict m r --precision=bf") == ["plain,bfloat16"]


def test_other_shells_get_help_with_each_word() -> None:
    assert offered("seqnet tr", "zsh") == ["plain", "train", "Train a network on a dataset."]
    assert offered("seqnet tr", "fish") == ["plain,train\tTrain a network on a dataset."]
    assert offered("seqnet inspect hu", "fish") == ["plain,human-dna-fast", "plain,human-dna", "file,hu"]


def test_settings_and_their_values() -> None:
    assert [one.value for one in complete_setting("ep")] == ["epochs=", "epoch_size="]
    assert [one.value for one in complete_setting("optimizer=a")] == ["optimizer=adam", "optimizer=adamw"]
    assert [one.value for one in complete_setting("training.opt")] == ["training.optimizer="]
    assert "network." in [one.value for one in complete_setting("net")]
    assert complete_setting("epochs=") == complete_setting("nonsense=") == []
    assert "training.optimizer=" not in [one.value for one in complete_setting("")]


def test_inputs_are_files_and_the_names_that_stand_for_them() -> None:
    kinds = {"container": "hu", "class": "a=@uni", "split": "a=re", "text": "re"}
    found = {form: [(one.type, one.value) for one in complete_input(form, text)] for form, text in kinds.items()}
    assert found == {
        "container": [("plain", "human-dna-fast"), ("plain", "human-dna"), ("file", "hu")],
        "class": [("plain", "a=@uniform")],
        "split": [("file", "re")],
        "text": [("file", "re")],
    }


def test_completion_loads_nothing_large() -> None:
    code = (
        "import os, sys; os.environ |= {'_SEQNET_COMPLETE': 'bash_complete', 'COMP_CWORD': '3', 'COMP_WORDS': "
        "'seqnet\\ntrain\\n--set\\nep'}; from seqnet.cli.main import run; run([]); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    first, second, modules = done.stdout.splitlines()
    assert (first, second) == ("plain,epochs=", "plain,epoch_size=")
    assert not {"torch", "numpy", "pyarrow", "rich"} & set(modules.split())


def test_the_tab_key_on_a_terminal(shell: Terminal, tmp_path: Path) -> None:
    home = tmp_path
    assert shell.completed("insp") == "<inspect>"
    assert shell.completed("train --set epochs") == "<train><--set><epochs=>"
    assert shell.completed("train --set epochs", "3") == "<train><--set><epochs=3>"
    assert shell.completed("train --set netw", "dropout=0") == "<train><--set><network.dropout=0>"
    assert shell.completed("train --set optimizer=adamw") == "<train><--set><optimizer=adamw>"
    assert shell.completed("inspect solu") == "<inspect><solubility>"
    assert shell.completed("predict solubility human_") == "<predict><solubility><human_reads.fa>"
    assert shell.completed("encode --class a=genome") == "<encode><--class><a=genome file.fa>"
    assert shell.completed("encode --class a=genome", " b") == "<encode><--class><a=genome file.fa><b>"
    if shell.name != "bash":
        assert shell.completed("encode --class 'a=genome") == "<encode><--class><a=genome file.fa>"
        assert shell.completed("encode sample=1", " b") == "<encode><sample=1.fa><b>"
    assert shell.completed("encode ~/human_", " b") == f"<encode><{home / 'human_reads.fa'}><b>"
    assert shell.completed("predict m r --precision=bf", " b") == "<predict><m><r><--precision=bfloat16><b>"
    assert shell.completed("train --set=optimizer=adamw", " b") == "<train><--set=optimizer=adamw><b>"
    assert shell.completed("encode human_", "b.fa") == "<encode><human_reads.fa><b.fa>"
    assert shell.completed("encode --class a=@dinuc") == "<encode><--class><a=@dinucleotide>"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_script_of_other_shells_is_valid(tmp_path: Path, shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell}")
    (tmp_path / "script").write_text(completion_script(shell))
    assert subprocess.run([shell, "-n", str(tmp_path / "script")], capture_output=True, check=True).stderr == b""


def test_the_command_prints_the_script(cli: Runner) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert cli("completion", shell).out == completion_script(shell)
    outcome = cli("completion", "csh")
    assert outcome.code == 2
    assert "'csh' is not one of 'bash', 'zsh', 'fish'" in outcome.err
