from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from seqnet.configs.training import TrainingConfig
from seqnet.nn.layers import Head
from seqnet.nn.networks import Classifier
from seqnet.training import initialization
from seqnet.training.optimization import Penalties, Stepper, learning_rate, make_optimizer
from tests.building import (
    SMALL_NETWORK,
    fit,
    make_classifier,
    padded,
    planted,
    run_config,
    weights_of,
)
from tests.training.examples import CONSTANT, moved

NETWORK = {
    "name": "cnn", "filters": [3], "kernels": [2], "pools": [1], "dense": [4, 2], "norm": "batch", "strands": "single",
}  # fmt: skip


def classifier() -> Classifier:
    return make_classifier(run_config(network=NETWORK))


def hidden_layers(model: Classifier) -> list[Tensor]:
    head = model.network.get_submodule("head")
    assert isinstance(head, Head)
    return [layer.weight for layer in head.hidden if isinstance(layer, torch.nn.Linear)]


@pytest.mark.parametrize(
    ("settings", "steps", "expected"),
    [
        ({"schedule": "constant"}, 10, {0: 1.0, 9: 1.0}),
        ({"schedule": "linear"}, 10, {0: 1.0, 5: 0.5, 9: 0.1}),
        ({"schedule": "cosine"}, 8, {0: 1.0, 2: (1 + math.sqrt(0.5)) / 2, 4: 0.5, 6: (1 - math.sqrt(0.5)) / 2}),
        ({"schedule": "exponential"}, 10, {0: 1.0, 5: 0.1, 9: 0.01**0.9}),
        # A rise from 1/25 to 1 over 3 steps, and a fall to 1/250,000 over 7.
        (
            {"schedule": "onecycle"},
            10,
            {
                0: 0.04,
                1: 0.04 + 0.96 * (1 - math.cos(math.pi / 3)) / 2,
                3: 1.0,
                9: 4e-6 + (1 - 4e-6) * (1 + math.cos(math.pi * 6 / 7)) / 2,
            },
        ),
        ({"schedule": "onecycle"}, 1, {0: 0.04}),
        # Four steps of warm-up, at one to four fifths of the rate.
        ({"schedule": "constant", "warmup": 0.4}, 10, {0: 0.2, 1: 0.4, 3: 0.8, 4: 1.0, 9: 1.0}),
        ({"schedule": "linear", "warmup": 0.5}, 10, {0: 1 / 6, 4: 5 / 6, 5: 1.0, 7: 0.6, 9: 0.2}),
        ({"schedule": "cosine", "warmup": 0.5}, 8, {3: 0.8, 4: 1.0, 6: 0.5}),
    ],
)
def test_learning_rates_by_hand(settings: dict[str, object], steps: int, expected: dict[int, float]) -> None:
    config = TrainingConfig.from_dict({**settings, "learning_rate": 0.02})
    found = {step: learning_rate(config, step, steps) for step in expected}
    assert found == pytest.approx({step: 0.02 * factor for step, factor in expected.items()}, rel=1e-12)


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine", "exponential", "onecycle"])
@pytest.mark.parametrize("warmup", [0.0, 0.3])
def test_learning_rates_are_above_zero_and_at_most_the_largest(schedule: str, warmup: float) -> None:
    config = TrainingConfig(schedule=schedule, warmup=warmup, learning_rate=0.5)
    for steps in (1, 2, 3, 7, 100):
        rates = [learning_rate(config, step, steps) for step in range(steps)]
        assert min(rates) > 0
        assert max(rates) <= 0.5


def test_onecycle_is_that_of_torch() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    # torch's schedule ends at the last step and not after it, so one more step makes them equal.
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.3, total_steps=101, pct_start=31 / 101, cycle_momentum=False
    )
    config = TrainingConfig(schedule="onecycle", learning_rate=0.3)
    for step in range(100):
        assert learning_rate(config, step, 100) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9), step
        optimizer.step()
        schedule.step()


