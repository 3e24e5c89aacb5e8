"""Optimiser, learning rate schedule, and penalties on the weights."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self, cast

import torch
from torch import Tensor, nn

from seqnet.configs.training import TrainingConfig
from seqnet.core.errors import SettingError
from seqnet.nn.fast.capabilities import add_to_all, fused_adam, has
from seqnet.nn.layers import Head
from seqnet.nn.networks import Classifier

__all__ = ["Penalties", "Stepper", "learning_rate", "make_optimizer"]


def make_optimizer(classifier: Classifier, config: TrainingConfig, kept: Collection[str] = ()) -> torch.optim.Optimizer:
    """Returns the optimiser of all weights that are trained; biases and normalisation have no weight decay.

    Args:
        classifier: whose weights.
        config: optimiser, rates and decay.
        kept: names of weights whose learning rate is `kept_rate` times that of the others, the `factor` of their group.
    """
    trained = [(name, weight) for name, weight in classifier.named_parameters() if weight.requires_grad]
    groups: list[dict[str, Any]] = []
    for factor, own in (
        (1.0, [weight for name, weight in trained if name not in kept]),
        (config.kept_rate, [weight for name, weight in trained if name in kept]),
    ):
        decaying, others = [one for one in own if one.dim() > 1], [one for one in own if one.dim() <= 1]
        parts = [(decaying, config.weight_decay), (others, 0.0)]
        if not config.weight_decay:
            # Each group takes a separate call, which is much of the time of a small step.
            parts = [(decaying + others, 0.0)]
        groups += [{"params": part, "weight_decay": decay, "factor": factor} for part, decay in parts if own]
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=config.learning_rate, momentum=config.momentum)
    fused = next(classifier.parameters()).device.type in ("cpu", "cuda") and has("fused_adam")
    kind = torch.optim.Adam if config.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, lr=config.learning_rate, fused=fused)


class Stepper:
    """Takes the steps of an optimiser. After the first step, those of Adam need no repeated look-ups of PyTorch.

    This saves a twentieth of the time of a small step.

    Args:
        optimizer: of `make_optimizer`; the state of a resumed run must be loaded before the first step.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._optimizer = optimizer
        self._groups: list[_Group] | None = None

    @torch.no_grad()
    def step(self) -> None:
        """Takes a step by the gradients of the weights."""
        groups = self._groups
        gradients = [[weight.grad for weight in group.weights] for group in groups or ()]
        if groups is None or any(gradient is None for own in gradients for gradient in own):
            self._optimizer.step()
            self._groups = self._prepared()
            return
        for group, own in zip(groups, gradients, strict=True):
            add_to_all(group.steps, 1)
            there = cast("list[Tensor]", own)  # none is None, as checked above
            state = (group.weights, there, group.means, group.squares, group.steps)
            fused_adam(*state, group.settings, decoupled=group.decoupled)

    def _prepared(self) -> list[_Group] | None:
        """Returns what each step of a fused Adam needs; None for another optimiser, or while weights have no state."""
        optimizer = self._optimizer
        if not isinstance(optimizer, torch.optim.Adam) or not optimizer.defaults["fused"]:
            return None
        if not (has("fused_adam") and has("all_at_once")):
            return None
        decoupled = isinstance(optimizer, torch.optim.AdamW)
        groups = []
        for settings in optimizer.param_groups:
            weights = settings["params"]
            states = [optimizer.state[weight] for weight in weights]
            if not all(states):
                return None
            means, squares, steps = ([state[name] for state in states] for name in ("exp_avg", "exp_avg_sq", "step"))
            groups.append(_Group(settings, weights, means, squares, steps, decoupled))
        return groups


class _Group(NamedTuple):
    """Weights with their settings and the state of Adam."""

    settings: Mapping[str, Any]
    weights: list[Tensor]
    means: list[Tensor]
    squares: list[Tensor]
    steps: list[Tensor]
    decoupled: bool


def learning_rate(config: TrainingConfig, step: int, steps: int) -> float:
    """Returns the learning rate at `step` (from 0) of `steps`.

    `onecycle` rises for 30 % of the steps from 1/25 of the largest rate and falls to 1/10,000 of that on cosines
    (Smith and Topin 2019, doi:10.1117/12.2520589); `exponential` falls to 1 %; `linear` and `cosine` fall to zero.
    """
    largest = config.learning_rate
    if config.schedule == "onecycle":
        peak = 0.3 * steps
        if step < peak:
            return _cosine(largest / 25, largest, step / peak)
        return _cosine(largest, largest / 250_000, (step - peak) / max(steps - peak, 1))
    rising = config.warmup * steps
    if step < rising:
        return largest * (step + 1) / (rising + 1)
    done = (step - rising) / max(steps - rising, 1)
    if config.schedule == "linear":
        return largest * (1 - done)
    if config.schedule == "cosine":
        return _cosine(largest, 0.0, done)
    return largest * (0.01**done if config.schedule == "exponential" else 1.0)


def _cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2


class Penalties:
    """The terms that are added to the loss: L1 and L2 of weights, L2 of the hidden dense layers' outputs.

    Args:
        classifier: whose weights; its head is watched while this is entered.
        config: the factors.

    Raises:
        SettingError: there is a penalty on hidden dense layers, and there are none.
    """

    def __init__(self, classifier: Classifier, config: TrainingConfig) -> None:
        self._config = config
        self._heads = [module for module in classifier.modules() if isinstance(module, Head)]
        if config.penalize == "all":
            self._weights = [weight for weight in classifier.parameters() if weight.dim() > 1]
        else:
            layers = [layer for head in self._heads for layer in head.hidden]
            for name in ("l1", "l2", "activity_l2"):
                if getattr(config, name) and not layers:
                    problem = "needs a hidden dense layer, which this network lacks; set it to 0, or penalize to all"
                    raise SettingError(f"training.{name}", getattr(config, name), problem=problem)
            self._weights = [weight for layer in layers for weight in layer.parameters() if weight.dim() > 1]
        self._outputs: list[Tensor] = []
        self._hooks: list[torch.utils.hooks.RemovableHandle] = []

    def __enter__(self) -> Self:
        if self._config.activity_l2:
            self._hooks = [head.activation.register_forward_hook(self._watch) for head in self._heads]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for hook in self._hooks:
            hook.remove()

    def _watch(self, module: nn.Module, inputs: object, output: Tensor) -> None:
        if module.training:
            self._outputs.append(output)

    def added_to(self, loss: Tensor, share: float = 1.0) -> Tensor:
        """Returns the loss () with the penalties of the last forward pass in training mode.

        Args:
            loss: of the rows of that pass.
            share: factor of penalties on outputs, where the rows are a part of a batch (see `distributed.BatchPart`).
        """
        for weight in self._weights:
            if self._config.l1:
                loss = loss + self._config.l1 * weight.abs().sum()
            if self._config.l2:
                loss = loss + self._config.l2 * weight.square().sum()
        for output in self._outputs:
            loss = loss + self._config.activity_l2 * share * output.square().mean()
        self._outputs.clear()
        return loss
