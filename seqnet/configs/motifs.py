"""How motifs and words are found in what a model predicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.settings import LARGEST_SEED, MOST_RECORDS, Settings, setting
from seqnet.configs.similarity import by_alphabet

__all__ = ["SEQLET_WIDTHS", "WORD_LENGTHS", "MotifOptions", "WordOptions"]

SEQLET_WIDTHS: Mapping[str, int] = {"dna": 10, "rna": 10, "protein": 8}
"""Alphabet → symbols of a stretch whose attributions are added up; the motif may be shorter or longer."""

WORD_LENGTHS: Mapping[str, int] = {"dna": 6, "rna": 6, "protein": 3}
"""Alphabet → length of words: so short that each is in many records."""


@dataclass(frozen=True)
class MotifOptions(Settings):
    """What `explain --motifs` looks at, and what it calls a motif."""

    section: ClassVar[str] = "motifs"

    motif_records: int = setting(
        1000,
        "motifs: use at most this many records, drawn at random; each is also shuffled",
        minimum=2,
        maximum=MOST_RECORDS,
    )
    motif_window: int | None = setting(
        None,
        "motifs: length of the stretches whose attributions are added up " + by_alphabet(SEQLET_WIDTHS),
        minimum=3,
        maximum=100,
    )
    motif_shuffle: str | None = setting(
        None,
        "motifs: shuffled sequences keep the counts of all pairs of neighbours (dinucleotide), or only those of single "
        "symbols [default: dinucleotide; protein: symbols]",
        choices=("dinucleotide", "symbols"),
    )
    motif_fdr: float = setting(
        0.5,
        "motifs: number of stretches with a high attribution in shuffled sequences, divided by that in real ones; the "
        "threshold of attributions is chosen so that this is not exceeded",
        above=0,
        maximum=1,
    )
    motif_q: float = setting(
        0.01,
        "motifs: maximum q-value (adjusted p-value) of being more frequent than in shuffled sequences; 1 keeps the "
        "matrices of all filters",
        above=0,
        maximum=1,
    )
    motif_effect: float = setting(
        0.1,
        "motifs: minimum change of the explained logit by a motif; 0 keeps all",
        minimum=0,
        maximum=1000,
    )
    motif_sites: int = setting(
        20, "motifs: minimum number of stretches, or of hits of a filter, for a motif", minimum=2, maximum=MOST_RECORDS
    )
    seed: int = setting(0, "motifs: random seed of samples and shuffles", minimum=0, maximum=LARGEST_SEED)


@dataclass(frozen=True)
class WordOptions(Settings):
    """What `explain --words` counts."""

    section: ClassVar[str] = "words"

    word_length: int | None = setting(
        None, "words: number of symbols " + by_alphabet(WORD_LENGTHS), minimum=1, maximum=12
    )
    word_q: float = setting(0.05, "words: list words with an adjusted p-value up to this", above=0, maximum=1)
