"""Sampling of the labelled sequences that baselines are fitted to.

In: a dataset, and a maximum number of records. Out: N token sequences with labels (N,), the same for the same seed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.core.records import Ragged
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.simulation.composition import symbol_frequencies
from seqnet.datasets.simulation.negatives import NEGATIVES

__all__ = ["LabelledSample", "draw_labelled_sample"]


class LabelledSample(NamedTuple):
    """N labelled sequences.

    Attributes:
        tokens: at least N token sequences; they are not copied, because together they may be large.
        members: (N,) int64, indices of the sampled sequences.
        labels: (N,) int64, class in the order of the dataset.
        available: number of records that the sample was drawn from; None if windows are drawn.
    """

    tokens: Ragged
    members: NDArray[np.int64]
    labels: NDArray[np.int64]
    available: int | None


def draw_labelled_sample(dataset: Dataset, split: str, most: int, rng: np.random.Generator) -> LabelledSample:
    """Returns the records of a split, or a sample of about `most` of them, in file order.

    Records are drawn without replacement, from each class in proportion to its share and at least one.

    If training draws windows from the train split (`Dataset.crop`), so does this function: equal numbers of each class,
    with generated classes.
    """
    if dataset.crop is not None and split == "train":
        return _draw_windows(dataset, dataset.crop, most // len(dataset.classes), rng)
    members = dataset.members(split)
    available = len(members)
    if available > most:
        labels = dataset.labels[members]
        drawn = []
        for label in np.unique(labels):
            own = members[labels == label]
            drawn.append(rng.choice(own, max(1, round(len(own) * most / available)), replace=False))
        members = np.sort(np.concatenate(drawn))
    return LabelledSample(dataset.tokens, members, dataset.labels[members].astype(np.int64), available)


def _draw_windows(dataset: Dataset, crop: int, count: int, rng: np.random.Generator) -> LabelledSample:
    """Returns `count` windows of each class: cut from its blocks, or generated if it has none."""
    blocks = dataset.members("train")
    labels = dataset.labels[blocks]
    columns, classes = [], []
    for label, name in enumerate(dataset.classes):
        own = blocks[labels == label]
        if not len(own) and (not len(blocks) or name not in dataset.generators):
            continue
        windows = _cut(dataset, own if len(own) else blocks, crop, count, rng)
        if not len(own):
            frequencies = symbol_frequencies(windows.data, dataset.alphabet)
            windows = NEGATIVES.load(dataset.generators[name])(windows, dataset.alphabet, rng, frequencies)
        columns.append(windows)
        classes.append(np.full(count, label, dtype=np.int64))
    tokens = Ragged.concatenate(columns)
    return LabelledSample(tokens, np.arange(len(tokens)), np.concatenate([*classes, np.empty(0, np.int64)]), None)


def _cut(dataset: Dataset, blocks: NDArray[np.int64], crop: int, count: int, rng: np.random.Generator) -> Ragged:
    """Returns `count` windows drawn uniformly over all positions of blocks (M,) int64, from either strand of DNA."""
    ends = np.cumsum(dataset.tokens.lengths[blocks] - crop + 1)  # (M,)
    drawn = rng.integers(0, ends[-1], count)
    of = np.searchsorted(ends, drawn, side="right")
    starts = dataset.tokens.offsets[blocks[of]] + drawn - np.concatenate([[0], ends[:-1]])[of]
    rows = dataset.tokens.data[starts[:, None] + np.arange(crop)]  # (count, crop)
    if dataset.alphabet.has_strands:
        turned = rng.random(count) < 0.5
        rows[turned] = dataset.alphabet.complement[rows[turned, ::-1]]
    return Ragged.from_lengths(rows.ravel(), np.full(count, crop, dtype=np.int64))
