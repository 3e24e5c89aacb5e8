"""Training with a frozen language model."""

from __future__ import annotations

import dataclasses
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqnet.core.errors import ContainerError, SettingError
from seqnet.datasets.dataset import Dataset
from seqnet.models.bundles import open_bundle, write_bundle
from seqnet.models.probabilities import class_probabilities
from seqnet.nn.networks import Classifier
from seqnet.nn.plm.model import LanguageModel
from seqnet.training.ensemble import calibrated, train_ensemble
from seqnet.training.members import TrainingJob, validation_probabilities
from tests.building import CPU, Recorder, fit, make_dataset, planted, random_strings, run_config, same_weights
from tests.nn.plm.models import save_model, shared_model

NETWORKS: dict[str, dict[str, Any]] = {
    "cnn": {"name": "cnn", "filters": [6], "kernels": [3], "pools": [1], "summary": ["mean", "max"], "dense": [5]},
    "hybrid": {"name": "hybrid", "filters": [4], "kernels": [3], "pools": [1], "units": 3},
    "recurrent": {"name": "recurrent", "units": 3},
    "dense": {"name": "dense", "dense": [5]},
}


@pytest.fixture(scope="module")
def proteins() -> Dataset:
    """Random proteins, those with the motif in class 1."""
    strings = random_strings([20, 12, 31, 25] * 20, "ACDEFGHIKLMNPQRSTVWY")
    strings = [f"{one[:5]}WCWCW{one[10:]}" if index % 2 else one for index, one in enumerate(strings)]
    splits = ["train"] * 56 + ["validation"] * 16 + ["test"] * 8
    return make_dataset(strings, [index % 2 for index in range(80)], splits, name="protein")


def plm(cache: Path | None = None, model: Path | None = None) -> dict[str, Any]:
    return {"name": "plm", "model": str(model or shared_model()), "cache": str(cache or "none")}


def embeddings(folder: Path) -> int:
    return len(list(folder.rglob("*.f32")))


@pytest.mark.parametrize("network", list(NETWORKS))
def test_networks_learn_from_the_states(proteins: Dataset, network: str, tmp_path: Path) -> None:
    training = {"epochs": 20, "learning_rate": 0.02}
    result = fit(proteins, run_config(training, NETWORKS[network], plm(tmp_path)))
    assert result.rows[-1].train_loss < 0.7 * result.rows[0].train_loss
    names = [name for name, _ in result.bundle.classifier.named_parameters()]
    assert names
    assert all(name.startswith("network.") for name in names)


def test_the_cache_changes_no_bit_and_holds_what_training_sees(proteins: Dataset, tmp_path: Path) -> None:
    reported = Recorder()
    network = NETWORKS["cnn"]
    cached = fit(proteins, run_config(network=network, encoder=plm(tmp_path)), reported)
    assert embeddings(tmp_path) == 72
    assert any("0 are stored, 72 are computed" in note for note in reported.notes)
    plain = fit(proteins, run_config(network=network, encoder=plm()))
    again = fit(proteins, run_config(network=network, encoder=plm(tmp_path)))
    assert same_weights(cached, plain)
    assert same_weights(cached, again)
    assert [row.validation_loss for row in cached.rows] == [row.validation_loss for row in plain.rows]


@pytest.mark.parametrize("augmentation", [{"shift": 2}, {"mutation_rate": 0.1}, {"fresh_shuffles": ["signal"]}])
def test_sequences_that_change_do_not_fill_the_disk(
    proteins: Dataset, tmp_path: Path, augmentation: dict[str, Any]
) -> None:
    reported = Recorder()
    fit(proteins, run_config({"epochs": 2}, NETWORKS["cnn"], plm(tmp_path), augmentation), reported)
    assert embeddings(tmp_path) == 16
    assert "training changes the sequences in every epoch, so the language model runs in every epoch" in reported.notes


def test_sequences_beyond_the_window_are_not_embedded_ahead(proteins: Dataset, tmp_path: Path) -> None:
    network = NETWORKS["cnn"] | {"window": 24}
    fit(proteins, run_config({"epochs": 1}, network, plm(tmp_path)))
    members = np.concatenate([proteins.members("train"), proteins.members("validation")])
    assert embeddings(tmp_path) == (proteins.tokens.lengths[members] <= 24).sum() > 0


def test_the_bundle_has_the_name_and_the_hash_and_not_the_model(proteins: Dataset, tmp_path: Path) -> None:
    folder = save_model(tmp_path / "esm")
    result = fit(proteins, run_config({"epochs": 1}, NETWORKS["cnn"], plm(tmp_path / "cache", folder)))
    write_bundle(tmp_path / "model.safetensors", result.bundle)
    opened = open_bundle(tmp_path / "model.safetensors")
    opened.prepare(print, [str(folder)])
    assert opened.config.encoder.model == str(folder)
    assert len(opened.config.encoder.sha256) == 64
    assert opened.parameter_count == result.bundle.parameter_count == (8 * 3 * 6 + 6) + (12 * 5 + 5) + (5 * 2 + 2)
    indices = proteins.members("test")
    found, expected = (class_probabilities(one.classifier, proteins.tokens, indices) for one in (opened, result.bundle))
    np.testing.assert_array_equal(found, expected)
    assert np.ptp(found[:, 0]) > 0


