"""Proteins whose solubility depends on their composition, their length and a planted motif.

The model, version 1:
- Length: 40 to 200 aa, uniform in its logarithm. The first residue is M.
- Composition: each protein has its own residue frequencies, a Dirichlet draw around those of Swiss-Prot. Its residues
  are drawn independently with these frequencies.
- Motif: half of the proteins have `MOTIF`. The others have the same residues in another order, so that they differ in
  neighbours and not in composition.
- Label: soluble with probability 1 / (1 + exp(-score)). The score is the sum of standardised features times `WEIGHTS`.
  Charged residues and the motif increase it; hydrophobic or aromatic residues and length decrease it, as for proteins
  expressed in E. coli.

The best possible accuracy is 0.85. Without the motif it is 0.76.

Source of the direction of the effects: Wilkinson & Harrison 1991, doi:10.1038/nbt0591-443; Chang et al. 2014,
doi:10.1093/bib/bbt057. The sizes of the effects are chosen.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import alphabet
from seqnet.core.ragged import Ragged, gather_positions

__all__ = ["MOTIF", "WEIGHTS", "Proteins", "simulate_proteins", "write_proteins"]

MOTIF = "GWDKPHFE"

# Percent of all residues of UniProtKB/Swiss-Prot, in the order of the protein alphabet (A R N D C Q E G H I ...).
# Source: UniProtKB/Swiss-Prot release 2013_04 statistics, amino acid composition,
# https://web.expasy.org/docs/relnotes/relstat.html
_BACKGROUND = np.array(
    [8.25, 5.53, 4.06, 5.45, 1.37, 3.93, 6.75, 7.07, 2.27, 5.96,
     9.66, 5.84, 2.42, 3.86, 4.70, 6.56, 5.34, 1.08, 2.92, 6.87]
)  # fmt: skip

_LENGTHS = (40, 200)
# How close the frequencies of a protein are to the background: the sum of the Dirichlet parameters.
_CONCENTRATION = 50.0

_CHARGED = "DEKR"
_HYDROPHOBIC = "FILMVWY"

# Feature → (mean, standard deviation) under this model, for standardisation.
_SCALES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"charged": (0.247, 0.068), "hydrophobic": (0.329, 0.075), "length": (4.49, 0.47)}
)
# Feature → change of the score per standard deviation; the motif feature is +1 or -1.
WEIGHTS: Mapping[str, float] = MappingProxyType({"charged": 1.6, "hydrophobic": -1.6, "length": -0.8, "motif": 1.7})


@dataclass(frozen=True)
class Proteins:
    """N proteins.

    Attributes:
        tokens: N sequences of tokens.
        has_motif: (N,) bool, whether `MOTIF` was planted.
        probability: (N,) float64, probability that the protein is soluble.
        soluble: (N,) bool, the label.
    """

    tokens: Ragged
    has_motif: NDArray[np.bool_]
    probability: NDArray[np.float64]
    soluble: NDArray[np.bool_]


def simulate_proteins(count: int, rng: np.random.Generator) -> Proteins:
    """Returns `count` proteins with labels."""
    shortest, longest = _LENGTHS
    lengths = np.floor(np.exp(rng.uniform(np.log(shortest), np.log(longest + 1), size=count))).astype(np.int64)
    tokens = _residues(lengths, rng)
    has_motif = rng.random(count) < 0.5
    _plant(tokens, has_motif, rng)
    probability = 1 / (1 + np.exp(-_score(tokens, has_motif)))
    return Proteins(tokens, has_motif, probability, rng.random(count) < probability)


def _residues(lengths: NDArray[np.int64], rng: np.random.Generator) -> Ragged:
    """Returns proteins of `lengths` (N,) int64 that start with M, each with its own residue frequencies."""
    frequencies = rng.dirichlet(_CONCENTRATION * _BACKGROUND / _BACKGROUND.sum(), size=len(lengths))
    bounds = np.cumsum(frequencies, axis=1)[:, :-1]  # (N, K - 1)
    draws = rng.random(int(lengths.sum()))[:, None]  # (ΣL, 1)
    residues = (draws >= np.repeat(bounds, lengths, axis=0)).sum(axis=1) + 1  # (ΣL,)
    tokens = Ragged.from_lengths(residues.astype(np.uint8), lengths)
    tokens.data[tokens.offsets[:-1]] = alphabet("protein").to_token[ord("M")]
    return tokens


def _plant(tokens: Ragged, has_motif: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Writes the motif to the proteins with `has_motif` (N,) bool, and its residues in random order to the others."""
    motif = alphabet("protein").encode(np.frombuffer(MOTIF.encode(), dtype=np.uint8))
    planted = np.tile(motif, (len(tokens), 1))  # (N, 8)
    planted[~has_motif] = rng.permuted(planted[~has_motif], axis=1)
    starts = tokens.offsets[:-1] + rng.integers(1, tokens.lengths - len(motif) + 1)
    tokens.data[gather_positions(starts, np.full(len(tokens), len(motif)))] = planted.ravel()


def _score(tokens: Ragged, has_motif: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Returns the log-odds (N,) float64 that each protein is soluble."""
    features = {
        "charged": _fraction(tokens, _CHARGED),
        "hydrophobic": _fraction(tokens, _HYDROPHOBIC),
        "length": np.log(tokens.lengths),
    }
    score = WEIGHTS["motif"] * np.where(has_motif, 1.0, -1.0)
    for name, values in features.items():
        mean, deviation = _SCALES[name]
        score = score + WEIGHTS[name] * (values - mean) / deviation
    return score


def _fraction(tokens: Ragged, residues: str) -> NDArray[np.float64]:
    """Returns the share (N,) float64 of `residues` in each protein."""
    members = alphabet("protein").encode(np.frombuffer(residues.encode(), dtype=np.uint8))
    return np.add.reduceat(np.isin(tokens.data, members), tokens.offsets[:-1], dtype=np.int64) / tokens.lengths


def write_proteins(path: Path, proteins: Proteins) -> None:
    """Writes the proteins as gzipped FASTA with `label=soluble` or `label=insoluble` in the header.

    The same proteins give the same bytes.
    """
    symbols = Ragged(alphabet("protein").decode(proteins.tokens.data), proteins.tokens.offsets).text()
    words = np.where(proteins.soluble, "soluble", "insoluble").tolist()
    lines = (
        f">sim_{serial} label={word} simulated\n{sequence}\n"
        for serial, (word, sequence) in enumerate(zip(words, symbols, strict=True), 1)
    )
    # The gzip header must contain neither file name nor time.
    with path.open("wb") as file, gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as compressed:
        compressed.write("".join(lines).encode())
