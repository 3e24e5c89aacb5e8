"""The batches of an epoch of new random windows, and of the generated classes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqnet.configs.run import RunConfig
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.simulation.composition import symbol_frequencies
from seqnet.datasets.simulation.negatives import NEGATIVES, NegativeGenerator
from seqnet.datasets.windows import WindowPlaces
from seqnet.nn.batching import TokenStore
from seqnet.training.augmentation import Augmentation

__all__ = ["WindowBatches"]


class WindowBatches:
    """Makes the training batches of each epoch; the same epoch of the same seed has the same batches.

    Every class is drawn equally often. A window of a real class is drawn uniformly over all positions of its blocks; a
    generated record is made from a window of a real class.

    Args:
        dataset: its train split holds the blocks.
        config: batch size, sequences of an epoch, seed and augmentation.
    """

    def __init__(self, dataset: Dataset, config: RunConfig) -> None:
        assert dataset.crop is not None
        self._config, self._crop = config.training, dataset.crop
        self._alphabet = dataset.alphabet
        self._store = TokenStore(dataset.tokens)
        members = dataset.members("train")
        labels = dataset.labels[members]
        self._places = {int(label): self._places_of(members[labels == label]) for label in np.unique(labels)}
        self._generators: dict[int, NegativeGenerator] = {
            dataset.classes.index(name): NEGATIVES.load(generator) for name, generator in dataset.generators.items()
        }
        self._frequencies = symbol_frequencies(dataset.tokens.take(members).data, dataset.alphabet)
        self._augment = Augmentation(
            config.augmentation,
            dataset.alphabet,
            # A genome is read from either strand, and so are the windows that are held out.
            turn=dataset.alphabet.has_strands,
            generators={},
            frequencies=self._frequencies,
        )
        self.longer, self.one_length = 0, True
        self.class_counts = np.full(len(dataset.classes), self._config.epoch_size // len(dataset.classes))

    def _places_of(self, blocks: NDArray[np.int64]) -> WindowPlaces:
        return WindowPlaces.within(self._store.starts[blocks], self._store.lengths[blocks], self._crop)

    def steps(self) -> int:
        """Returns the number of batches in an epoch."""
        return max(self._config.epoch_size // self._config.batch_size, 1)

    def epoch(self, number: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yields tokens (B, L) uint8, lengths (B,) int64 and labels (B,) int64 of the batches of an epoch."""
        rng = np.random.default_rng([self._config.seed, number])
        lengths = torch.full((self._config.batch_size,), self._crop, dtype=torch.int64)
        classes = np.array(sorted({*self._places, *self._generators}))
        for _ in range(self.steps()):
            # If a batch can't be divided evenly among the classes, chance decides which of them have one more.
            labels = rng.permutation(np.resize(rng.permutation(classes), self._config.batch_size)).astype(np.int64)
            rows = np.empty((len(labels), self._crop), dtype=np.uint8)
            for label in np.unique(labels).tolist():
                chosen = np.flatnonzero(labels == label)
                rows[chosen] = self._rows(label, len(chosen), rng)
            tokens, kept = self._augment((torch.from_numpy(rows), lengths), labels, rng)
            yield tokens, kept, torch.from_numpy(labels)

    def _rows(self, label: int, count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Returns new sequences (count, crop) uint8 of a class."""
        if label in self._places:
            return self._places[label].draw(self._store.data, count, rng)
        real = rng.choice(np.array(sorted(self._places)), count)
        drawn = zip(*np.unique(real, return_counts=True), strict=True)
        templates = np.concatenate([self._places[int(one)].draw(self._store.data, int(n), rng) for one, n in drawn])
        column = Ragged.from_lengths(templates.ravel(), np.full(count, self._crop, dtype=np.int64))
        made = self._generators[label](column, self._alphabet, rng, self._frequencies)
        return made.data.reshape(count, self._crop)
