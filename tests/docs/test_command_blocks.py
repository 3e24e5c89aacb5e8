"""Every command block of README.md and docs/ runs, in the order of its page, and prints what the page shows."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seqnet.cli.main import run
from tests.cli.running import ROOT
from tests.docs.command_blocks import Command, commands, mismatch
from tests.docs.page_inputs import page_folder

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    if any(commands(path.read_text(encoding="utf-8")))
)
NOT_RUN = {
    *("needs a network", "needs a GPU", "needs a cluster", "needs a container engine"),
    *("needs several processes", "needs several machines", "takes long", "installs"),
}
"""The reasons for which a block may not be run."""

BROKEN_PIPE = 141
"""Exit code of a command whose reader, such as head, has enough."""

FAILURE = re.compile(r"seqnet: (error|failed): ")
"""A line of output of a command that fails."""

SHELL = re.compile(r"[|<>&;$`*]|^(?!seqnet )")
"""Commands that need a shell; all others run in this process, which saves the imports."""


def page_commands(page: str) -> list[Command]:
    return list(commands((ROOT / page).read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.timeout(300)
def test_every_command_prints_what_the_page_shows(
    page: str, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(page_folder(page, tmp_path))
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setenv("PATH", f"{program.parent}:{Path(sys.executable).parent}:/usr/bin:/bin")
    same = True  # the weights of a training depend on the machine
    for command in page_commands(page):
        if command.why is None:
            same = same and "seqnet train" not in command.words
            code, out, err = executed(command.words, capfd.readouterr)
            expected = {1, 2} if any(FAILURE.match(line) for line in command.output) else {0, BROKEN_PIPE}
            assert code in expected, (command.words, err)
            found = mismatch(command.output, out.splitlines(), err.splitlines(), numbers=same)
            assert found is None, command.words


def executed(words: str, captured: Callable[[], tuple[str, str]]) -> tuple[int, str, str]:
    """Returns exit code, standard output and standard error of a line of a page."""
    if SHELL.search(words):
        done = subprocess.run(["bash", "-o", "pipefail", "-c", words], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr
    captured()
    sys.argv = shlex.split(words)  # what a log and the provenance of a file show
    code = run(sys.argv[1:])
    out, err = captured()
    return code, out, err


def test_blocks_that_are_not_run_have_a_reason() -> None:
    reasons = {command.why for page in PAGES for command in page_commands(page) if command.why}
    assert reasons <= NOT_RUN


def test_a_difference_is_noticed() -> None:
    assert mismatch(["a", "b"], ["a"], ["b"]) is None
    assert mismatch(["a", "…"], ["a", "c", "d"], ["b"]) is None
    assert mismatch(["…", "d 0.…"], ["a", "d 0.5"], []) is None
    assert mismatch([], ["a"], ["b"]) is None
    for wrong in (["a"], ["b", "c", "a"], ["x", "…"], ["…", "d"]):
        assert mismatch(wrong, ["a", "b"], ["c"]) is not None
    assert mismatch(["loss 0.5  1,000 s"], ["loss 0.25 9 s"], [], numbers=False) is None
    assert mismatch(["loss 0.5"], ["gain 0.5"], [], numbers=False) is not None
    assert mismatch(["loss 0.5"], ["loss 0.25"], []) is not None


def test_commands_of_a_page() -> None:
    text = "```console\n$ a \\\n  b\n1\n$ c\n```\n\n<!-- not run: needs a GPU -->\n```console\n$ d\n```\n"
    assert list(commands(text)) == [
        Command("a   b", ("1",), None), Command("c", (), None), Command("d", (), "needs a GPU"),
    ]  # fmt: skip
