"""Networks of different kinds, weighted by the validation split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seqnet.configs.run import RunConfig
from seqnet.datasets.dataset import Dataset
from seqnet.evaluation.metrics import measure
from seqnet.models.bundles import open_bundle, write_bundle
from seqnet.models.probabilities import bundle_probabilities
from seqnet.training import train_ensemble
from seqnet.training.ensemble import EnsembleResult
from seqnet.training.members import TrainingJob
from seqnet.training.results import result_lines
from tests.building import CPU, MOTIF, Recorder, make_dataset, planted, random_strings, run_config

TRAINING = {"epochs": 15, "batch_size": 32, "learning_rate": 0.01}
FREE = run_config(TRAINING, {"name": "cnn", "filters": [16], "kernels": [8], "pools": [1], "dense": [8]})
FLAT = run_config(
    TRAINING,
    {"name": "cnn", "filters": [8], "kernels": [8], "pools": [2], "dense": [16], "summary": ["flatten"]}
    | {"strands": "single"},
)


def anchored(counts: tuple[int, int, int] = (700, 300, 200), length: int = 24) -> Dataset:
    """Returns random DNA with one motif each: in signal always at the same place, in noise at any other place."""
    strings, labels = random_strings([length] * sum(counts)), []
    rng = np.random.default_rng(1)
    for index, text in enumerate(strings):
        labels.append(index % 2)
        at = 4 if index % 2 else int(rng.integers(5, length - len(MOTIF) + 1))
        strings[index] = text[:at] + MOTIF + text[at + len(MOTIF) :]
    splits = [split for split, count in zip(("train", "validation", "test"), counts, strict=True) for _ in range(count)]
    return make_dataset(strings, labels, splits)


def trained(dataset: Dataset, *kinds: RunConfig, count: int | None = None) -> EnsembleResult:
    checkpoints = (None,) * (count or len(kinds))
    return train_ensemble(TrainingJob(dataset, kinds[0], CPU, checkpoints, others=kinds[1:]), Recorder())


def auroc(result: EnsembleResult, dataset: Dataset) -> float:
    test = dataset.members("test")
    found = bundle_probabilities(result.bundle, dataset.tokens, test).probabilities
    return measure(dataset.labels[test].astype(np.int64), found, positive=1, names=("auroc",))["auroc"]


def test_a_motif_at_one_position_needs_the_network_with_positions(tmp_path: Path) -> None:
    dataset = anchored()
    result = trained(dataset, FREE, FLAT)
    assert result.weights[1] > 0.9
    assert auroc(result, dataset) > 0.97
    # The other one adds nothing, so the file does not have it.
    assert result.weights == (0, 1)
    assert [member.flattens for member in result.bundle.members] == [True]
    assert result.bundle.mixture == ()
    assert result.bundle.config.network == FLAT.network
    write_bundle(tmp_path / "m.safetensors", result.bundle)
    assert open_bundle(tmp_path / "m.safetensors").parameter_count == result.runs[1].bundle.parameter_count
    assert "network 2 (cnn) 1.00; left out: network 1 (cnn)" in "\n".join(result_lines(result))


def test_a_motif_anywhere_needs_the_network_that_forgets_places() -> None:
    dataset = planted((700, 300, 200))
    result = trained(dataset, FREE, FLAT)
    assert result.weights[0] > 0.9
    assert auroc(result, dataset) > 0.97


def test_each_kind_has_as_many_seeds(tmp_path: Path) -> None:
    short = [run_config({"epochs": 1, "seed": 5}, kind.network.to_dict()) for kind in (FREE, FLAT)]
    recorder = Recorder()
    job = TrainingJob(planted((60, 60, 0)), short[0], CPU, (None,) * 4, others=(short[1],))
    result = train_ensemble(job, recorder)
    assert [run.bundle.config.training.seed for run in result.runs] == [5, 6, 5, 6]
    assert [run.bundle.classifier.flattens for run in result.runs] == [False, False, True, True]
    assert "network 3 of 4, cnn, seed 5" in recorder.notes
    assert sum(result.weights) == pytest.approx(1)
    assert len(result.bundle.members) == sum(weight > 0 for weight in result.weights)


def test_metrics_are_those_of_the_networks_that_are_kept() -> None:
    result = trained(anchored((300, 150, 0)), FREE, FLAT)
    kept = [run for run, weight in zip(result.runs, result.weights, strict=True) if weight]
    for name, value in result.bundle.metrics.items():
        assert value == pytest.approx(np.mean([run.bundle.metrics[name] for run in kept]))


def test_without_validation_the_weights_are_equal() -> None:
    short = [run_config({"epochs": 1}, kind.network.to_dict()) for kind in (FREE, FLAT)]
    result = trained(planted((60, 0, 0)), *short)
    assert result.weights == (0.5, 0.5)
    assert [one.weight for one in result.bundle.mixture] == [0.5, 0.5]
