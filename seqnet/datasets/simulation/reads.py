"""Reads from a simulated contig with the features of short human reads: few CpG, repeats, both strands.

The model, version 1:
- Background: a first-order Markov chain with the dinucleotide frequencies of the human genome, the same on both
  strands (CpG has 0.24 of the frequency that C and G would give).
- Interspersed repeats: `FAMILIES` of fixed consensus sequences, which are drawn from the background. Copies are cut
  from the consensus on either strand and diverged by substitutions. Each class has the share of the contig that it has
  in the human genome, less where copies overlap. The first class ends in poly-A.
- Tandem repeats: units of 1 to 6 bp, repeated over 24 to 60 bp.
- Reads: uniform positions on both strands, without sequencing errors.

A contig is an array of tokens (L,) uint8 of the DNA alphabet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam
from numpy.typing import NDArray

from seqnet.core.alphabets import alphabet

__all__ = ["FAMILIES", "Family", "SimulatedReads", "draw_reads", "simulate_contig", "transition_matrix", "write_reads"]

MODEL_VERSION = 1

# Millions of dinucleotides in hg19; rows are the first base, columns the second base, both in the order A C G T.
# Source: Love 2011, counted with RSAT count-words, https://mikelove.wordpress.com/2011/12/02/2-mers/
_DINUCLEOTIDES = np.array(
    [
        [279.49, 143.90, 199.88, 220.89],
        [207.35, 148.89, 28.16, 199.99],
        [169.60, 121.93, 148.97, 144.23],
        [187.72, 169.67, 207.72, 280.28],
    ]
)

# The families belong to the model and not to the sample, so that all seeds have the same families.
_FAMILY_SEED = 36
_CHAIN_LENGTH = 1000
_TANDEM_SHARE = 0.03
_TANDEM_LENGTHS = (24, 60)
_TANDEM_DIVERGENCE = 0.05
_POLY_A = 20
# Substitutions without CpG depletion leave too many CpG in the repeats. This reduces the contig to the CpG of hg19.
_CPG_DECAY = 0.37


@dataclass(frozen=True, slots=True)
class Family:
    """A class of interspersed repeats.

    Attributes:
        name: class of repeats that the family represents.
        length: length of the consensus, bp.
        copy_length: length of each copy, bp.
        share: share of the contig that is covered by copies.
        divergence: minimum and maximum substitutions per base of a copy.
        poly_a: whether the consensus ends in poly-A.
    """

    name: str
    length: int
    copy_length: int
    share: float
    divergence: tuple[float, float]
    poly_a: bool = False


# Source of the shares: International Human Genome Sequencing Consortium 2001, doi:10.1038/35057062, table 11.
FAMILIES: Sequence[Family] = (
    Family("SINE", 300, 300, 0.13, (0.05, 0.15), poly_a=True),
    Family("LINE", 3000, 900, 0.20, (0.05, 0.25)),
    Family("LTR", 500, 400, 0.08, (0.10, 0.25)),
    Family("DNA", 250, 250, 0.03, (0.10, 0.25)),
)


@dataclass(frozen=True)
class SimulatedReads:
    """N reads of L bp.

    Attributes:
        starts: (N,) int64, 0-based start on the contig.
        reverse: (N,) bool, whether the read is from the reverse strand.
        tokens: (N, L) uint8, as read; reads of the reverse strand are reverse-complemented.
    """

    starts: NDArray[np.int64]
    reverse: NDArray[np.bool_]
    tokens: NDArray[np.uint8]


def transition_matrix() -> NDArray[np.float64]:
    """Returns (4, 4) float64, probability of the column's base after the row's base, in the order A C G T."""
    counts = _both_strands()
    totals: NDArray[np.float64] = counts.sum(axis=1, keepdims=True)
    return counts / totals


def _both_strands() -> NDArray[np.float64]:
    """Returns the sum of the dinucleotide counts (4, 4) float64 of both strands; base i pairs with base 3 - i."""
    other_strand: NDArray[np.float64] = _DINUCLEOTIDES[::-1, ::-1].T
    return _DINUCLEOTIDES + other_strand


def simulate_contig(length: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Returns a contig (length,) uint8 with repeats.

    Args:
        length: bp, at least 1,000, which is the longest element of the model.
        rng: source of all randomness except for the consensus sequences.
    """
    contig = _background(length, rng)
    consensus_rng = np.random.default_rng(_FAMILY_SEED)
    for family in FAMILIES:
        consensus = _background(family.length, consensus_rng)
        if family.poly_a:
            consensus[-_POLY_A:] = alphabet("dna").to_token[ord("A")]
        copies = _copies(family, consensus, round(family.share * length / family.copy_length), rng)
        starts = rng.integers(0, length - family.copy_length + 1, size=len(copies))
        contig[starts[:, None] + np.arange(family.copy_length)] = copies
    _lay_tandem_repeats(contig, rng)
    _decay_cpg(contig, rng)
    return contig


