from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqnet.configs.run import RunConfig
from seqnet.core.errors import ContainerError, SettingError
from seqnet.models.bundles import Bundle, write_bundle
from seqnet.models.probabilities import class_probabilities
from seqnet.training.optimization import make_optimizer
from seqnet.training.warm_start import WarmStart
from tests.building import (
    SMALL_NETWORK,
    Recorder,
    fit,
    make_bundle,
    make_classifier,
    planted,
    run_config,
    same_weights,
    weights_of,
)

NORMED = {**SMALL_NETWORK, "norm": "batch", "dropout_conv": 0.1}
HYBRID = {"name": "hybrid", "filters": [6], "kernels": [5], "pools": [2], "units": 4, "dense": [5]}
PARALLEL = {"name": "parallel", "filters": [6, 4], "kernels": [5, 3], "dense": [5], "norm": "batch"}
NETWORKS = {"cnn": SMALL_NETWORK, "normed": NORMED, "hybrid": HYBRID, "parallel": PARALLEL}


def start_of(bundle: Bundle) -> WarmStart:
    return WarmStart("m.safetensors", bundle, "0" * 64)


def config(network: Mapping[str, Any] = SMALL_NETWORK, **training: Any) -> RunConfig:
    return run_config(training=training, network=network)


@pytest.fixture(scope="module")
def teacher() -> Bundle:
    """A model that has learnt to find the motif."""
    result = fit(planted((600, 60, 0)), run_config(training={"epochs": 12, "learning_rate": 0.01}))
    return result.bundle


def test_one_epoch_from_a_model_reaches_what_one_epoch_from_nothing_does_not(teacher: Bundle) -> None:
    few = planted((40, 200, 0), seed=77)
    one = config(epochs=1)
    cold = fit(few, one).rows[0]
    warm = fit(few, one, start=start_of(teacher).weights(0)).rows[0]
    assert cold.validation_auroc < 0.8
    assert warm.validation_auroc > 0.97


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_all_is_kept_where_the_classes_are_the_same(network: Mapping[str, Any]) -> None:
    bundle = make_bundle(config(network), window=24)
    # Steps this small change no weight. Running statistics of a normalisation move.
    still = config(network, epochs=1, learning_rate=1e-30, schedule="constant", weight_decay=0.0)
    found = weights_of(fit(planted(), still, start=start_of(bundle).weights(0)))
    for name, tensor in bundle.classifier.state_dict().items():
        if "running" not in name and "num_batches" not in name:
            np.testing.assert_array_equal(found[name], tensor.numpy(), err_msg=name)


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_classes_in_another_order_have_the_same_probabilities(head: str) -> None:
    run = config({**SMALL_NETWORK, "head": head})
    bundle = make_bundle(run, classes=("a", "b"), window=24)
    data = planted(classes=("b", "a"))
    untrained = make_classifier(run, window=24, seed=5)
    kept = start_of(bundle).weights(0).load_into(untrained, data.classes, freeze=False)
    assert kept.head
    ours = class_probabilities(untrained, data.tokens)
    theirs = class_probabilities(bundle.classifier, data.tokens)
    np.testing.assert_allclose(ours, theirs[:, ::-1], atol=1e-6)


def test_other_classes_have_a_new_head() -> None:
    run = config()
    bundle = make_bundle(run, classes=("a", "b"), window=24)
    data = planted(classes=("x", "y", "z"))
    fresh, own = make_classifier(run, classes=3, window=24, seed=5), make_classifier(run, classes=3, window=24, seed=5)
    kept = start_of(bundle).weights(0).load_into(own, data.classes, freeze=False)
    assert not kept.head
    for name, tensor in own.state_dict().items():
        before = fresh if name.startswith("network.head.") else bundle.classifier
        assert tensor.equal(before.state_dict()[name]), name
    assert kept.names == {name for name, _ in own.named_parameters() if not name.startswith("network.head.")}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("classes", [("noise", "signal"), ("x", "y")])
def test_frozen_weights_stay_as_they_are_to_the_last_bit(network: Mapping[str, Any], classes: tuple[str, ...]) -> None:
    bundle = make_bundle(config(network), window=24)
    run = config(network, freeze=True, weight_decay=0.1)
    result = fit(planted(classes=classes), run, start=start_of(bundle).weights(0))
    found = weights_of(result)
    changed = {
        name
        for name, tensor in bundle.classifier.state_dict().items()
        if tensor.numpy().tobytes() != found[name].tobytes()
    }
    assert changed
    assert all(name.startswith("network.head.") for name in changed)
    assert {name for name in found if name.startswith("network.head.output")} <= changed


