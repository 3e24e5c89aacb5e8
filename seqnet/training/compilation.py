"""Compiles the network of a training step with `torch.compile`."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from seqnet.core.errors import ResourceError
from seqnet.nn.fast.capabilities import recurrent
from seqnet.nn.layers import Recurrence
from seqnet.nn.networks import Classifier

__all__ = ["compiled", "release"]


_FAILURES = ("BackendCompilerFailed", "InductorError")


def compiled(classifier: Classifier) -> Callable[[Tensor, Tensor | None], Tensor]:
    """Returns tokens (B, L), lengths (B,) or None → logits (B, K), as the classifier does, compiled at the first batch.

    Args:
        classifier: on the device that it computes on; its batches have one shape, except for the last of an epoch, so
            that CUDA can replay a step as a graph. After its training, it must be released.
    """
    # What other runs of this process have compiled counts towards a limit, beyond which nothing is.
    torch.compiler.reset()
    # Compiled, a recurrence is a sequence of single steps, which takes minutes to compile and is slower.
    _set_operation(classifier, torch.compiler.disable(recurrent))  # type: ignore[no-untyped-call]
    mode = "reduce-overhead" if classifier.device.type == "cuda" else "default"
    network = torch.compile(classifier, mode=mode, dynamic=False)

    def forward(tokens: Tensor, lengths: Tensor | None) -> Tensor:
        # The result of the last step may be overwritten from here on.
        torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
        try:
            logits: Tensor = network(tokens, lengths)
        except Exception as error:
            # By its name: what PyTorch calls private may be elsewhere in another version.
            if type(error).__name__ not in _FAILURES:
                raise
            problem = _cause(str(error))
            remedy = "install a C++ compiler, or leave it out" if "InvalidCxxCompiler" in problem else "leave it out"
            raise ResourceError("training.compile", problem, remedy) from error
        return logits

    return forward


def release(classifier: Classifier) -> None:
    """Makes a classifier independent of the compiler again, so that it can be pickled and exported."""
    _set_operation(classifier, recurrent)


def _set_operation(classifier: Classifier, operation: Callable[..., tuple[Tensor, Tensor]]) -> None:
    for module in classifier.modules():
        if isinstance(module, Recurrence):
            module.operation = operation


def _cause(text: str) -> str:
    """Returns the line of PyTorch's error message that names the cause.

    PyTorch 2.6 has the line "backend='inductor' raised:" before it, which newer versions have not.
    """
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    return next((line for line in lines if not line.endswith("raised:")), text.strip())
