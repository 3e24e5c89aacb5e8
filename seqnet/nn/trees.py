"""Boosted decision trees on a profile: profile (B, F) float32 → logits (B, K) float32.

The trees are tables of numbers, which are stored, moved and applied like any layer. `training.boosting` grows them.

Source: Friedman 2001, "Greedy function approximation: a gradient boosting machine", doi:10.1214/aos/1013203451.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Trees"]


class Trees(nn.Module):
    """A sum of decision trees; its values are zero until it is filled.

    The tables have T trees with N nodes each, in rounds of one tree per logit. Node 0 is the root. A leaf is its own
    branch.

    Args:
        features: F, width of the profile.
        classes: K, number of classes; two classes have one logit z, as (0, z).
        rounds: number of trees for each logit.
        leaves: maximum number of leaves of a tree.
        depth: maximum number of decisions from the root to a leaf.

    Attributes:
        feature: (T, N) int32, index of the profile feature that a node compares.
        bound: (T, N) float32; values up to the bound go to the first branch, larger ones to the second.
        branches: (T, N, 2) int32, nodes of the same tree.
        value: (T, N) float32, value that a leaf adds to its logit.
        start: (K or 1,) float32, the logits before the first tree.
    """

    feature: Tensor
    bound: Tensor
    branches: Tensor
    value: Tensor
    start: Tensor

    def __init__(self, features: int, classes: int, rounds: int, leaves: int, depth: int) -> None:
        super().__init__()
        self.features, self.logits = features, 1 if classes == 2 else classes
        self.depth = depth
        shape = (rounds * self.logits, 2 * leaves - 1)
        self.register_buffer("feature", torch.zeros(shape, dtype=torch.int32))
        self.register_buffer("bound", torch.zeros(shape))
        self.register_buffer("branches", torch.zeros(*shape, 2, dtype=torch.int32))
        self.register_buffer("value", torch.zeros(shape))
        self.register_buffer("start", torch.zeros(self.logits))

    def forward(self, profile: Tensor) -> Tensor:
        """Returns the logits (B, K) of profiles (B, F)."""
        trees, nodes = self.feature.shape
        feature, branches = self.feature.long().flatten(), self.branches.long().flatten()
        bound = self.bound.flatten()
        first = torch.arange(trees, device=profile.device) * nodes  # (T,)
        place = first.expand(profile.shape[0], -1)  # (B, T)
        for _ in range(self.depth):
            above = profile.gather(1, feature[place]) > bound[place]
            place = first + branches[2 * place + above.long()]
        leaves = self.value.flatten()[place].reshape(profile.shape[0], -1, self.logits)  # (B, T) → (B, rounds, K or 1)
        logits = self.start + leaves.sum(dim=1)
        return torch.cat([torch.zeros_like(logits), logits], dim=1) if self.logits == 1 else logits

    def shift(self, offsets: Tensor) -> None:
        """Adds offsets (K,) permanently to the logits."""
        self.start.add_(offsets[1] - offsets[0] if self.logits == 1 else offsets)

    def _load_from_state_dict(self, state: Mapping[str, Any], prefix: str, *more: Any) -> None:
        """Also refuses tables with indices outside the profile or the tree."""
        super()._load_from_state_dict(state, prefix, *more)
        errors: list[str] = more[-1]
        for table, size in ((self.feature, self.features), (self.branches, self.feature.shape[1])):
            if table.numel() and not 0 <= int(table.min()) <= int(table.max()) < size:
                errors.append(f"{prefix}: a table of the trees points beyond its end")
