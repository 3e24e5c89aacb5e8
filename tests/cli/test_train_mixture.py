"""`train` without a network, on DNA that several kinds of networks are mixed for."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from seqnet.core.containers import read_container
from tests.building import planted, saved
from tests.cli.running import Runner

FAST = ("--threads", "1", "--set", "epochs=2", "--set", "batch_size=64", "--set", "baseline_records=0", "--no-audit")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mixture") / "d.safetensors"
    saved(planted((240, 80, 40), 60), path)
    return path


def tensors(path: Path) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in read_container(path, ["model"], "").tensors.items()}


def test_the_model_is_a_mixture_and_every_command_takes_it(data: Path, tmp_path: Path, cli: Runner) -> None:
    model = tmp_path / "m.safetensors"
    outcome = cli("train", data, *FAST, "-o", model, "--report", tmp_path / "m.html")
    assert outcome.code == 0, outcome.err
    assert "chosen settings: a mixture of the presets dna-kmers (" in outcome.err
    kinds = ("kmers", "cnn", *["parallel"] * 4, "hybrid")
    for number, kind in enumerate(kinds, 1):
        assert f"network {number} of 7, {kind}, seed 1" in outcome.err
    assert "weights, fitted to the validation split: " in outcome.err
    assert [path.name for path in sorted(tmp_path.glob("*.checkpoint.*"))] == [
        f"m.{number}.checkpoint.safetensors" for number in range(1, 8)
    ]
    found = json.loads(cli("inspect", model, "--json").out)
    assert found["provenance"]["presets"] == [
        "dna-kmers",
        "dna-positions",
        "dna-parallel",
        "dna-parallel-norm",
        "dna-parallel-3",
        "dna-parallel-3-norm",
        "dna-deep-hybrid",
    ]
    assert sum(found["provenance"]["weights"]) == pytest.approx(1)
    kept = [weight for weight in found["provenance"]["weights"] if weight]
    assert [one["weight"] for one in found["mixture"] or [{"weight": 1}]] == kept
    (tmp_path / "x.fa").write_text(">a\n" + "ACGTTGCA" * 7 + "\n>long\n" + "ACGTTGCA" * 20 + "\n>short\nACGT\n")
    rows = cli("predict", model, tmp_path / "x.fa").out.splitlines()
    assert [row.split("\t")[0] for row in rows[1:]] == ["a", "long", "short"]
    assert cli("evaluate", model, data, "-o", tmp_path / "e.json").code == 0
    assert cli("explain", model, tmp_path / "x.fa", "-o", tmp_path / "x.tsv").code == 0
    assert "Network 2: preset" in (tmp_path / "m.html").read_text() or len(kept) == 1
    again = cli("train", data, *FAST, "--from", model, "-o", tmp_path / "again.safetensors")
    assert again.code == 0, again.err
    assert "a mixture of " in again.err or len(kept) == 1
    frozen = cli("train", data, *FAST, "--from", model, "--freeze", "-o", tmp_path / "frozen.safetensors")
    assert frozen.code == 0, frozen.err
    about = json.loads(cli("inspect", tmp_path / "frozen.safetensors", "--json").out)
    # Each network starts from its own, in the order of the model.
    used = [index for index, weight in enumerate(about["provenance"].get("weights", [1])) if weight]
    ours, theirs = tensors(tmp_path / "frozen.safetensors"), tensors(model)
    for place, index in enumerate(used):
        names = [name for name in theirs if name.startswith(f"{index:03}.") and ".head." not in name]
        assert names or about["mixture"][place]["network"] == "kmers"  # which is a head alone
        assert all(ours[f"{place:03}{name[3:]}"] == theirs[name] for name in names)
    folds = cli("train", data, *FAST, "--from", model, "--folds", "3", "-o", tmp_path / "f.safetensors")
    assert folds.code == (1 if len(kept) > 1 else 0)
    assert len(kept) == 1 or "is a mixture of networks" in folds.err


def test_settings_of_a_network_make_it_one_network(data: Path, tmp_path: Path, cli: Runner) -> None:
    for index, words in enumerate((("--set", "network.units=8"), ("--preset", "dna-parallel"))):
        model = tmp_path / f"{index}.safetensors"
        outcome = cli("train", data, *FAST, *words, "-o", model)
        assert outcome.code == 0, outcome.err
        assert "mixture" not in outcome.err
        assert (tmp_path / f"{index}.checkpoint.safetensors").exists()


def test_folds_have_one_network_each_with_a_message(data: Path, tmp_path: Path, cli: Runner) -> None:
    outcome = cli("train", data, *FAST, "--set", "epochs=1", "--folds", "3", "-o", tmp_path / "m.safetensors")
    assert outcome.code == 0, outcome.err
    assert "each fold has one network; without --folds, networks of several kinds are trained" in outcome.err
    assert "preset dna-deep-hybrid" in outcome.err


def test_time(data: Path, tmp_path: Path, cli: Runner) -> None:
    outcome = cli("train", data, *FAST, "--time", "0.01s", "-o", tmp_path / "m.safetensors")
    assert outcome.code == 0, outcome.err
    assert "the time limit allowed 1 epoch, not 2" in outcome.err
    assert "the time limit is reached; left out: 6 networks" in outcome.err
    assert outcome.err.endswith("m.curves.svg, m.1.checkpoint.safetensors\n")
    assert json.loads(cli("inspect", tmp_path / "m.safetensors", "--json").out)["members"] == 1
    wrong = cli("train", data, "--time", "10", "-o", tmp_path / "n.safetensors")
    assert wrong.code == 2
    assert "'10' is not a duration; use a number and a unit, such as 90s, 10m or 2h" in wrong.err
    both = cli("train", data, "--time", "1m", "--folds", "3", "-o", tmp_path / "n.safetensors")
    assert both.code == 2
    assert "--folds and --time can't be combined" in both.err


def test_a_killed_run_is_resumed_bit_for_bit(program: Path, data: Path, tmp_path: Path, cli: Runner) -> None:
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    assert cli("train", data, *FAST, "-o", whole).code == 0
    process = subprocess.Popen([program, "train", data, *FAST, "-o", parts], stderr=subprocess.PIPE)
    second = tmp_path / "parts.2.checkpoint.safetensors"
    deadline = time.monotonic() + 100
    while not second.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert second.exists()
    resumed = cli("train", data, *FAST, "--resume", "-o", parts)
    assert resumed.code == 0, resumed.err
    assert tensors(parts) == tensors(whole)
    same = cli("train", data, *FAST, "--resume", "-o", parts)
    assert "nothing to do" in same.err
