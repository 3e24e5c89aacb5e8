"""Table of the generators of negatives, and their common call signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from seqnet.core.registry import Choice, Registry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seqnet.core.alphabets import Alphabet
    from seqnet.core.ragged import Ragged

__all__ = ["NEGATIVES", "NegativeGenerator"]

NEGATIVES = Registry(
    "negatives",
    {
        "uniform": Choice("seqnet.datasets.simulation.composition:uniform", "all symbols equally frequent"),
        "composition": Choice(
            "seqnet.datasets.simulation.composition:composition", "symbol frequencies of the real records"
        ),
        "dinucleotide": Choice(
            "seqnet.datasets.simulation.shuffling:dinucleotide",
            "real records, shuffled with their dinucleotide counts",
        ),
    },
)


class NegativeGenerator(Protocol):
    """Makes one negative for each positive, of the same length and in the same order."""

    def __call__(
        self, positives: Ragged, alphabet: Alphabet, rng: np.random.Generator, frequencies: NDArray[np.float64]
    ) -> Ragged:
        """Returns N sequences of tokens.

        Args:
            positives: N token sequences without `INVALID`; may be a batch of a longer stream.
            alphabet: alphabet of the tokens.
            rng: source of all randomness.
            frequencies: (K,) float64, probability of each canonical symbol over all positives, from
                `composition.symbol_frequencies`.
        """
        ...
