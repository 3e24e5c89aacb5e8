from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from seqnet.configs.run import RunConfig, RunRequest, compose
from seqnet.core.errors import AlphabetMismatchError, SettingError
from seqnet.datasets.dataset import Dataset
from seqnet.models.bundles import Bundle
from seqnet.training.warm_settings import choose_warm_run
from tests.building import make_bundle, planted, run_config
from tests.datasets.test_shuffled_classes import labelled, real, shuffled
from tests.models.test_mixture import mixture
from tests.training.test_warm_start import HYBRID, start_of


def chosen(bundle: Bundle, data: Dataset | None = None, **request: Any) -> RunConfig:
    return choose_warm_run(data or planted(), RunRequest(**request), start_of(bundle)).run


def test_settings_come_from_the_model() -> None:
    other = run_config(network={**HYBRID, "units": 7}, augmentation={"shift": 2}, training={"learning_rate": 0.123})
    bundle = make_bundle(other, window=24)
    run = chosen(bundle)
    assert (run.network, run.encoder, run.augmentation) == (other.network, other.encoder, other.augmentation)
    assert run.training == other.training
    assert chosen(bundle, assignments=("epochs=5", "dropout_dense=[0.5]")).training.epochs == 5
    # The training settings of a preset are adapted to the number of records.
    preset = compose("dna-hybrid")
    named = replace(make_bundle(preset, window=24), provenance={"preset": "dna-hybrid"})
    adapted = choose_warm_run(planted(), RunRequest(), start_of(named))
    assert adapted.run.training.batch_size < preset.training.batch_size
    assert adapted.recipe is not None
    assert adapted.recipe.startswith("chosen settings: those of m.safetensors (preset dna-hybrid), epochs=")
    assert chosen(named, preset="dna-hybrid").training == preset.training
    # What is generated or shuffled depends on the dataset.
    made = run_config(augmentation={"shift": 2, "fresh_negatives": True, "fresh_shuffles": ["signal"]})
    again = choose_warm_run(planted(), RunRequest(), start_of(make_bundle(made, window=24)))
    assert again.run.augmentation == replace(made.augmentation, fresh_negatives=False, fresh_shuffles=())
    strings = real()
    found = choose_warm_run(labelled(strings, shuffled(strings)), RunRequest(), start_of(make_bundle(other, window=60)))
    assert found.run.augmentation.fresh_shuffles == ("b",)
    assert found.recipe == 'chosen settings: those of m.safetensors, fresh_shuffles=["b"]'
    assert found.shuffled == ("b",)
    # A network that flattens keeps its window.
    flat = make_bundle(run_config(network={"name": "dense", "dense": [4]}), window=15)
    assert chosen(flat).network.window == 15


def test_a_mixture_says_what_changes_in_every_epoch() -> None:
    strings = real()
    data = labelled(strings, shuffled(strings))
    of_mixture = start_of(replace(mixture(), classes=("a", "b")))
    found = choose_warm_run(data, RunRequest(), of_mixture)
    assert [run.augmentation.fresh_shuffles for _, run in found.kinds] == [("b",)] * 2
    assert found.shuffled == ("b",)
    assert found.recipe == ('chosen settings: those of m.safetensors, a mixture of 2 networks, fresh_shuffles=["b"]')
    off = choose_warm_run(data, RunRequest(assignments=("augmentation.fresh_shuffles=[]",)), of_mixture)
    assert (off.shuffled, off.recipe) == ((), "chosen settings: those of m.safetensors, a mixture of 2 networks")


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"network": "hybrid"}, "network.name can't be 'hybrid': m.safetensors, which --from names, has 'cnn'"),
        (
            {"encoder": "embedding"},
            "encoder.name can't be 'embedding': m.safetensors, which --from names, has 'onehot'",
        ),
        ({"preset": "dna-cnn"}, "network.strands can't be 'single': m.safetensors"),
        ({"assignments": ("network.filters=[8]",)}, r"network.filters can't be \[8\]"),
        ({"assignments": ("network.dense=[8]",)}, r"network.dense can't be \[8\]"),
    ],
)
def test_settings_that_contradict_the_model(request_: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        chosen(make_bundle(window=24), **request_)


@pytest.mark.parametrize("preset", ["dna-parallel", "dna-parallel-3"])
def test_normalised_maxima_are_not_taken_for_others(preset: str) -> None:
    normed = make_bundle(compose(f"{preset}-norm"), window=24)
    assert chosen(normed, preset=f"{preset}-norm").network.to_dict()["norm"] == "batch"
    with pytest.raises(SettingError, match=r"network\.norm can't be 'none': m\.safetensors"):
        chosen(normed, preset=preset)


def test_a_preset_stands_for_the_settings_that_it_does_not_name() -> None:
    settings = {**compose("dna-hybrid").network.to_dict(), "dropout_dense": [0.77], "dropout_input": 0.1}
    other = run_config(network=settings, augmentation={"shift": 2})
    run = chosen(make_bundle(other, window=24), preset="dna-hybrid")
    assert run == compose("dna-hybrid")
    normed = make_bundle(run_config(network={**settings, "residual": True}), window=24)
    with pytest.raises(SettingError, match=r"network\.residual can't be false: m\.safetensors"):
        chosen(normed, preset="dna-hybrid")


def test_a_new_head_may_have_other_settings() -> None:
    data = planted(classes=("x", "y"))
    assert chosen(make_bundle(window=24), data, assignments=("network.dense=[8]",)).network.dense == (8,)


def test_another_alphabet_is_refused() -> None:
    with pytest.raises(AlphabetMismatchError, match=r"this dataset is dna, but m\.safetensors is a model for protein"):
        chosen(make_bundle(name="protein", window=24))