def _background(length: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Returns (length,) uint8 tokens of the background, generated as parallel chains of 1,000 bp."""
    counts = _both_strands()
    bounds = np.cumsum(transition_matrix(), axis=1)[:, :3]  # (4, 3)
    first = np.cumsum(counts.sum(axis=1) / counts.sum())[:3]  # (3,)
    draws = rng.random((_CHAIN_LENGTH, -(-length // _CHAIN_LENGTH)))
    bases = np.empty(draws.shape, dtype=np.uint8)
    bases[0] = np.searchsorted(first, draws[0], side="right")
    for step in range(1, _CHAIN_LENGTH):
        bases[step] = (draws[step][:, None] >= bounds[bases[step - 1]]).sum(axis=1)
    return bases.T.ravel()[:length] + np.uint8(1)


def _copies(family: Family, consensus: NDArray[np.uint8], count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Returns `count` copies (count, copy_length) uint8 of random parts of the consensus (length,) uint8."""
    starts = rng.integers(0, family.length - family.copy_length + 1, size=count)
    copies = consensus[starts[:, None] + np.arange(family.copy_length)]  # (count, copy_length)
    reverse = rng.random(count) < 0.5
    copies[reverse] = alphabet("dna").complement[copies[reverse, ::-1]]
    return _substituted(copies, rng.uniform(*family.divergence, size=(count, 1)), rng)


def _lay_tandem_repeats(contig: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Writes tandem repeats at random positions of the contig (L,) uint8."""
    shortest, longest = _TANDEM_LENGTHS
    count = round(_TANDEM_SHARE * len(contig) / ((shortest + longest) / 2))
    units = rng.integers(1, 5, size=(count, 6)).astype(np.uint8)
    place = np.arange(longest)
    repeats = np.take_along_axis(units, place % rng.integers(1, 7, size=(count, 1)), axis=1)  # (count, longest)
    repeats = _substituted(repeats, np.full((count, 1), _TANDEM_DIVERGENCE), rng)
    starts = rng.integers(0, len(contig) - longest + 1, size=(count, 1))
    inside = place < rng.integers(shortest, longest + 1, size=(count, 1))
    contig[(starts + place)[inside]] = repeats[inside]


def _decay_cpg(contig: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Changes part of the CpG in the contig (L,) uint8 to TpG and CpA, as methylation does on either strand."""
    A, C, G, T = alphabet("dna").encode(np.frombuffer(b"ACGT", dtype=np.uint8))
    places = np.flatnonzero((contig[:-1] == C) & (contig[1:] == G))
    places = places[rng.random(len(places)) < _CPG_DECAY]
    forward = rng.random(len(places)) < 0.5
    contig[places[forward]] = T
    contig[places[~forward] + 1] = A


def _substituted(tokens: NDArray[np.uint8], rates: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Returns tokens (N, L) uint8 with each base replaced by one of the three others at `rates` (N, 1) float64."""
    step = rng.integers(1, 4, size=tokens.shape) * (rng.random(tokens.shape) < rates)
    return ((tokens - 1 + step) % 4 + 1).astype(np.uint8)


def draw_reads(contig: NDArray[np.uint8], count: int, length: int, rng: np.random.Generator) -> SimulatedReads:
    """Returns `count` reads of `length` bp from uniform positions and both strands of the contig (L,) uint8."""
    starts = rng.integers(0, len(contig) - length + 1, size=count)
    reverse = rng.random(count) < 0.5
    tokens = contig[starts[:, None] + np.arange(length)]  # (N, L)
    tokens[reverse] = alphabet("dna").complement[tokens[reverse, ::-1]]
    return SimulatedReads(starts, reverse, tokens)


def write_reads(path: Path, reads: SimulatedReads, seed: int) -> None:
    """Writes the reads as unaligned BAM; the same reads and seed give the same bytes.

    Read names are `sim:START:STRAND:SERIAL`. START has six digits, so that all digits before the last four are the
    number of the 10 kb stretch.
    """
    header = {
        "HD": {"VN": "1.6", "SO": "unsorted"},
        "CO": [f"simulated, not from any organism: seqnet reads model {MODEL_VERSION}, seed {seed}"],
    }
    symbols = alphabet("dna").decode(reads.tokens)
    with pysam.AlignmentFile(str(path), "wb", header=header) as bam:
        places = zip(reads.starts.tolist(), reads.reverse.tolist(), strict=True)
        for serial, (start, reverse) in enumerate(places):
            read = pysam.AlignedSegment(bam.header)
            read.query_name = f"sim:{start:06}:{'-' if reverse else '+'}:{serial}"
            read.query_sequence = symbols[serial].tobytes().decode()
            read.flag = pysam.FUNMAP
            bam.write(read)
