"""Runs commands in this process and returns their output."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.cli.main import run
from tests.cli.running import PROTEINS, READS, Outcome, Runner


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Runner:
    def call(*words: str | Path) -> Outcome:
        capfd.readouterr()
        code = run([str(word) for word in words])
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with datasets of the embedded reads and proteins, and a small model of each."""
    folder = tmp_path_factory.mktemp("trained")
    steps: list[list[str]] = [
        ["encode", "--class", f"human={READS}", "--class", "random=@uniform", "--group-by", r"^sim:(\d*)\d{4}:",
         "-o", f"{folder}/reads.safetensors"],
        ["encode", PROTEINS, "--label-regex", r"label=(\S+)", "-o", f"{folder}/proteins.safetensors"],
        ["train", f"{folder}/reads.safetensors", "--preset", "dna-cnn", "--set", "epochs=2", "--threads", "1",
         "-o", f"{folder}/dna.safetensors"],
        ["train", f"{folder}/proteins.safetensors", "--preset", "solubility-cnn", "--set", "epochs=1",
         "--set", "batch_size=64", "--threads", "1", "-o", f"{folder}/protein.safetensors"],
    ]  # fmt: skip
    for words in steps:
        assert run(words) == 0
    return folder
