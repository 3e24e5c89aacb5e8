"""What is exported: tokens (B, L) uint8 and lengths (B,) int64 → calibrated probabilities (B, K) float32."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram, export
from torch.nn import functional
from torch.torch_version import TorchVersion

from seqnet.core.errors import SeqnetError
from seqnet.models.bundles import Bundle
from seqnet.models.export.layers import exportable_copy
from seqnet.nn.encoders import LanguageModelStates
from seqnet.nn.layers import MaskedMaxPool, Recurrence
from seqnet.nn.networks import Classifier

__all__ = ["OLDEST_TORCH", "ProbabilityModule", "dynamic_shapes", "exported_program", "fixed_length"]

_FLOOR = 1e-12
"""Smallest probability of which a logarithm is taken, as in calibration."""

OLDEST_TORCH = "2.8"
"""Oldest version of PyTorch that exports models; the extra `export` asks for it, too."""
_MOST_STEPS = 256
"""Longest window for which a recurrence is exported step by step."""


class ProbabilityModule(nn.Module):
    """The members of a model, the weighted mean of their probabilities, and its calibration.

    Args:
        bundle: the model.
        onnx: see `layers.exportable_copy`.
    """

    def __init__(self, bundle: Bundle, *, onnx: bool) -> None:
        super().__init__()
        self.members = nn.ModuleList(exportable_copy(member, onnx=onnx) for member in bundle.members)
        self.weights = bundle.weights
        self.temperature = bundle.calibration.temperature
        # Padding never changes a result. PyTorch exports a layer of a single position in another form.
        self.padding = 0 if fixed_length(bundle, onnx=onnx) else 2 * math.lcm(*map(_pooled, bundle.members))

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Returns the probabilities (B, K) float32, the mean over both strands for a model of both.

        Args:
            tokens: (B, L) uint8, padded with 0.
            lengths: (B,) int64, at least 1.
        """
        tokens = functional.pad(tokens.long(), (0, self.padding))
        found = []
        for member in self.members:
            logits: Tensor = member.strand_logits(tokens, lengths)  # type: ignore[operator]
            found.append(logits.softmax(dim=1))
        mean = sum(weight * one for weight, one in zip(self.weights, found, strict=True))
        assert isinstance(mean, Tensor)
        if self.temperature == 1.0:
            return mean
        return (mean.clamp(min=_FLOOR).log() / self.temperature).softmax(dim=1)


def _pooled(member: Classifier) -> int:
    """Returns the number of positions that become one in the pools of a member."""
    return math.prod(layer.width for layer in member.modules() if isinstance(layer, MaskedMaxPool))


def fixed_length(bundle: Bundle, *, onnx: bool) -> int | None:
    """Returns L, if an exported model takes only batches of this length; None if it takes any length."""
    steps = not onnx and any(_recurrent(member) for member in bundle.members)
    return bundle.window if steps or any(member.flattens for member in bundle.members) else None


def _recurrent(member: Classifier) -> bool:
    return any(isinstance(module, Recurrence) for module in member.modules())


def dynamic_shapes(length: int | None) -> tuple[dict[int, Dim], dict[int, Dim]]:
    """Returns the axes of tokens and lengths that may have any size; L is one of them if `length` is None."""
    batch = Dim("batch")
    return ({0: batch} if length else {0: batch, 1: Dim("length")}, {0: batch})


def exported_program(path: Path, bundle: Bundle, *, onnx: bool) -> ExportedProgram:
    """Returns a model as a program for batches of all shapes; see `fixed_length` for the exception.

    Args:
        path: the file that is to be written, for messages.
        bundle: the model.
        onnx: whether it is for ONNX.

    Raises:
        SeqnetError: the model can't be exported.
    """
    if TorchVersion(torch.__version__) < OLDEST_TORCH:
        problem = f"exporting needs PyTorch {OLDEST_TORCH} or newer, and this is {torch.__version__}"
        raise SeqnetError(str(path), problem, "update it: python -m pip install --upgrade 'seqnet[export]'")
    if any(isinstance(member.encoder, LanguageModelStates) for member in bundle.members):
        problem = "the model needs a language model, which can't be exported"
        raise SeqnetError(str(path), problem, "export a model with another encoder than plm")
    length = fixed_length(bundle, onnx=onnx)
    if not onnx and any(map(_recurrent, bundle.members)) and bundle.window > _MOST_STEPS:
        problem = f"recurrent layers are exported step by step, for at most {_MOST_STEPS} symbols"
        raise SeqnetError(str(path), f"{problem}; the model has a window of {length:,}", "use --onnx")
    # PyTorch takes sizes of 0 and 1, and sizes that are equal to others, for fixed ones.
    width = length or max(bundle.window, 61)
    example = (torch.ones((5, width), dtype=torch.uint8), torch.full((5,), width))
    with torch.no_grad():
        return export(
            ProbabilityModule(bundle, onnx=onnx).eval(), example, dynamic_shapes=dynamic_shapes(length), strict=False
        )
