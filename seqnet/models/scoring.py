"""Prepares trained classifiers for prediction: folded if possible, in the requested precision."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from seqnet.core.errors import SettingError
from seqnet.models.bundles import Bundle
from seqnet.nn.fast.capabilities import has
from seqnet.nn.networks import Classifier
from seqnet.nn.networks.folded_classifier import FoldedClassifier, can_be_bytes, can_fold, first_is_output

__all__ = ["Scorer", "chosen_precision", "has_bfloat16", "lower_precision", "prefers_bfloat16", "ready"]

_TYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
    "int8": torch.uint8,  # with an offset
}
_CHANGED = 0.001
"""Maximum share of validation labels that a precision chosen by `auto` may change."""


class Scorer(Protocol):
    """A model that can be applied to batches: a `Classifier`, or a faster equivalent."""

    window: int
    flattens: bool
    width: int

    @property
    def device(self) -> torch.device:
        """Device of the model."""

    def strand_logits(self, tokens: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns the logits (B, K); see `Classifier.strand_logits`."""

    @property
    def training(self) -> bool:
        """Whether it is in training mode."""

    def train(self, mode: bool = True) -> object:
        """Sets the training mode."""


class _Autocast(nn.Module):
    """A classifier whose convolutions, recurrences and dense layers compute in a lower precision."""

    def __init__(self, classifier: Classifier, dtype: torch.dtype) -> None:
        super().__init__()
        self.classifier, self.dtype = classifier, dtype
        self.window, self.flattens, self.width = classifier.window, classifier.flattens, classifier.width
        self.train(classifier.training)

    @property
    def device(self) -> torch.device:
        """See `Scorer`."""
        return self.classifier.device

    def strand_logits(self, tokens: Tensor, lengths: Tensor | None) -> Tensor:
        """See `Scorer`."""
        with torch.autocast(self.device.type, self.dtype):
            return self.classifier.strand_logits(tokens, lengths).float()


def has_bfloat16(device: torch.device) -> bool:
    """Returns whether a device has instructions for products of bfloat16."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and has("fast_bfloat16")


def prefers_bfloat16(device: torch.device) -> bool:
    """Returns whether networks as small as these are faster in bfloat16: not on a GPU (benchmarks/results/gpu.md)."""
    return device.type == "cpu" and has_bfloat16(device)


def chosen_precision(bundle: Bundle, precision: str) -> str:
    """Returns the precision in which a model is applied.

    Args:
        bundle: the model, on its device.
        precision: `float32`, `bfloat16`, `float16`, `int8`, or `auto`. `auto` is bfloat16 if the device is fast in it
            and training measured that it changes at most one validation label in a thousand; otherwise float32. A
            network that can be folded stays in float32, because int8 saves only a seventh of the time and is less
            precise.

    Raises:
        SettingError: the device is slow in this precision, or the model can't use it.
    """
    device = bundle.classifier.device
    if precision == "float16" and device.type == "cpu":
        raise SettingError(
            "predict.precision", precision, problem="float16 is for GPUs; on a CPU use bfloat16 or float32"
        )
    if precision == "bfloat16" and device.type == "cpu" and not has_bfloat16(device):
        raise SettingError("predict.precision", precision, problem="bfloat16 is not supported by this CPU; use float32")
    if precision == "int8" and not all(map(can_be_bytes, bundle.members)):
        problem = "int8 needs a network of one convolution, such as dna-cnn, and an x86 CPU; use bfloat16 or float32"
        raise SettingError("predict.precision", precision, problem=problem)
    if precision != "auto":
        return precision
    if not prefers_bfloat16(device):
        return "float32"
    changed = bundle.calibration.changed.get("bfloat16", 1.0)
    return "bfloat16" if changed <= _CHANGED and lower_precision(bundle) == "bfloat16" else "float32"


def lower_precision(bundle: Bundle) -> str | None:
    """Returns the precision in which a model is faster than in float32 on its device; None if there is none."""
    if all(map(can_fold, bundle.members)):
        # The speed of a table depends on its size.
        return "int8" if all(map(can_be_bytes, bundle.members)) else None
    return "bfloat16" if has_bfloat16(bundle.classifier.device) else None


def ready(bundle: Bundle, precision: str, *, embed: bool = False) -> tuple[Scorer, ...]:
    """Returns the members of a model, prepared for prediction; other arguments and errors are as in `chosen_precision`.

    Args:
        bundle: the model.
        precision: what it computes in.
        embed: whether embeddings are wanted, too; a network that is one linear layer from table to logits has none in
            its table.
    """
    dtype = _TYPES[chosen_precision(bundle, precision)]
    return tuple(_ready(member, dtype, embed) for member in bundle.members)


def _ready(classifier: Classifier, dtype: torch.dtype, embed: bool) -> Scorer:
    if can_fold(classifier) and not (embed and first_is_output(classifier)):
        return FoldedClassifier(classifier, dtype)
    return classifier if dtype == torch.float32 else _Autocast(classifier, dtype)
