"""Similarity by a plain loop, and sequences with planted mutations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from seqnet.core.alphabets import alphabet
from seqnet.core.ragged import Ragged

COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


def encoded(strings: Sequence[str], name: str = "dna") -> Ragged:
    """Returns the tokens of sequences."""
    symbols = Ragged.from_strings(strings)
    return Ragged(alphabet(name).encode(symbols.data), symbols.offsets)


def reverse_complement(string: str) -> str:
    """Returns the reverse complement."""
    return string[::-1].translate(COMPLEMENT)


def random_strings(count: int, length: int, symbols: str = "ACGT", seed: int = 0) -> list[str]:
    """Returns sequences of independent symbols."""
    rng = np.random.default_rng(seed)
    return ["".join(row) for row in rng.choice(list(symbols), (count, length))]


def mutated(string: str, places: Sequence[int], symbols: str = "ACGT") -> str:
    """Returns the sequence with another symbol at each of the positions."""
    out = list(string)
    for place in places:
        out[place] = symbols[(symbols.index(out[place]) + 1) % len(symbols)]
    return "".join(out)


def counted(string: str, k: int, name: str) -> Counter[str]:
    """Returns k-mer → count; the whole sequence if there is no k-mer."""
    canonical = alphabet(name).canonical
    found: Counter[str] = Counter()
    for start in range(len(string) - k + 1):
        kmer = string[start : start + k]
        if all(symbol in canonical for symbol in kmer):
            found[min(kmer, reverse_complement(kmer)) if name == "dna" else kmer] += 1
    whole = min(string, reverse_complement(string)) if name == "dna" else string
    return found or Counter({f"whole {whole}": 1})


def containment(one: str, other: str, k: int, name: str) -> float:
    """Returns the share of the smaller sequence's k-mers that the other one has."""
    ours, theirs = counted(one, k, name), counted(other, k, name)
    return (ours & theirs).total() / min(ours.total(), theirs.total())
