"""Boosted decision trees on a profile: profile (B, F) float32 → logits (B, K) float32.

The trees are tables of numbers, which are stored, moved and applied like any layer. `training.boosting` grows them.

Source: Friedman 2001, "Greedy function approximation: a gradient boosting machine", doi:10.1214/aos/1013203451.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["Trees"]

_NEVER = float(np.finfo(np.float32).max)
"""Bound that no feature exceeds; weights in files are finite."""

_PLACES = 1 << 22
"""Maximum number of trees times sequences that are computed at once, so that they need less than 100 MB."""


class Trees(nn.Module):
    """A sum of decision trees; its values are zero until it is filled.

    The tables have T trees with N nodes each, in rounds of one tree per logit. Node 0 is the root. A leaf is its own
    branch, and its bound is `_NEVER`. The two branches of other nodes are neighbours, so that one of them is enough to
    find both.

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
        if torch.compiler.is_compiling():
            return self._logits(profile)
        rows = max(_PLACES // len(self.feature), 1)
        return torch.cat([self._logits(part) for part in torch.split(profile, rows)])

    def _logits(self, profile: Tensor) -> Tensor:
        """Returns the logits (B, K) of profiles (B, F), computed at once."""
        (trees, nodes), count = self.feature.shape, profile.shape[0]
        # Numbers of 32 bits take half of the time. They suffice for the places of all values of a batch, or else:
        whole = torch.compiler.is_compiling() or count * self.features >= 1 << 31
        index = torch.int64 if whole else torch.int32
        values = profile.t().reshape(-1)  # (F · B)
        sequence = torch.arange(count, dtype=index, device=profile.device).expand(trees, -1).reshape(-1)  # (T · B)
        feature = (self.feature.to(index) * count).flatten()  # (T · N)
        bound = self.bound.flatten()
        roots = torch.arange(trees, dtype=torch.int32, device=profile.device)[:, None] * nodes  # (T, 1)
        first = (self.branches[:, :, 0] + roots).flatten()
        place = roots.expand(-1, count).reshape(-1)  # (T · B)
        for _ in range(self.depth):
            seen = values.index_select(0, feature.index_select(0, place) + sequence)
            place = first.index_select(0, place) + (seen > bound.index_select(0, place))
        leaves = self.value.flatten().index_select(0, place).reshape(trees, count)
        # In this order in memory, sums of one sequence are the same in any batch.
        logits = self.start + leaves.t().contiguous().reshape(count, -1, self.logits).sum(dim=1)
        return torch.cat([torch.zeros_like(logits), logits], dim=1) if self.logits == 1 else logits

    def shift(self, offsets: Tensor) -> None:
        """Adds offsets (K,) permanently to the logits."""
        self.start.add_(offsets[1] - offsets[0] if self.logits == 1 else offsets)

    def fill(
        self,
        feature: NDArray[np.int32],
        bound: NDArray[np.float32],
        branches: NDArray[np.int32],
        value: NDArray[np.float32],
    ) -> None:
        """Sets the tables from trees whose nodes are in any order; see the attributes for shapes and meanings.

        Raises:
            ValueError: the tables are not trees, or have more decisions than the maximum.
        """
        feature, bound, branches, value = _arranged(feature, bound, branches, value, self.depth)
        for name, table in {"feature": feature, "bound": bound, "branches": branches, "value": value}.items():
            getattr(self, name).copy_(torch.from_numpy(table))

    def _load_from_state_dict(self, state: Mapping[str, Any], prefix: str, *more: Any) -> None:
        """Also refuses tables that are not trees or have indices outside the profile."""
        super()._load_from_state_dict(state, prefix, *more)
        errors: list[str] = more[-1]
        sizes = ((self.feature, self.features), (self.branches, self.feature.shape[1]))
        if any(table.numel() and not 0 <= int(table.min()) <= int(table.max()) < size for table, size in sizes):
            errors.append(f"{prefix}: a table of the trees points beyond its end")
            return
        try:
            self.fill(*(table.cpu().numpy() for table in (self.feature, self.bound, self.branches, self.value)))
        except ValueError as error:
            errors.append(f"{prefix}: {error}")


def _arranged(
    feature: NDArray[np.int32],
    bound: NDArray[np.float32],
    branches: NDArray[np.int32],
    value: NDArray[np.float32],
    depth: int,
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
    """Returns the same trees with their nodes level by level, so that the branches of a node are neighbours.

    Raises:
        ValueError: the tables are not trees, or have more than `depth` decisions from the root to a leaf.
    """
    trees, nodes = feature.shape
    features, bounds, values = np.zeros_like(feature), np.full_like(bound, _NEVER), np.zeros_like(value)
    children = np.broadcast_to(np.arange(nodes, dtype=np.int32)[:, None], branches.shape).copy()
    used = np.ones(trees, dtype=np.int64)
    # The nodes of one level, ordered by tree: its number, and the old and new place in it.
    tree, old, new = np.arange(trees), np.zeros(trees, dtype=np.int64), np.zeros(trees, dtype=np.int64)
    for level in range(depth + 1):
        features[tree, new], values[tree, new] = feature[tree, old], value[tree, old]
        inner = (branches[tree, old] != old[:, None]).any(axis=1)
        tree, old, new = tree[inner], old[inner], new[inner]
        if not len(tree):
            return features, bounds, children, values
        if level == depth:
            break
        bounds[tree, new] = bound[tree, old]
        before = np.arange(len(tree)) - np.searchsorted(tree, tree)  # inner nodes of the same tree on this level
        child = used[tree] + 2 * before
        if child.max() + 1 >= nodes:
            break
        children[tree, new] = np.stack([child, child + 1], axis=1)
        used += 2 * np.bincount(tree, minlength=trees)
        old, new = branches[tree, old].astype(np.int64).ravel(), children[tree, new].astype(np.int64).ravel()
        tree = np.repeat(tree, 2)
    raise ValueError("the tables of the trees are not trees, or deeper than network.tree_depth")
