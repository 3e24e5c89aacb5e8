from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from seqnet.configs.run import RunConfig
from seqnet.core.errors import ContainerError
from seqnet.models.bundles import write_bundle
from seqnet.training.fit import TrainingResult
from tests.building import SMALL_NETWORK, Recorder, fit, make_bundle, planted, run_config
from tests.rewriting import rewrite

OPTIONS: Mapping[str, Any] = {"identity": "abc"}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A run that was stopped after two epochs."""
    path = tmp_path / "checkpoint.safetensors"
    fit(planted((16, 8, 0)), run_config(), Recorder(stop_at_epoch=2), checkpoint=path, **OPTIONS)
    return path


def resume(path: Path, config: RunConfig | None = None, **options: Any) -> TrainingResult:
    return fit(planted((16, 8, 0)), config or run_config(), checkpoint=path, resume=True, **{**OPTIONS, **options})


def test_it_is_written_whole_and_the_same_every_time(checkpoint: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    fit(planted((16, 8, 0)), run_config(), Recorder(stop_at_epoch=2), checkpoint=other, **OPTIONS)
    assert checkpoint.read_bytes() == other.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.safetensors", "other.safetensors"]


def test_a_run_continues_from_it(checkpoint: Path) -> None:
    assert len(resume(checkpoint).rows) == 3


def test_another_dataset_is_refused(checkpoint: Path) -> None:
    with pytest.raises(
        ContainerError, match="the checkpoint was made with another dataset; start again without --resume"
    ):
        resume(checkpoint, identity="abd")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (run_config({"learning_rate": 0.5}), r"training\.learning_rate = 0\.001, this run has 0\.5"),
        (run_config({"seed": 2}), r"training\.seed = 1, this run has 2"),
        (run_config(network={**SMALL_NETWORK, "dense": [6]}), r"network\.dense = \[5\], this run has \[6\]"),
        (run_config(encoder={"name": "kmer"}), r"encoder\.name = 'onehot', this run has 'kmer'"),
        (run_config(augmentation={"shift": 1}), r"augmentation\.shift = 0, this run has 1"),
        (run_config(network={"name": "recurrent"}), r"network\.name = 'cnn', this run has 'recurrent'"),
    ],
)
def test_other_settings_are_refused(checkpoint: Path, config: RunConfig, message: str) -> None:
    with pytest.raises(ContainerError, match=message):
        resume(checkpoint, config)


def test_epochs_and_early_stopping_may_change(checkpoint: Path) -> None:
    assert len(resume(checkpoint, run_config({"epochs": 5, "early_stopping": 9})).rows) == 5


def test_other_content_than_a_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    write_bundle(path, make_bundle())
    with pytest.raises(ContainerError, match="this is a seqnet model, not a checkpoint"):
        resume(path)
    path.write_bytes(b"PK\x03\x04 a pickle")
    with pytest.raises(ContainerError, match="this is not a seqnet checkpoint"):
        resume(path)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
def test_a_checkpoint_that_was_cut_short_is_refused(checkpoint: Path, share: float) -> None:
    content = checkpoint.read_bytes()
    checkpoint.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ContainerError):
        resume(checkpoint)


def _rename(old: str, new: str) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(about: dict[str, Any], header: dict[str, Any]) -> None:
        header[new] = header.pop(old)

    return change


def _set(key: str, value: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda about, header: about.update({key: value})


def _drop(key: str) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda about, header: about.pop(key)


@pytest.mark.parametrize(
    "change",
    [
        _rename("model.network.head.output.bias", "model.other"),
        _rename("model.network.head.output.bias", "other"),
        _rename("best.network.head.output.bias", "best.other"),
        _rename("optimizer.0.exp_avg", "optimizer.x.exp_avg"),
        _rename("optimizer.0.exp_avg", "optimizer.99.exp_avg"),
        _set("rows", [{"epoch": 1}]),
        _set("rows", []),
        _set("rows", None),
        _set("best_epoch", 7),
        _set("best_epoch", "first"),
        _set("best_value", None),
        _drop("rows"),
        _drop("best_epoch"),
        _drop("best_value"),
    ],
)
def test_a_damaged_checkpoint_is_refused(
    checkpoint: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]
) -> None:
    rewrite(checkpoint, change)
    with pytest.raises(ContainerError, match=r"checkpoint is damaged.*; start again without --resume"):
        resume(checkpoint)


def test_rewriting_alone_damages_nothing(checkpoint: Path) -> None:
    rewrite(checkpoint, lambda about, header: None)
    assert len(resume(checkpoint).rows) == 3


def test_a_run_without_validation_continues(tmp_path: Path) -> None:
    path, dataset = tmp_path / "checkpoint", planted((16, 0, 0))
    fit(dataset, run_config(), Recorder(stop_at_epoch=2), checkpoint=path)
    result = fit(dataset, run_config(), checkpoint=path, resume=True)
    assert [row.epoch for row in result.rows] == [1, 2, 3]
    assert result.best_epoch == 3


def test_a_target_that_is_there_is_written_over(checkpoint: Path) -> None:
    before = checkpoint.read_bytes()
    fit(dataclasses.replace(planted((16, 8, 0)), provenance={}), run_config({"seed": 3}), checkpoint=checkpoint)
    assert checkpoint.read_bytes() != before
