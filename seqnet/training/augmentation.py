"""Random changes of the training sequences in each epoch, on padded batches on the CPU."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqnet.configs.training import AugmentationConfig
from seqnet.core.alphabets import Alphabet
from seqnet.core.ragged import Ragged
from seqnet.datasets.simulation.negatives import NEGATIVES, NegativeGenerator
from seqnet.nn.batching import Batch
from seqnet.nn.strands import reverse_complement

__all__ = ["Augmentation"]


class Augmentation:
    """Changes batches at random.

    Args:
        config: what is changed.
        alphabet: of the tokens.
        turn: whether half of the sequences are replaced by their reverse complements.
        generators: class index → generator of new records; a class that is missing keeps its own.
        frequencies: (K,) float64, symbol frequencies of the records that stay the same.
    """

    def __init__(
        self,
        config: AugmentationConfig,
        alphabet: Alphabet,
        *,
        turn: bool,
        generators: Mapping[int, str],
        frequencies: NDArray[np.float64],
    ) -> None:
        self._config = config
        self._alphabet = alphabet
        self._generators: Mapping[int, NegativeGenerator] = {
            label: NEGATIVES.load(name) for label, name in generators.items()
        }
        self._frequencies = frequencies
        self._complement = torch.tensor(alphabet.complement.tolist(), dtype=torch.uint8) if turn else None

    def __call__(self, batch: Batch, labels: NDArray[np.int64], rng: np.random.Generator) -> Batch:
        """Returns the batch (B, L), (B,) with labels (B,) int64, changed; its own tensors may be written to."""
        tokens, lengths = batch
        for label, generate in self._generators.items():
            rows = np.flatnonzero(labels == label)
            if len(rows):
                self._regenerate(tokens, lengths, rows, generate, rng)
        if self._config.shift:
            tokens, lengths = self._shift(tokens, lengths, rng)
        if self._config.mutation_rate:
            tokens = self._mutate(tokens, rng)
        if self._complement is not None:
            turned = torch.from_numpy(rng.random(len(tokens)) < 0.5)[:, None]
            tokens = torch.where(turned, reverse_complement(tokens, lengths, self._complement), tokens)
        return tokens, lengths

    def _regenerate(
        self,
        tokens: Tensor,
        lengths: Tensor,
        rows: NDArray[np.int64],
        generate: NegativeGenerator,
        rng: np.random.Generator,
    ) -> None:
        """Writes new sequences of the same lengths over generated ones; a shuffle of a shuffle is a new shuffle."""
        grid, sizes = tokens.numpy(), lengths.numpy()[rows]
        inside = np.arange(grid.shape[1]) < sizes[:, None]  # (R, L)
        fresh = generate(Ragged.from_lengths(grid[rows][inside], sizes), self._alphabet, rng, self._frequencies)
        block = np.zeros((len(rows), grid.shape[1]), dtype=np.uint8)
        block[inside] = fresh.data
        grid[rows] = block

    def _shift(self, tokens: Tensor, lengths: Tensor, rng: np.random.Generator) -> Batch:
        """Cuts up to `shift` symbols from either end; at least one symbol is left."""
        sizes = lengths.numpy()
        most = np.minimum(self._config.shift, (sizes - 1) // 2)
        start = rng.integers(0, most + 1)
        shorter = torch.from_numpy(sizes - start - rng.integers(0, most + 1))
        steps = torch.arange(tokens.shape[1])
        source = (steps + torch.from_numpy(start)[:, None]).clamp(max=tokens.shape[1] - 1)  # (B, L)
        return tokens.gather(1, source).masked_fill(steps >= shorter[:, None], 0), shorter

    def _mutate(self, tokens: Tensor, rng: np.random.Generator) -> Tensor:
        """Replaces symbols by another canonical one, each with the mutation rate."""
        grid, size = tokens.numpy(), self._alphabet.size
        chosen = (rng.random(grid.shape) < self._config.mutation_rate) & (grid >= 1) & (grid <= size)
        step = rng.integers(1, size, grid.shape)
        return torch.from_numpy(np.where(chosen, (grid - 1 + step) % size + 1, grid).astype(np.uint8))
