"""PyTorch's private operators give the same results as public ones, and without them nothing else changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from seqnet.configs.run import RunConfig
from seqnet.models.bundles import open_bundle
from seqnet.models.probabilities import class_probabilities
from seqnet.models.scoring import chosen_precision, lower_precision, ready
from seqnet.models.shipped import find_model
from seqnet.nn.fast import capabilities
from seqnet.nn.fast.capabilities import CAPABILITIES, has, without
from tests.building import encoded, fit, planted, random_strings, run_config, weights_of

OPERATORS = {
    "onednn_product": (torch.ops.mkldnn, "_linear_pointwise"),
    "onednn_product_bfloat16": (torch.ops.mkldnn, "_linear_pointwise"),
    "fast_bfloat16": (torch.ops.mkldnn, "_is_mkldnn_bf16_supported"),
    "bytes_of_rows": (torch.ops.quantized, "embedding_bag_byte_rowwise_offsets"),
    "all_at_once": (torch, "_foreach_add_"),
    "fused_adam": (torch, "_fused_adam_"),
    "recurrent": (torch, "gru"),
    "resumed": (torch, "gru"),
}
"""One operator of each capability."""
MODELS = {"human-dna": ("dna", "ACGT"), "solubility": ("protein", "ACDEFGHIKLMNPQRSTVWY")}
TRAINED: dict[str, RunConfig] = {
    "dense": run_config(network={"name": "dense", "dense": [1000, 300]}),
    "lstm": run_config(network={"name": "hybrid", "filters": [6], "kernels": [5], "pools": [2], "units": 4}),
    "gru": run_config({"optimizer": "adam"}, {"name": "recurrent", "cell": "gru", "units": 4, "layers": 2}),
    "rnn": run_config({"clip_norm": 0.01}, {"name": "recurrent", "cell": "rnn", "units": 4}),
}


@pytest.fixture(autouse=True)
def untried() -> Iterator[None]:
    """Makes every operator be tested again in each test, and afterwards."""
    with without():
        pass
    yield
    with without():
        pass


def probabilities_of(model: str) -> NDArray[np.float64]:
    """Returns the probabilities of enough sequences for large products."""
    name, symbols = MODELS[model]
    bundle = open_bundle(find_model(Path(model)))
    tokens = encoded(random_strings([300] * 40 + [17, 90], symbols), name)
    found = [class_probabilities(one, tokens) for one in ready(bundle, "float32")]
    return np.asarray(np.mean(found, axis=0))


def test_every_capability_is_tried_here() -> None:
    assert set(OPERATORS) == set(CAPABILITIES)
    if torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        assert has("onednn_product")
    assert has("all_at_once")
    assert has("fused_adam")
    assert has("recurrent")


def raising(*words: Any, **options: Any) -> Any:
    raise RuntimeError("another schema")


def zeros(*words: Any, **options: Any) -> Any:
    return torch.zeros(3, 5)


@pytest.mark.parametrize("name", CAPABILITIES)
@pytest.mark.parametrize("instead", [raising, zeros])
def test_an_operator_that_is_another_one_is_not_used(
    name: str, instead: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "fast_bfloat16" and instead is zeros:
        pytest.skip("a truth value, with no numbers to compare")
    owner, operator = OPERATORS[name]
    monkeypatch.setattr(owner, operator, instead)
    assert not has(name)


@pytest.mark.parametrize("name", CAPABILITIES)
def test_an_operator_that_is_absent_is_not_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, operator = OPERATORS[name]
    if owner is torch:
        monkeypatch.delattr(owner, operator)
    else:
        # A build without the library has an empty namespace.
        monkeypatch.setattr(torch.ops, owner.__name__.rpartition(".")[2], object())
    assert not has(name)


def test_an_operator_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def trial() -> bool:
        asked.append(1)
        return True

    monkeypatch.setitem(CAPABILITIES, "all_at_once", trial)
    assert [has("all_at_once") for _ in range(3)] == [True] * 3
    assert asked == [1]
    with without("all_at_once"):
        assert not has("all_at_once")
        assert has("recurrent")
    assert has("all_at_once")


@pytest.mark.parametrize("around", [torch.inference_mode, torch.no_grad, lambda: torch.device("meta")])
def test_a_trial_does_not_depend_on_what_is_around_it(around: Callable[[], Any]) -> None:
    expected = {name: has(name) for name in CAPABILITIES}
    with without():
        pass
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    with around(), torch.autocast("cpu", torch.bfloat16):
        assert {name: has(name) for name in CAPABILITIES} == expected
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_model_is_opened_without_a_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CAPABILITIES:
        monkeypatch.setitem(CAPABILITIES, name, lambda: pytest.fail("tried"))
    for model in MODELS:
        open_bundle(find_model(Path(model)))
    assert not capabilities._FOUND


@pytest.mark.parametrize("model", MODELS)
def test_predictions_are_the_same_without_any_of_them(model: str) -> None:
    expected = probabilities_of(model)
    assert np.ptp(expected[:, 0]) > 0.05
    with without():
        np.testing.assert_allclose(probabilities_of(model), expected, atol=1e-5)
        bundle = open_bundle(find_model(Path(model)))
        assert chosen_precision(bundle, "auto") == "float32"
        assert lower_precision(bundle) is None


@pytest.mark.parametrize("model", MODELS)
def test_predictions_are_the_same_where_all_raise(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = probabilities_of(model)
    with without():
        pass
    for owner, operator in OPERATORS.values():
        monkeypatch.setattr(owner, operator, raising)
    monkeypatch.setattr(torch, "lstm", raising)
    np.testing.assert_allclose(probabilities_of(model), expected, atol=1e-5)


@pytest.mark.parametrize("name", TRAINED)
def test_training_comes_to_the_same_without_any_of_them(name: str) -> None:
    expected = weights_of(fit(planted(), TRAINED[name]))
    with without():
        found = weights_of(fit(planted(), TRAINED[name]))
    for key, weight in expected.items():
        np.testing.assert_allclose(found[key], weight, atol=1e-5, err_msg=key)
