"""A motif, what is known about it, and all motifs of a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.printable import counted
from seqnet.explanation.motifs.matrices import consensus, frequencies, information

__all__ = ["KnownMotif", "Match", "Motif", "Motifs"]


@dataclass(frozen=True)
class KnownMotif:
    """A motif of a file.

    Attributes:
        name: its name, and its other name if it has one.
        shares: (W, S) float64, share of each symbol at each position.
    """

    name: str
    shares: NDArray[np.float64]


@dataclass(frozen=True)
class Match:
    """The known motif that is nearest to a motif.

    Attributes:
        name: that of the known motif.
        p_value: of the similarity, for this one known motif.
        q_value: adjusted for the number of known motifs.
    """

    name: str
    p_value: float
    q_value: float


@dataclass(frozen=True)
class Motif:
    """What a model responds to.

    Attributes:
        name: motif_1 for the one with the largest influence, and so on.
        source: "attributions", or "filter 3, 8": the filters of the first convolution that were merged.
        counts: (W, S) float64, symbols of the hits at each position.
        background: (S,) float64, share of each symbol in the sequences.
        alphabet: alphabet of the symbols.
        hits: number of hits in the sequences.
        records: number of sequences with a hit.
        shuffled: number of shuffled sequences with a hit, out of as many.
        q_value: adjusted p-value of there being more sequences than shuffled sequences with a hit.
        effect: mean change of the explained logit, over sequences with a hit, from hits replaced by background to the
            sequence as it is; positive if the motif is evidence for the class.
        shares: (K,) float64, share of the sequences of each predicted class with a hit; NaN for a class without any.
        labelled: (K,) float64, the same for the true classes; None if they are not known.
        match: the nearest known motif; None if no known motifs were given.
    """

    name: str
    source: str
    counts: NDArray[np.float64]
    background: NDArray[np.float64]
    alphabet: Alphabet
    hits: int
    records: int
    shuffled: int
    q_value: float
    effect: float
    shares: NDArray[np.float64]
    labelled: NDArray[np.float64] | None = None
    match: Match | None = None

    def __len__(self) -> int:
        return len(self.counts)

    @cached_property
    def consensus(self) -> str:
        """One letter for each position."""
        return consensus(self.counts, self.alphabet)

    @cached_property
    def frequencies(self) -> NDArray[np.float64]:
        """(W, S) float64, share of each symbol at each position."""
        return frequencies(self.counts, self.background)

    @cached_property
    def information(self) -> NDArray[np.float64]:
        """(W,) float64, information content of each position in bits, relative to the background."""
        return information(self.counts, self.background)


@dataclass(frozen=True)
class Motifs:
    """The motifs of a model in some sequences, the one with the largest influence first.

    Attributes:
        motifs: the motifs.
        alphabet: of the sequences.
        classes: the K class names.
        background: (S,) float64, share of each symbol in the sequences.
        records: number of sequences.
        both_strands: whether the model predicts on both strands.
        method: of the attributions.
        notes: what a user should know, one line each.
        labelled: whether true classes are known.
        compared: whether motifs were compared with known ones.
    """

    motifs: tuple[Motif, ...]
    alphabet: Alphabet
    classes: tuple[str, ...]
    background: NDArray[np.float64]
    records: int
    both_strands: bool
    method: str
    notes: tuple[str, ...] = ()
    labelled: bool = False
    compared: bool = False

    def __len__(self) -> int:
        return len(self.motifs)

    def __repr__(self) -> str:
        found = ", ".join(motif.consensus for motif in self.motifs[:5])
        more = ", …" if len(self) > 5 else ""
        return f"<seqnet.Motifs: {len(self):,} in {counted(self.records, 'records')}: {found or 'none'}{more}>"

    def __getitem__(self, index: int) -> Motif:
        return self.motifs[index]

    def __iter__(self) -> Iterator[Motif]:
        return iter(self.motifs)
