"""The dense layers and the output of a network: features (B, F) → logits (B, K).

Within `with_embeddings`, every head in evaluation mode returns its logits and the embedding, the input (B, H) of its
output layer, as one tensor (B, K + H). So the code for strands, halved batches and
lookup tables is the same for embeddings and logits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice, pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.configs.networks import NetworkConfig
from seqnet.nn.fast.matmul import Dense
from seqnet.nn.layers.masking import activation, dropped

__all__ = ["Head", "with_embeddings"]

_EMBEDDINGS = ContextVar("_EMBEDDINGS", default=False)


@contextmanager
def with_embeddings(wanted: bool = True) -> Iterator[None]:
    """Within this block and thread, heads return (B, K + H) if it is `wanted`; see the module."""
    token = _EMBEDDINGS.set(wanted)
    try:
        yield
    finally:
        _EMBEDDINGS.reset(token)


class Head(nn.Module):
    """Dense layers and the output: (B, F) → logits (B, K).

    The sigmoid head has one unit z for two classes; its logits are (0, z), so that softmax gives 1 − σ(z) and σ(z).

    Attributes:
        hidden: dense layers before the output.
    """

    def __init__(self, features: int, classes: int, config: NetworkConfig) -> None:
        super().__init__()
        widths = [features, *config.dense]
        rates = list(config.dropout_dense) or [0.0]
        rates = rates * (len(config.dense) + 1) if len(rates) == 1 else rates
        self.hidden = nn.ModuleList(Dense(a, b) for a, b in pairwise(widths))
        self.dropouts = nn.ModuleList(nn.Dropout(rate) for rate in rates)
        self.activation = activation(config.dense_activation)
        self.single = config.head == "sigmoid"
        self.output = nn.Linear(widths[-1], 1 if self.single else classes)

    @property
    def first(self) -> nn.Linear:
        """The layer that takes the features."""
        layer = self.hidden[0] if len(self.hidden) else self.output
        assert isinstance(layer, nn.Linear)
        return layer

    def forward(self, x: Tensor) -> Tensor:
        """Returns the logits (B, K)."""
        x = dropped(self.dropouts[0], x)
        return self.after_first(self.first(x), x)

    @torch.no_grad()
    def shift(self, offsets: Tensor) -> None:
        """Adds offsets (K,) permanently to the logits."""
        self.output.bias.add_(offsets[1] - offsets[0] if self.single else offsets)

    def after_first(self, x: Tensor, inner: Tensor | None = None) -> Tensor:
        """Returns the logits (B, K).

        Args:
            x: output of the first layer.
            inner: input of the first layer, which is the embedding if there is no other layer.
        """
        if len(self.hidden):
            x = self.activation(x)
            # Slicing the module list would create new modules for every batch.
            for dropout, layer in islice(zip(self.dropouts, [*self.hidden, self.output], strict=True), 1, None):
                inner = dropped(dropout, x)
                x = layer(inner)
                x = x if layer is self.output else self.activation(x)
        logits = functional.pad(x, (1, 0)) if self.single else x
        if self.training or inner is None or not _EMBEDDINGS.get():
            return logits
        return torch.cat([logits.float(), inner.float()], dim=1)
