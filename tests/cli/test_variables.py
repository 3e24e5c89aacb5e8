"""Defaults of options from environment variables."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from seqnet.cli.main import command_group
from seqnet.cli.variables import variables_of
from tests.cli.running import READS, Runner


def variables(command: str) -> dict[str, list[str]]:
    found = command_group().get_command(click.Context(command_group()), command)
    assert found is not None
    options = [one for one in found.params if isinstance(one, click.Option)]
    return {max(one.opts, key=len): variables_of(command, one) for one in options}


def test_the_name_is_that_of_the_command_and_the_option() -> None:
    found = variables("predict")
    assert found["--format"] == ["SEQNET_PREDICT_FORMAT"]
    assert found["--output-dir"] == ["SEQNET_PREDICT_OUTPUT_DIR"]
    assert found["--threads"] == ["SEQNET_PREDICT_THREADS", "SEQNET_THREADS"]
    assert found["--help-all"] == []


def test_the_command_line_comes_before_its_variable_and_that_before_the_general_one(
    cli: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("predict", "human-dna", READS, "--verbose")
    assert "using the CPU, 1 thread\n" in cli(*words, "--threads", "1").err
    monkeypatch.setenv("SEQNET_THREADS", "2")
    assert "using the CPU, 2 threads\n" in cli(*words).err
    monkeypatch.setenv("SEQNET_PREDICT_THREADS", "3")
    monkeypatch.setenv("SEQNET_PREDICT_FORMAT", "jsonl")
    outcome = cli(*words)
    assert "using the CPU, 3 threads\n" in outcome.err
    assert "label" in json.loads(outcome.out.splitlines()[0])
    assert "using the CPU, 1 thread\n" in cli(*words, "--threads", "1").err
    monkeypatch.setenv("SEQNET_PREDICT_THREADS", "")  # counts as not set
    assert "using the CPU, 2 threads\n" in cli(*words).err


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("SEQNET_PREDICT_THREADS", "many", "invalid value for '--threads': 'many' is not a valid integer"),
        ("SEQNET_THREADS", "0", "invalid value for '--threads': 0 is not in the range x>=1"),
        ("SEQNET_PREDICT_FORCE", "perhaps", "invalid value for '--force': 'perhaps' is not a valid boolean"),
        ("SEQNET_PREDICT_UNKNOWN", "ignore", "invalid value for '--unknown'"),
        ("SEQNET_PREDICT_MAX_ERROR", "2", "--max-error must be "),
        ("SEQNET_PREDICT_OUTPUT", "/nowhere/x.tsv", "/nowhere/x.tsv: "),
        ("SEQNET_LOG_FILE", "/nowhere/x.log", "/nowhere/x.log: "),
    ],
)
def test_an_error_names_the_variable(
    cli: Runner, monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    monkeypatch.setenv(name, value)
    outcome = cli("predict", "human-dna", READS)
    assert outcome.code in (1, 2)
    assert outcome.err.startswith(f"seqnet: error: {line}")
    assert f"is set by the environment variable {name}" in outcome.err
    assert outcome.err.count("\n") == 1


def test_an_error_about_another_option_names_no_variable(cli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQNET_THREADS", "2")
    outcome = cli("predict", "human-dna", READS, "--max-error", "2")
    assert "--max-error must be" in outcome.err
    assert "environment variable" not in outcome.err


def test_a_variable_of_no_option_is_a_warning(cli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQNET_INSPECT_JOSN", "1")
    monkeypatch.setenv("SEQNET_TRAIN_TREADS", "1")
    assert cli("inspect", "human-dna", "--quiet").err == (
        "seqnet: warning: SEQNET_INSPECT_JOSN is set, but seqnet inspect has no such option; did you mean "
        "SEQNET_INSPECT_JSON?\n"
    )


def test_several_values_are_separated_by_blanks(cli: Runner, monkeypatch: pytest.MonkeyPatch, trained: Path) -> None:
    monkeypatch.setenv("SEQNET_TRAIN_SET", "epochs=1 nonsense=2")
    outcome = cli("train", trained / "reads.safetensors", "--network", "dense", "-o", trained / "never.safetensors")
    assert outcome.code == 1
    assert "there is no setting nonsense" in outcome.err


def test_the_provenance_has_the_variables(cli: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    target = tmp_path / "d.safetensors"
    monkeypatch.setenv("SEQNET_ENCODE_SPLIT", "60/20/20")
    assert cli("encode", "--class", f"a={READS}", "--class", "b=@uniform", "-o", target).code == 0
    assert json.loads(cli("inspect", target, "--json").out)["provenance"]["command"].startswith(
        "SEQNET_ENCODE_SPLIT=60/20/20 seqnet"
    )