def test_kept_weights_have_a_learning_rate_of_their_own() -> None:
    classifier = make_classifier(config(), window=24)
    names = {name for name, _ in classifier.named_parameters() if not name.startswith("network.head.")}
    training = config(kept_rate=0.25, weight_decay=0.5).training
    groups = make_optimizer(classifier, training, names).param_groups
    assert [(group["factor"], group["weight_decay"]) for group in groups] == [
        *((1.0, 0.5), (1.0, 0.0), (0.25, 0.5), (0.25, 0.0)),
    ]
    parameters = dict(classifier.named_parameters())
    kept = {id(parameters[name]) for name in names}
    assert {id(one) for group in groups if group["factor"] == 0.25 for one in group["params"]} == kept
    # One step of plain gradient descent: kept weights move by a quarter.
    bundle, data = make_bundle(config(), window=24), planted()
    moved = {}
    for rate in (1.0, 0.25):
        run = config(
            epochs=1, batch_size=96, optimizer="sgd", schedule="constant", weight_decay=0.0, clip_norm=0.0,
            learning_rate=1.0, kept_rate=rate,
        )  # fmt: skip
        found = weights_of(fit(data, run, start=start_of(bundle).weights(0)))
        before = bundle.classifier.state_dict()
        moved[rate] = {name: found[name] - before[name].numpy() for name in parameters}
    for name in parameters:
        np.testing.assert_allclose(moved[0.25][name], 0.25 * moved[1.0][name], rtol=1e-4, atol=1e-6, err_msg=name)


def test_a_resumed_run_is_the_unbroken_one(tmp_path: Path) -> None:
    bundle, data = make_bundle(config(NORMED), window=24), planted()
    run, start = config(NORMED), start_of(bundle).weights(0)
    whole = fit(data, run, start=start)
    path = tmp_path / "c.safetensors"
    words: dict[str, Any] = {"checkpoint": path, "identity": "d, from 0", "start": start}
    fit(data, run, Recorder(stop_at_epoch=1), **words)
    assert same_weights(fit(data, run, resume=True, **words), whole)
    with pytest.raises(ContainerError, match="the checkpoint was made from another model, or with other folds"):
        fit(data, run, resume=True, **{**words, "identity": "d"})


def test_networks_start_from_the_members_in_turn() -> None:
    bundle = make_bundle(config(), window=24, members=2)
    weights = [start_of(bundle).weights(index).weights for index in range(3)]
    name = "network.head.output.weight"
    assert not weights[0][name].equal(weights[1][name])
    assert weights[2][name].equal(weights[0][name])


def test_trees_are_grown_anew() -> None:
    run = run_config(network={**HYBRID, "composition": True, "trees": 3})
    bundle = make_bundle(run, name="protein", window=24)
    own = make_classifier(run, name="protein", window=24, seed=4)
    before = own.state_dict()["trees.value"].clone()
    start_of(bundle).weights(0).load_into(own, bundle.classes, freeze=False)
    assert own.state_dict()["trees.value"].equal(before)
    assert own.state_dict()["network.head.output.weight"].equal(
        bundle.classifier.state_dict()["network.head.output.weight"]
    )


def test_folds_of_the_dataset_that_the_model_was_trained_on_are_refused() -> None:
    data = replace(planted(), digest="abc")
    bundle = replace(make_bundle(window=24), provenance={"dataset": {"sha256": "abc"}})
    with pytest.raises(SettingError, match="which was trained on records of all folds"):
        start_of(bundle).check_folds(data)
    start_of(bundle).check_folds(replace(data, digest="abd"))


def test_the_origin_is_the_file(tmp_path: Path) -> None:
    bundle = replace(make_bundle(window=24), card={"data_licence": "CC BY"})
    write_bundle(tmp_path / "m.safetensors", bundle)
    there, here = WarmStart.open(tmp_path / "m.safetensors"), WarmStart.of(bundle)
    assert there.sha256 == here.sha256
    assert there.origin == {"model": str(tmp_path / "m.safetensors"), "sha256": there.sha256, "data_licence": "CC BY"}
