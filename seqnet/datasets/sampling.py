"""A random sample of the labelled sequences of a split, for work that does not need all of them.

In: a dataset, and how many records at most. Out: N token sequences with labels (N,), the same for the same seed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.simulation.composition import symbol_frequencies
from seqnet.datasets.simulation.negatives import NEGATIVES
from seqnet.datasets.windows import WindowPlaces, turn_at_random

__all__ = ["LabelledSample", "draw_labelled_sample"]


class LabelledSample(NamedTuple):
    """N labelled sequences.

    Attributes:
        tokens: token sequences, at least N; not copied, because they may be large.
        members: (N,) int64, which of these.
        labels: (N,) int64, class in the order of the dataset.
        available: number of records that they were drawn from; None if it has no limit.
    """

    tokens: Ragged
    members: NDArray[np.int64]
    labels: NDArray[np.int64]
    available: int | None


def draw_labelled_sample(dataset: Dataset, split: str, most: int, rng: np.random.Generator) -> LabelledSample:
    """Returns the records of a split, or about `most` of them, in file order.

    They are drawn without replacement, from each class by its share and one at least.

    If training draws windows from the train split (`Dataset.crop`), so does this: the same number of each class,
    including generated classes.
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
    """Returns `count` windows of each class: cut from blocks where it has some, else generated from those of others."""
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
    """Returns `count` windows drawn uniformly over all places of blocks (M,) int64, from either strand of DNA."""
    places = WindowPlaces.within(dataset.tokens.offsets[blocks], dataset.tokens.lengths[blocks], crop)
    rows = places.draw(dataset.tokens.data, count, rng)
    if dataset.alphabet.has_strands:
        turn_at_random(rows, dataset.alphabet.complement, rng)
    return Ragged.from_lengths(rows.ravel(), np.full(count, crop, dtype=np.int64))
