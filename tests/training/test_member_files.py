from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqnet.core.errors import ContainerError
from seqnet.datasets.dataset import Dataset
from seqnet.training.member_files import MemberFiles, stored_member, stored_result, write_result
from seqnet.training.members import Member
from seqnet.training.warm_start import StartingWeights
from tests.building import fit, make_classifier, planted, run_config, same_weights, saved
from tests.training.examples import moved, relabelled

CONFIG = run_config({"epochs": 2, "batch_size": 8, "learning_rate": 0.0123456789})


def member_of(dataset: Dataset, **others: Any) -> Member:
    return Member("network 1 of 2, seed 1", "network 1", dataset, CONFIG, None, "abc", **others)


def through_json(values: Any) -> Any:
    return json.loads(json.dumps(values))


def assert_same(one: Dataset, other: Dataset) -> None:
    for name in ("labels", "groups", "split"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert np.array_equal(one.tokens.data, other.tokens.data)
    assert np.array_equal(one.tokens.offsets, other.tokens.offsets)
    assert (one.alphabet, one.classes, one.positive) == (other.alphabet, other.classes, other.positive)


def test_a_dataset_that_is_in_its_file_stays_there_with_the_split_of_the_network(tmp_path: Path) -> None:
    data = saved(planted((24, 16, 8)), tmp_path / "d.safetensors")
    view = moved(data, "validation", "test")
    files = MemberFiles(tmp_path)
    for number, dataset in enumerate((data, view)):
        values = through_json(files.write(number, member_of(dataset)))
        assert values["dataset"] == str(data.path)
        found = stored_member(values)
        assert_same(found.dataset, dataset)
        assert replace(found, dataset=dataset) == member_of(dataset)
    assert not list(tmp_path.glob("*.dataset.safetensors"))


@pytest.mark.parametrize("kind", ["in memory", "other labels", "file replaced"])
def test_other_records_than_those_of_the_file_are_written_once(kind: str, tmp_path: Path) -> None:
    data = saved(planted((24, 16, 8)), tmp_path / "d.safetensors")
    if kind == "in memory":
        data.path.unlink()
        data = replace(data, digest="abc")
    elif kind == "other labels":
        data = relabelled(data, "train")
    else:
        saved(planted((24, 16, 8), seed=7), tmp_path / "new.safetensors").path.rename(data.path)
    files = MemberFiles(tmp_path)
    paths = []
    for number, dataset in enumerate((data, moved(data, "validation", "test"))):
        values = files.write(number, member_of(dataset))
        assert_same(stored_member(values).dataset, dataset)
        paths.append(values["dataset"])
    assert paths == [str(tmp_path / "0.dataset.safetensors")] * 2


def test_a_dataset_that_became_another_one_is_an_error(tmp_path: Path) -> None:
    data = saved(planted((24, 16, 8)), tmp_path / "d.safetensors")
    values = MemberFiles(tmp_path).write(0, member_of(data))
    saved(planted((24, 16, 7)), tmp_path / "new.safetensors").path.rename(data.path)
    with pytest.raises(
        ContainerError, match=r"d\.safetensors: the dataset was changed while training began; start again"
    ):
        stored_member(values)


def test_weights_to_start_from_and_the_checkpoint_are_kept(tmp_path: Path) -> None:
    state = make_classifier(CONFIG).state_dict()
    start = StartingWeights("human-dna", state, ("a", "b"))
    member = replace(member_of(planted((24, 16, 8)), start=start), checkpoint=tmp_path / "ü \udcff.safetensors")
    found = stored_member(through_json(MemberFiles(tmp_path).write(3, member)))
    assert found.checkpoint == member.checkpoint
    assert found.start is not None
    assert (found.start.model, found.start.classes) == (start.model, start.classes)
    assert found.start.weights.keys() == state.keys()
    assert all(found.start.weights[name].equal(weight) for name, weight in state.items())


@pytest.mark.parametrize("held_out", [16, 0])
def test_a_result_comes_back_bit_for_bit(held_out: int, tmp_path: Path) -> None:
    result = fit(planted((32, held_out, 0)), CONFIG)
    stop = KeyboardInterrupt()
    for interruption in (None, KeyboardInterrupt()):
        values = through_json(write_result(tmp_path, 1, replace(result, interruption=interruption)))
        found = stored_result(values, stop)
        assert same_weights(found, result)
        assert repr(found.rows) == repr(result.rows)  # NaN is not equal to itself
        assert (found.best_epoch, found.fitted) == (result.best_epoch, result.fitted)
        assert found.interruption is (stop if interruption else None)
        assert found.bundle.config == result.bundle.config
        assert found.bundle.metrics == result.bundle.metrics
        assert found.bundle.window == result.bundle.window
        if held_out:
            assert found.validation is not None
            assert result.validation is not None
            assert found.validation.tobytes() == result.validation.tobytes()
        else:
            assert found.validation is None
