from __future__ import annotations

import subprocess
import sys

from seqnet import __version__
from seqnet.cli.main import COMMANDS
from tests.cli.running import Runner


def test_help_lists_every_command_with_its_line(cli: Runner) -> None:
    outcome = cli("--help")
    assert outcome.code == 0
    for name, line in COMMANDS.items():
        assert f"  {name}" in outcome.out
        assert line.rstrip(".") in outcome.out


def test_version(cli: Runner) -> None:
    assert cli("--version").out == f"seqnet {__version__}\n"


def test_every_command_has_help_that_starts_with_its_line(cli: Runner) -> None:
    for name, line in COMMANDS.items():
        outcome = cli(name, "--help")
        assert outcome.code == 0
        assert line.rstrip(".") in outcome.out


def test_wrong_usage_is_exit_code_2(cli: Runner) -> None:
    for words, wrong, where in (
        (("train",), "--output", "seqnet train"),
        (("train", "x", "--preset", "nonsense", "-o", "y"), "'nonsense' is not one of 'deep-cnn', ", "seqnet train"),
        (("predict", "m", "x", "-o"), "option '-o' requires an argument", "seqnet predict"),
        (("nonsense",), "nonsense", "seqnet"),
        (("--nonsense",), "--nonsense", "seqnet"),
        (("predict", "m", "x", "--treads", "1"), "id you mean", "seqnet predict"),
    ):
        outcome = cli(*words)
        assert outcome.code == 2, words
        assert outcome.err.startswith("seqnet: error: "), outcome.err
        assert outcome.err.endswith(f" see {where} --help\n"), outcome.err
        assert wrong in outcome.err
        assert outcome.err.count("\n") == 1


def test_debug_shows_the_traceback_of_an_input_error(cli: Runner) -> None:
    import pytest

    with pytest.raises(FileNotFoundError):
        cli("--debug", "train", "nowhere.safetensors", "-o", "model.safetensors")


def test_the_package_runs_as_the_command_does() -> None:
    words = [sys.executable, "-m", "seqnet", "--version"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == f"seqnet {__version__}\n"
