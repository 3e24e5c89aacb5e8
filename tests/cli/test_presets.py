"""Every preset trains, through the command line, on a few records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seqnet.configs.run import preset_names
from tests.cli.running import PROTEINS, READS, Runner, run_all


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a few reads and a few proteins as datasets."""
    folder = tmp_path_factory.mktemp("few")
    few = ("--limit", "40", "--split", "60/20/20")
    run_all(
        ("encode", "--class", f"x={READS}", "--class", "y=@uniform", *few, "-o", folder / "dna.safetensors"),
        ("encode", PROTEINS, "--label-regex", r"label=(\S+)", *few, "-o", folder / "protein.safetensors"),
    )
    return folder


@pytest.mark.parametrize("preset", preset_names())
def test_a_preset_trains(preset: str, few: Path, tmp_path: Path, cli: Runner) -> None:
    kind = "protein" if preset.startswith(("solubility", "protein", "deepsol")) else "dna"
    model = tmp_path / "m.safetensors"
    words = ("train", few / f"{kind}.safetensors", "--preset", preset, "--set", "epochs=1", "--threads", "1")
    outcome = cli(*words, "-o", model)
    assert outcome.code == 0, outcome.err
    assert "kept epoch 1" in outcome.err
    found = json.loads(cli("inspect", model, "--json").out)
    assert found["metrics"]["validation_loss"] < 5
    assert found["provenance"]["preset"] == preset
