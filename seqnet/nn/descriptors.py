"""Physico-chemical descriptors of a protein: tokens (B, L) → descriptors (B, D) float32.

They are for the trees beside a network. A tree compares a descriptor with a bound, so the last bit of a descriptor may
change a prediction. Sums are therefore sums of whole numbers, which are the same in any order, with any padding and on
any device: each scale is standardised over the 20 residues, multiplied by 20, and rounded.

A model file names its set of descriptors, for example `protein-1`. A set never changes; a better one gets a new name.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import SettingError
from seqnet.nn.residue_scales import ALIPHATIC, SCALES, TURN_FORMERS

__all__ = ["Descriptors"]

_STEPS = 20
"""Whole numbers per standard deviation of a scale."""
_ENDS = (10, 30, 60)
"""Numbers of residues at either end that have means of their own."""
_WINDOWS = (7, 15, 31)
_HIGH_WINDOW, _HIGH = 15, 0.5
"""The share of residues whose window of this width is above this many standard deviations is a descriptor."""
_LAGS = (1, 2, 3, 4, 5, 7, 10, 15, 20)
_TAG_REGION = 30
"""Residues at either end in which the longest run of histidines is a His tag."""


class Descriptors(nn.Module):
    """The set `protein-1`: means of residue scales, their extremes in windows, autocorrelations, and simple counts.

    For each scale of `residue_scales.SCALES`: the mean of all residues (1); of the first and of the last 10, 30 and 60
    (6); highest, lowest and standard deviation of the means of windows of 7, 15 and 31 (9); the share of windows of 15
    with a mean above half a standard deviation (1); the mean product of residues 1, 2, 3, 4, 5, 7, 10, 15 and 20 apart
    (9). A window is centred at each residue, and has zeros beyond the ends. Then: shares of charged residues, net
    charge per residue and its absolute value, net charge, shares of turn formers and aromatic residues, aliphatic
    index, arginine in R and K, aspartate in D and E, probability that two residues are equal, the longest run of one
    residue, and the longest run of histidine anywhere, in the first 30 and in the last 30 residues (14).

    Args:
        alphabet: alphabet of the tokens; an ambiguity code has the mean of its residues, rounded.
        name: name of the set.

    Raises:
        SettingError: the alphabet is not that of proteins.

    Attributes:
        width: D.

    Source: Chou 2001, doi:10.1002/prot.1035, for the mean products of residues apart; Wilkinson and Harrison 1991,
        doi:10.1038/nbt0591-443, for charge and turn formers; Ikai 1980, doi:10.1093/oxfordjournals.jbchem.a133168, for
        the aliphatic index; scales: see `residue_scales`.
    """

    levels: Tensor

    def __init__(self, alphabet: Alphabet, name: str = "protein-1") -> None:
        super().__init__()
        if alphabet.name != "protein":
            problem = f"must be 'none' for {alphabet.name}: descriptors are for proteins"
            raise SettingError("network.tree_descriptors", name, problem=problem)
        self.symbols = alphabet.canonical
        scales = np.array([[scale[residue] for residue in self.symbols] for scale in SCALES.values()])  # (S, K)
        standard = (scales - scales.mean(axis=1, keepdims=True)) / scales.std(axis=1, keepdims=True)
        levels = np.rint(alphabet.mixture.astype(np.float64) @ np.rint(standard * _STEPS).T)  # (T, S)
        self.register_buffer("levels", torch.tensor(levels, dtype=torch.int32), persistent=False)
        self.width = len(SCALES) * (1 + 2 * len(_ENDS) + 3 * len(_WINDOWS) + 1 + len(_LAGS)) + 14

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Returns the descriptors (B, D) of tokens (B, L) uint8 with lengths (B,) int64."""
        index = tokens.long()
        if torch.compiler.is_compiling():
            # With padding, which changes nothing, no slice below is shorter for some lengths than for others.
            index = nn.functional.pad(index, (0, 1 + max(*_ENDS, *_LAGS, _TAG_REGION)))
        values = nn.functional.embedding(index, self.levels).transpose(1, 2)  # (B, S, L), zeros for padding
        parts = [
            *self._means(values, lengths),
            *self._windows(values, lengths),
            *self._autocorrelations(values, lengths),
        ]
        return torch.cat([*parts, self._counts(index, lengths), self._runs(index, lengths)], dim=1)

    @staticmethod
    def _means(values: Tensor, lengths: Tensor) -> list[Tensor]:
        """Returns the means (B, S) of all values (B, S, L), and of those at either end."""
        parts = [_share(values.sum(dim=2), lengths[:, None])]
        positions = torch.arange(values.shape[2], device=values.device)
        for width in _ENDS:
            counted = lengths.clamp(max=width)[:, None]
            last = positions >= (lengths - width)[:, None, None]  # (B, 1, L)
            parts += [_share(values[:, :, :width].sum(dim=2), counted), _share((values * last).sum(dim=2), counted)]
        return parts

    @staticmethod
    def _windows(values: Tensor, lengths: Tensor) -> list[Tensor]:
        """Returns highest, lowest and standard deviation (B, S) of window means, and the share of high ones."""
        parts, length = [], values.shape[2]
        inside = torch.arange(length, device=values.device) < lengths[:, None, None]  # (B, 1, L)
        side = max(_WINDOWS) // 2
        sums = nn.functional.pad(values, (side + 1, side)).cumsum(dim=2, dtype=torch.int32)  # (B, S, L + 2 · side + 1)
        count = lengths[:, None]
        for width in _WINDOWS:
            start = side - width // 2
            found = sums[:, :, start + width : start + width + length] - sums[:, :, start : start + length]
            found = found * inside
            far = width * 10_000
            highest = found.masked_fill(~inside, -far).amax(dim=2)
            lowest = found.masked_fill(~inside, far).amin(dim=2)
            # Whole numbers up to here; the variance is not negative.
            variance = count * (found * found).sum(dim=2) - found.sum(dim=2) ** 2
            # By a tensor: a GPU multiplies by the reciprocal of a number, which rounds otherwise.
            divisor = torch.full((), width, device=values.device)
            spread = _share(variance, count * count).sqrt() / divisor
            parts += [_share(highest, divisor), _share(lowest, divisor), spread]
            if width == _HIGH_WINDOW:
                high = (found > round(_HIGH * _STEPS * width)) & inside
                parts.append(_share(high.sum(dim=2), count))
        return parts

    @staticmethod
    def _autocorrelations(values: Tensor, lengths: Tensor) -> list[Tensor]:
        """Returns the mean products (B, S) of values (B, S, L) some residues apart; zero for shorter sequences."""
        parts = []
        for lag in _LAGS:
            total = (values[:, :, lag:] * values[:, :, : max(values.shape[2] - lag, 0)]).sum(dim=2)
            parts.append(_share(total, (lengths - lag).clamp(min=1)[:, None]))
        return parts

    def _counts(self, index: Tensor, lengths: Tensor) -> Tensor:
        """Returns the descriptors (B, 10) that are made of counts of residues."""
        kinds = len(self.symbols) + 1
        counts = index.new_zeros(index.shape[0], len(self.levels)).scatter_add_(1, index, torch.ones_like(index))
        counts = counts[:, 1:kinds]  # (B, K)

        def of(residues: str) -> Tensor:
            return counts[:, [self.symbols.index(residue) for residue in residues]].sum(dim=1)

        net = of("RK") - of("DE")
        aliphatic = torch.stack([round(10 * weight) * of(residue) for residue, weight in ALIPHATIC.items()]).sum(dim=0)
        equal = (counts * (counts - 1)).sum(dim=1)
        rows = [
            _share(of("RKDE"), lengths),
            _share(net, lengths),
            _share(net.abs(), lengths),
            net.float(),
            _share(of(TURN_FORMERS), lengths),
            _share(of("FWY"), lengths),
            _share(aliphatic, 10 * lengths),
            _share(of("R"), of("RK").clamp(min=1)),
            _share(of("D"), of("DE").clamp(min=1)),
            _share(equal, (lengths * (lengths - 1)).clamp(min=1)),
        ]
        return torch.stack(rows, dim=1)

    def _runs(self, index: Tensor, lengths: Tensor) -> Tensor:
        """Returns the longest run of one symbol, and of histidine anywhere and at either end (B, 4)."""
        positions = torch.arange(index.shape[1], device=index.device)
        starts = nn.functional.pad(index[:, 1:] != index[:, :-1], (1, 0), value=True)
        run = starts.long().cumsum(dim=1) - 1  # (B, L), number of the run of each position

        def members(chosen: Tensor) -> Tensor:
            """Returns the number of chosen positions (B, L) in each run (B, L)."""
            return torch.zeros_like(index).scatter_add_(1, run, chosen.long())

        tag = index == self.symbols.index("H") + 1
        tags = members(tag)
        at_end = members(tag & (positions >= (lengths - _TAG_REGION)[:, None])) > 0
        rows = [members(index != 0), tags, members(tag & (positions < _TAG_REGION)), tags * at_end]
        return torch.stack([row.amax(dim=1) for row in rows], dim=1).float()


def _share(total: Tensor, count: Tensor) -> Tensor:
    """Returns whole numbers divided by whole numbers as float32."""
    return total.float() / count.float()