def test_a_run_continues_with_the_same_model_only(proteins: Dataset, tmp_path: Path) -> None:
    folder = save_model(tmp_path / "esm")
    checkpoint = tmp_path / "checkpoint"

    def run(epochs: int, cache: str, **options: Any) -> Any:
        encoder = plm(tmp_path / cache, folder)
        return fit(proteins, run_config({"epochs": epochs}, NETWORKS["cnn"], encoder), **options)

    unbroken = run(3, "one")
    stopped = fit(
        proteins,
        run_config({"epochs": 3}, NETWORKS["cnn"], plm(tmp_path / "one", folder)),
        Recorder(stop_at_epoch=2),
        checkpoint=checkpoint,
    )
    assert stopped.interruption is not None
    assert same_weights(run(3, "another", checkpoint=checkpoint, resume=True), unbroken)
    save_model(folder, seed=3)
    with pytest.raises(ContainerError, match=r"the checkpoint has encoder\.sha256 = "):
        run(4, "one", checkpoint=checkpoint, resume=True)


def test_dna_is_refused_before_anything_is_looked_for() -> None:
    with pytest.raises(SettingError, match=r"encoder\.name plm needs protein sequences, not dna"):
        fit(planted(), run_config(encoder={"name": "plm", "model": "no/where"}))


@pytest.mark.parametrize(("members", "epochs"), [(1, 3), (2, 2)])
def test_calibration_runs_the_language_model_no_more_than_it_must(
    proteins: Dataset, tmp_path: Path, members: int, epochs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded: Counter[bytes] = Counter()
    embed = LanguageModel.embed

    def counted(self: LanguageModel, tokens: NDArray[np.uint8], device: torch.device) -> Tensor:
        embedded[tokens.tobytes()] += 1
        return embed(self, tokens, device)

    monkeypatch.setattr(LanguageModel, "embed", counted)
    config = run_config({"epochs": epochs}, NETWORKS["cnn"], plm())
    checkpoints = tuple(tmp_path / f"{index}" for index in range(members))
    result = train_ensemble(TrainingJob(proteins, config, CPU, checkpoints), Recorder())
    assert result.bundle.calibration.quality
    # Once after each epoch, and once more if a lower precision is measured.
    times = members * (epochs + len(result.bundle.calibration.changed))
    validation = Counter(proteins.tokens[index] for index in proteins.members("validation"))
    assert {text: embedded[text] for text in validation} == {text: times * count for text, count in validation.items()}


def test_calibration_uses_the_probabilities_of_the_kept_weights(proteins: Dataset, tmp_path: Path) -> None:
    config = run_config({"epochs": 3, "schedule": "constant"}, NETWORKS["cnn"], plm(tmp_path / "cache"))
    job = TrainingJob(proteins, config, CPU, (tmp_path / "c",), optimize="mcc", dataset_hash="d")
    whole = train_ensemble(job, Recorder())
    members = proteins.members("validation")
    said = class_probabilities(whole.bundle.classifier, proteins.tokens, members)
    assert whole.runs[0].validation is not None
    np.testing.assert_array_equal(whole.runs[0].validation, said)
    # A completed run that is resumed has no stored probabilities, so they are computed again.
    resumed = train_ensemble(dataclasses.replace(job, resume=True), Recorder())
    assert resumed.runs[0].validation is None
    assert resumed.bundle.calibration == whole.bundle.calibration


def test_a_model_is_calibrated_where_it_was_trained(proteins: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    # Another name for the CPU, because the other available device has no numbers.
    elsewhere = torch.device("cpu", 0)
    moves: list[torch.device] = []
    run = fit(proteins, run_config({"epochs": 1}, NETWORKS["cnn"], plm()))
    move = torch.nn.Module.to

    def moved(self: torch.nn.Module, *words: Any, **options: Any) -> torch.nn.Module:
        if isinstance(self, Classifier):
            moves.append(words[0])
        return move(self, *words, **options)

    monkeypatch.setattr(Classifier, "to", moved)

    def changed(*words: Any) -> dict[str, float]:
        moves.append(torch.device("meta"))
        return {}

    monkeypatch.setattr("seqnet.training.ensemble.changed_labels", changed)
    again = dataclasses.replace(run, validation=None)
    score = partial(validation_probabilities, again, proteins, elsewhere)
    calibrated(run.bundle, score, proteins, None, Recorder(), elsewhere)
    assert moves == [elsewhere, elsewhere, torch.device("meta"), torch.device("cpu")]
