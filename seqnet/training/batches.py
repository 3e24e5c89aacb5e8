"""The batches of an epoch: which sequences, in which order, cut to the window and augmented."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqnet.configs.run import RunConfig
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.simulation.composition import symbol_frequencies
from seqnet.datasets.windows import random_starts
from seqnet.nn.batching import TokenStore, batch_count, epoch_order
from seqnet.nn.networks import Classifier
from seqnet.training.augmentation import Augmentation

__all__ = ["TrainingBatches"]


class TrainingBatches:
    """Makes the training batches of each epoch; the same epoch of the same seed has the same batches.

    Args:
        dataset: its train split is fed.
        config: batch size, balance, seed and augmentation.
        classifier: tells the window, and whether both strands must be seen.

    Attributes:
        class_counts: (K,) int64, training sequences of each class.
        longer: number of training sequences that are longer than the window.
        one_length: whether all batches are of one length.
    """

    def __init__(self, dataset: Dataset, config: RunConfig, classifier: Classifier) -> None:
        self._config = config
        self._window = classifier.window
        self._store = TokenStore(dataset.tokens)
        self._members = dataset.members("train")
        self._labels: NDArray[np.int64] = dataset.labels.astype(np.int64)
        self._targets = dataset.targets
        generators = {dataset.classes.index(name): generator for name, generator in dataset.generators.items()}
        self._augment = Augmentation(
            config.augmentation,
            dataset.alphabet,
            turn=classifier.both_strands or config.augmentation.reverse_complement,
            generators=generators,
            frequencies=self._real_frequencies(dataset, list(generators)),
        )
        self.class_counts = np.bincount(self._labels[self._members], minlength=len(dataset.classes))
        lengths = self._store.lengths[self._members]
        self.longer = int((lengths > self._window).sum())
        self.one_length = len(np.unique(np.minimum(lengths, self._window))) == 1

    def _real_frequencies(self, dataset: Dataset, generated: list[int]) -> NDArray[np.float64]:
        """Returns the symbol frequencies (K,) of the training records that were read, where fresh ones need them."""
        if not (self._config.augmentation.fresh_negatives and generated):
            return np.full(dataset.alphabet.size, 1 / dataset.alphabet.size)
        read = self._members[~np.isin(self._labels[self._members], generated)]
        frequencies: NDArray[np.float64] = symbol_frequencies(dataset.tokens.take(read).data, dataset.alphabet)
        return frequencies

    def steps(self) -> int:
        """Returns the number of batches in an epoch."""
        count = len(self._members)
        if self._config.training.balance == "oversample":
            count = int(self.class_counts.max()) * int((self.class_counts > 0).sum())
        return batch_count(count, self._config.training.batch_size)

    def epoch(self, number: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yields tokens (B, L) uint8, lengths (B,) int64 and targets of the batches of an epoch.

        The targets are labels (B,) int64, or the probabilities (B, K) float32 of a dataset that has them.
        """
        training = self._config.training
        rng = np.random.default_rng([training.seed, number])
        members = self._oversampled(rng) if training.balance == "oversample" else self._members
        for batch in epoch_order(self._store.lengths[members], training.batch_size, rng):
            indices = members[batch]
            labels = self._labels[indices]
            tokens, lengths = self._augment(self._cropped(indices, rng), labels, rng)
            yield tokens, lengths, torch.from_numpy(labels if self._targets is None else self._targets[indices])

    def _cropped(self, indices: NDArray[np.int64], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        if not self.longer:
            return self._store.whole(indices)
        lengths = self._store.lengths[indices]
        start = random_starts(lengths, self._window, rng)
        return self._store.gather(self._store.starts[indices] + start, np.minimum(lengths, self._window))

    def _oversampled(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Returns indices in which every class is as frequent as the largest, each record as often as can be equal."""
        largest = int(self.class_counts.max())
        drawn = []
        for label in np.flatnonzero(self.class_counts):
            members = self._members[self._labels[self._members] == label]
            copies, rest = divmod(largest, len(members))
            drawn += [np.repeat(members, copies), rng.permutation(members)[:rest]]
        return np.concatenate(drawn)