@pytest.mark.parametrize(
    ("name", "kind"), [("sgd", torch.optim.SGD), ("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)]
)
def test_weights_decay_but_for_biases_and_normalisation(name: str, kind: type[torch.optim.Optimizer]) -> None:
    model = classifier()
    config = TrainingConfig(optimizer=name, weight_decay=0.125, learning_rate=0.25, momentum=0.5)
    optimizer = make_optimizer(model, config)
    assert type(optimizer) is kind
    decay = {id(weight): group["weight_decay"] for group in optimizer.param_groups for weight in group["params"]}
    for key, weight in model.named_parameters():
        bare = key.endswith("bias") or "norm" in key
        assert decay.pop(id(weight)) == (0.0 if bare else 0.125), key
    assert not decay
    assert all(group["lr"] == 0.25 for group in optimizer.param_groups)
    if name == "sgd":
        assert all(group["momentum"] == 0.5 for group in optimizer.param_groups)


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_steps_are_those_of_the_optimiser(name: str) -> None:
    config = TrainingConfig(optimizer=name, weight_decay=0.125, learning_rate=0.25)
    models = [classifier(), classifier()]
    models[1].load_state_dict(models[0].state_dict())
    optimizers = [make_optimizer(model, config) for model in models]
    take: list[Callable[[], object]] = [Stepper(optimizers[0]).step, optimizers[1].step]
    generator = torch.Generator().manual_seed(1)
    for number in range(5):
        gradients = [torch.randn(weight.shape, generator=generator) for weight in models[0].parameters()]
        for model, optimizer, step in zip(models, optimizers, take, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = 0.25 / (number + 1)
            for weight, gradient in zip(model.parameters(), gradients, strict=True):
                weight.grad = gradient.clone()
            if number == 3:
                next(model.parameters()).grad = None
            step()
        for one, other in zip(models[0].parameters(), models[1].parameters(), strict=True):
            assert torch.equal(one, other)
    one, other = (optimizer.state_dict()["state"] for optimizer in optimizers)
    assert one.keys() == other.keys()
    for index in one:
        assert all(torch.equal(one[index][key], value) for key, value in other[index].items() if value is not None)


def penalty(model: Classifier, **settings: object) -> float:
    """Returns the penalty that is added to a loss of 1 after a training pass."""
    with Penalties(model.train(), TrainingConfig.from_dict(settings)) as penalties:
        model(*padded(["ACGT", "GG"]))
        return float(penalties.added_to(torch.tensor(1.0)).detach()) - 1


def test_penalties_on_the_hidden_dense_layers() -> None:
    model = classifier()
    weights = torch.cat([weight.flatten() for weight in hidden_layers(model)]).detach().double()
    assert len(weights) == 3 * 4 + 4 * 2
    assert penalty(model, l1=0.01) == pytest.approx(0.01 * float(weights.abs().sum()), rel=1e-4)
    assert penalty(model, l2=0.01) == pytest.approx(0.01 * float((weights**2).sum()), rel=1e-4)
    both = 0.02 * float(weights.abs().sum()) + 0.03 * float((weights**2).sum())
    assert penalty(model, l1=0.02, l2=0.03) == pytest.approx(both, rel=1e-4)


def test_penalties_on_all_weights() -> None:
    model = classifier()
    weights = torch.cat([weight.flatten() for weight in model.parameters() if weight.dim() > 1]).detach().double()
    assert len(weights) == 4 * 2 * 3 + 3 * 4 + 4 * 2 + 2 * 2
    assert penalty(model, l1=0.01, penalize="all") == pytest.approx(0.01 * float(weights.abs().sum()), rel=1e-4)
    assert penalty(model, l2=0.01, penalize="all") == pytest.approx(0.01 * float((weights**2).sum()), rel=1e-4)


def test_without_settings_there_is_no_penalty() -> None:
    assert penalty(classifier()) == 0.0


def test_gradients_of_penalties_by_hand() -> None:
    model = classifier()
    with Penalties(model, TrainingConfig(l1=0.5, l2=0.25)) as penalties:
        penalties.added_to(torch.tensor(0.0)).backward()  # type: ignore[no-untyped-call]
    for weight in hidden_layers(model):
        assert weight.grad is not None
        torch.testing.assert_close(weight.grad, 0.5 * weight.sign() + 0.5 * weight)


def test_activity_penalty_by_hand() -> None:
    model = classifier().train()
    head = model.network.get_submodule("head")
    assert isinstance(head, Head)
    seen: list[Tensor] = []
    head.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    with Penalties(model, TrainingConfig(activity_l2=0.5)) as penalties:
        model(*padded(["ACGT", "GG"]))
        found = penalties.added_to(torch.tensor(0.0))
    first = torch.relu(head.hidden[0](seen[0]))
    second = torch.relu(head.hidden[1](first))
    torch.testing.assert_close(found, 0.5 * (first.square().mean() + second.square().mean()))
    assert found > 0


def test_activity_is_that_of_the_last_training_pass_alone() -> None:
    model = classifier().train()
    config = TrainingConfig(activity_l2=0.5)
    with Penalties(model, config) as penalties:
        model(*padded(["ACGT"]))
        alone = float(penalties.added_to(torch.tensor(0.0)).detach())
        # A validation between two batches does not add to the loss of the next batch.
        model.eval()
        with torch.inference_mode():
            model(*padded(["GGGG", "CCCC"]))
        assert float(penalties.added_to(torch.tensor(0.0))) == 0.0
        assert alone > 0.0
    # Outside of the block, nothing is recorded any more.
    model.train()(*padded(["ACGT"]))
    assert float(penalties.added_to(torch.tensor(0.0))) == 0.0


def test_the_activity_penalty_is_the_same_with_and_without_validation() -> None:
    training = {"epochs": 3, "learning_rate": 1e-30, "activity_l2": 10.0}
    network = {**SMALL_NETWORK, "strands": "single"}
    dataset = planted((32, 16, 0))
    losses = [row.train_loss for row in fit(dataset, run_config(training, network)).rows]
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-5)
    without = fit(moved(dataset, "validation", "test"), run_config(training, network)).rows
    assert [row.train_loss for row in without] == losses


@pytest.mark.parametrize("settings", [{"l2": 1.0}, {"l1": 1.0}, {"weight_decay": 10.0}])
def test_regularisation_makes_weights_smaller(settings: dict[str, float]) -> None:
    base = {"epochs": 6, "learning_rate": 0.02, "weight_decay": 0.0, "clip_norm": 0.0, **CONSTANT}
    dataset = planted((96, 0, 0))
    sizes = []
    for extra in ({}, settings):
        weights = weights_of(fit(dataset, run_config({**base, **extra})))
        sizes.append(float(np.abs(weights["network.head.hidden.0.weight"]).sum()))
    assert sizes[1] < 0.7 * sizes[0]


def test_clipping_bounds_a_step() -> None:
    dataset = planted((16, 0, 0))
    base = {"epochs": 1, "optimizer": "sgd", "learning_rate": 1.0, "weight_decay": 0.0, **CONSTANT}
    first = initialization.make_classifier(dataset, run_config()).state_dict()

    def moved_by(**training: float) -> float:
        last = weights_of(fit(dataset, run_config({**base, **training})))
        return math.sqrt(sum(float(np.square(last[name] - first[name].numpy()).sum()) for name in last))

    free = moved_by(clip_norm=0.0)
    assert free > 0.02
    assert moved_by(clip_norm=0.01) == pytest.approx(0.01, rel=1e-3)
    assert moved_by(clip_norm=100.0) == pytest.approx(free, rel=1e-5)
