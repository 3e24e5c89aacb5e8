"""--json: one JSON value on standard output, and the messages on standard error as ever."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from seqnet.datasets.sources import SOURCES
from tests.cli.running import READS, Runner


@pytest.fixture
def values(cli: Runner) -> Any:
    def call(*words: str | Path) -> Any:
        outcome = cli(*words, "--json")
        assert outcome.code == 0, outcome.err
        return json.loads(outcome.out)

    return call


def test_encode_counts_the_records(values: Any, tmp_path: Path) -> None:
    target = tmp_path / "d.safetensors"
    found = values("encode", "--class", f"human={READS}", "--class", "random=@uniform:1000", "-o", target)
    assert found["dataset"] == str(target)
    assert {name: sum(splits.values()) for name, splits in found["counts"].items()} == {"human": 4000, "random": 1000}
    assert list(found["counts"]["human"]) == ["train", "validation", "test"]
    assert (found["alphabet"], found["positive"]) == ("dna", "human")
    assert found["length_quantiles"]["0.5"] == 36
    assert isinstance(found["warnings"], list)


def test_train_reports_the_kept_epoch(values: Any, trained: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.safetensors"
    words = ("train", trained / "reads.safetensors", "--preset", "dna-cnn", "--set", "epochs=1", "--threads", "1")
    found = values(*words, "-o", model)
    (network,) = found["networks"]
    assert found["model"] == str(model)
    assert (network["kept_epoch"], network["epochs"]) == (1, 1)
    assert 0 < network["validation"]["loss"] < 2
    assert found["settings"]["training"]["epochs"] == 1
    assert str(model) in found["files"]
    assert found["interrupted"] is False
    assert values(*words, "-o", model, "--resume")["networks"] == found["networks"]


def test_evaluate_prints_what_metrics_json_has(values: Any, trained: Path, tmp_path: Path) -> None:
    words = ("evaluate", trained / "dna.safetensors", trained / "reads.safetensors", "--replicates", "0")
    found = values(*words, "-o", tmp_path / "eval")
    assert found == json.loads((tmp_path / "eval" / "metrics.json").read_text())


def test_download_lists_the_sources(values: Any) -> None:
    found = values("download", "list")
    assert [source["name"] for source in found] == list(SOURCES)
    assert all(source["licence"] for source in found)


def test_download_names_the_file(values: Any, tmp_path: Path) -> None:
    digest = hashlib.sha256(Path(READS).read_bytes()).hexdigest()
    (found,) = values("download", "human-reads", "--from-file", READS, "--sha256", digest, "-o", tmp_path / "out")
    assert Path(found["path"]).read_bytes() == Path(READS).read_bytes()
    assert (found["name"], found["sha256"]) == ("human-reads", digest)


def test_tune_reports_the_best_trial(values: Any, trained: Path, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    space = tmp_path / "space.toml"
    space.write_text("[training]\nlearning_rate = { low = 1e-4, high = 1e-2, log = true }\n")
    words = ("tune", trained / "reads.safetensors", "--space", space, "--preset", "dna-cnn", "--set", "epochs=1")
    found = values(*words, "--trials", "1", "--threads", "1", "-o", tmp_path / "best.toml")
    assert found["trials"] == {"complete": 1, "pruned": 0, "refused": 0, "failed": 0}
    assert found["best"]["number"] == 1
    assert 1e-4 <= found["best"]["settings"]["training.learning_rate"] <= 1e-2
    assert found["files"][0] == str(tmp_path / "best.toml")
