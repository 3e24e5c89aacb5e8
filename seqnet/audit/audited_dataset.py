"""Data that several checks of an audit use, computed at first use: duplicates, and a sample of records."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seqnet.audit.duplicate_pairs import DuplicatePairs
from seqnet.audit.shortcuts import ShortcutSample, draw_shortcut_sample
from seqnet.configs.audit import AuditOptions
from seqnet.datasets.dataset import Dataset
from seqnet.similarity import sequence_hashes, similar_pairs

__all__ = ["AuditedDataset", "NearDuplicates"]

# Limits a quick audit to a few seconds.
_QUICK_QUERIES = 50_000
_QUICK_SYMBOLS = 20_000_000


@dataclass(frozen=True)
class NearDuplicates:
    """Near-duplicates among N records.

    Attributes:
        pairs: pairs of near-duplicates, without pairs of equal sequences.
        queried: (M,) int64, ascending, records whose near-duplicates were looked for.
        limits: one line for each limit that left records or pairs out.
    """

    pairs: DuplicatePairs
    queried: NDArray[np.int64]
    limits: tuple[str, ...]


@dataclass(frozen=True)
class AuditedDataset:
    """A dataset with the data that its audit needs.

    Attributes:
        dataset: N records.
        options: similarity thresholds and amount of work.
        quick: whether to look at less data.
    """

    dataset: Dataset
    options: AuditOptions
    quick: bool

    @cached_property
    def held_out(self) -> NDArray[np.int64]:
        """(M,) int64, records of the validation and test splits."""
        return np.flatnonzero(self.dataset.split != 0)

    @cached_property
    def original(self) -> NDArray[np.int64]:
        """(N,) int64, the first record with the same sequence as each record."""
        _, first, which = np.unique(sequence_hashes(self.dataset.tokens), return_index=True, return_inverse=True)
        return np.asarray(first[which], dtype=np.int64)

    @cached_property
    def near(self) -> NearDuplicates:
        """Near-duplicates, in a sample if there are too many records."""
        rng = np.random.default_rng(self.options.seed)
        count, limits = len(self.dataset), []
        among = self._affordable(rng)
        if len(among) < count:
            limits.append(f"looked for among {len(among):,} of {count:,} records, a sample: there are more")
        queried = np.arange(len(among))
        if self.quick and len(among) > _QUICK_QUERIES:
            queried = np.sort(rng.choice(len(among), _QUICK_QUERIES, replace=False))
            limits.append("in a sample of the records")
        tokens = self.dataset.tokens.take(among) if len(among) < count else self.dataset.tokens
        found = similar_pairs(
            tokens, self.dataset.alphabet, self.options.near, k=self.options.kmer, queries=queried if limits else None
        )
        # `original` refers to all records: the first record with a sequence may not be in the sample.
        first, second = self.original[among[found.first]], self.original[among[found.second]]
        pairs = DuplicatePairs(self.original, first, second, found.similarity)
        return NearDuplicates(pairs, among[queried], (*limits, *found.limits()))

    def _affordable(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Returns a sample of records (M,) int64, ascending, with a limited number of symbols."""
        lengths = self.dataset.tokens.lengths
        most = min(self.options.symbols, _QUICK_SYMBOLS) if self.quick else self.options.symbols
        if lengths.sum() <= most:
            return np.arange(len(lengths))
        order = rng.permutation(len(lengths))
        number = int(np.searchsorted(np.cumsum(lengths[order]), most, side="right"))
        return np.sort(order[: max(number, 1)])

    @cached_property
    def sample(self) -> ShortcutSample:
        """Training records that shortcuts are measured on."""
        return draw_shortcut_sample(self.dataset, self.options.records, self.options.seed)
