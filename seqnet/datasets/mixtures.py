"""Networks of different kinds for a dataset, if the user names none.

In: a dataset. Out: a `Recipe` for each network of a mixture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.run import compose
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.recipes import LONGER, Recipe, fewer_trees, fitted_to, window_cut

__all__ = ["MOST_KINDS", "choose_mixture"]

_KMERS = "dna-kmers"
_PAIRS = "protein-kmers"
_ANCHORED = "dna-positions"
_WIDE = ("dna-parallel", "dna-parallel-norm", "dna-parallel-3", "dna-parallel-3-norm")
_SLOW = "dna-deep-hybrid"
_MIXTURES: Mapping[str, Sequence[str]] = {
    "dna-hybrid": (_KMERS, _ANCHORED, "dna-hybrid"),
    _SLOW: (_KMERS, _ANCHORED, *_WIDE, _SLOW),
    "protein-hybrid": (_PAIRS, "protein-hybrid"),
    LONGER: (_KMERS, LONGER),
}
"""Preset of the recipe → presets of the mixture that is trained in its place, the fastest first.

With k-mers, a mixture is not far behind the k-mer baseline, however few records there are. `dna-kmers` and
`dna-positions` look at one strand, so they can distinguish a sequence from its reverse complement.
"""

MOST_KINDS = max(len(names) for names in _MIXTURES.values())
"""Maximum number of different networks that are trained by default."""

_VALIDATION = 50
"""Minimum number of validation records that choose the weights of a mixture."""

_NEARLY = 0.9
"""Sequences have nearly one length if 19 of 20 have at least this share of the longest."""

_WORK: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys((_KMERS, _PAIRS, *_WIDE), (40_000_000, 8)),
    _SLOW: (30_000_000, 4),
}
"""Preset → maximum number of symbols that its network sees in a training, and minimum number of epochs.

An LSTM takes several times as long for a symbol as a wide convolution.
"""

_LONGER_EPOCHS, _LONGER_SYMBOLS = 2, 1.5
"""How many times as many epochs, and symbols at most, a wide convolution sees with new shuffles in every epoch."""

_LARGE = 0.25
"""Minimum share of the train records that are shuffles for this."""

_SYMBOLS_PER_KMER = 150
"""Minimum number of symbols in the train split for each different k-mer of the longest length."""

_SHORTEST_KMERS = 2
"""Minimum length of the longest k-mers, however few symbols there are."""

_EARLY_STOPPING = 3
"""A network of a mixture stops after a third of its epochs without improvement."""


def choose_mixture(dataset: Dataset, recipe: Recipe) -> tuple[Recipe, ...]:
    """Returns the recipes of networks of different kinds that are mixed, the fastest first; none for one network.

    Classes of DNA and RNA may differ by motifs anywhere or at fixed positions, on both strands or one, or by their
    k-mers. No single network is good at all of these, so several are trained and weighted on the validation split. For
    proteins, a logistic regression on pairs of residues is better than other networks if records are few
    (docs/results.md).

    Args:
        dataset: what is trained on.
        recipe: of one network for this dataset.
    """
    held_out = dataset.labels[dataset.members("validation")]
    judged = len(held_out) >= _VALIDATION and len(np.unique(held_out)) == len(dataset.classes)
    if dataset.crop or not judged:
        return ()
    lengths = dataset.tokens.lengths[dataset.members("train")]
    anchored = np.quantile(lengths, 0.05) >= _NEARLY * lengths.max()
    names = _MIXTURES[recipe.preset]
    if not anchored:
        names = [name for name in names if name != _ANCHORED]
    if dataset.alphabet.name == "protein":
        names = [_PAIRS if name == _KMERS else name for name in names]
    longer = _mostly_shuffled(dataset, recipe)
    if longer and _epochs(_WIDE[0], lengths, longer=True) > _epochs(_WIDE[0], lengths, longer=False):
        names = [name for name in names if name != _SLOW]
    return tuple(_part_of_mixture(name, dataset, lengths, recipe, longer) for name in names)


def _mostly_shuffled(dataset: Dataset, recipe: Recipe) -> bool:
    """Returns whether new shuffles replace a large share of the train records in every epoch."""
    generated = (name for name in recipe.renewal.generated if dataset.generators[name] == "dinucleotide")
    kinds = [dataset.classes.index(name) for name in (*recipe.renewal.shuffled, *generated)]
    return float(np.isin(dataset.labels[dataset.members("train")], kinds).mean()) >= _LARGE


def _epochs(preset: str, lengths: NDArray[np.int64], *, longer: bool) -> int:
    """Returns the number of epochs for train records of lengths (N,), with limited work."""
    fitted = fitted_to(compose(preset).training, len(lengths))
    epochs = compose(preset, assignments=fitted).training.epochs
    if preset not in _WORK:
        return epochs
    symbols, fewest = _WORK[preset]
    if longer and preset in _WIDE:
        epochs, symbols = epochs * _LONGER_EPOCHS, round(symbols * _LONGER_SYMBOLS)
    return min(epochs, max(fewest, int(symbols // lengths.sum())))


def _part_of_mixture(preset: str, dataset: Dataset, lengths: NDArray[np.int64], recipe: Recipe, longer: bool) -> Recipe:
    """Returns the recipe of one network of a mixture.

    Args:
        preset: of the network.
        dataset: what it is trained on.
        lengths: (N,), of the train records.
        recipe: of one network for this dataset.
        longer: whether wide convolutions are trained for longer.
    """
    training = compose(preset).training
    epochs = _epochs(preset, lengths, longer=longer)
    cut = (
        *window_cut(dataset),
        *fewer_trees(preset, len(dataset.classes)),
        *_shorter_kmers(preset, dataset.alphabet.size, lengths),
    )
    kept = [one for one in fitted_to(training, len(lengths)) if not one.startswith("training.epochs=")]
    changed = [f"training.epochs={epochs}"] if epochs != training.epochs else []
    stopping = f"training.early_stopping={math.ceil(epochs / _EARLY_STOPPING)}"
    return replace(recipe, preset=preset, assignments=(*cut, *changed, *kept, stopping))


def _shorter_kmers(preset: str, symbols: int, lengths: NDArray[np.int64]) -> tuple[str, ...]:
    """Returns the length of the longest k-mers, if the preset's is longer.

    Args:
        preset: of the network.
        symbols: number of symbols of the alphabet.
        lengths: (N,), of the train records.
    """
    longest = compose(preset).network.longest_kmer
    fitting = max(int(math.log(max(lengths.sum() / _SYMBOLS_PER_KMER, 1), symbols)), _SHORTEST_KMERS)
    return (f"network.longest={fitting}",) if fitting < longest else ()
