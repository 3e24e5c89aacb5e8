"""Laboratory sequences, such as tags and adapters, that may show how the records of a class were made.

`TAGS` is the table: name → title, alphabets and sequence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.ragged import Ragged
from seqnet.similarity import reverse_complements

__all__ = ["TAGS", "Tag", "has_tag"]


@dataclass(frozen=True, slots=True)
class Tag:
    """One row of the table of tags.

    Attributes:
        title: name for people.
        alphabets: alphabets of the sequences that it may be in.
        sequence: its symbols, searched at any position; in DNA on both strands.
        source: where the sequence is published.
    """

    title: str
    alphabets: tuple[str, ...]
    sequence: str
    source: str


_NUCLEIC = ("dna", "rna")
_PROTEIN = ("protein",)
_TERPE = "Terpe 2003, doi:10.1007/s00253-002-1158-6"
_ZHAO = "Zhao et al. 2013, doi:10.1155/2013/581093"
_ILLUMINA = "Illumina Adapter Sequences, document 1000000002694"

TAGS: Mapping[str, Tag] = {
    "his6": Tag("His tag", _PROTEIN, "HHHHHH", _TERPE),
    "flag": Tag("FLAG tag", _PROTEIN, "DYKDDDDK", _TERPE),
    "strep": Tag("Strep-tag II", _PROTEIN, "WSHPQFEK", _TERPE),
    "myc": Tag("Myc tag", _PROTEIN, "EQKLISEEDL", _TERPE),
    "ha": Tag("HA tag", _PROTEIN, "YPYDVPDYA", _ZHAO),
    "v5": Tag("V5 tag", _PROTEIN, "GKPIPNPLLGLDST", "Southern et al. 1991, doi:10.1099/0022-1317-72-7-1551"),
    "t7": Tag("T7 tag", _PROTEIN, "MASMTGGQQMG", "Studier et al. 1990, doi:10.1016/0076-6879(90)85008-C"),
    "thrombin": Tag("thrombin site", _PROTEIN, "LVPRGS", _ZHAO),
    "tev": Tag("TEV protease site", _PROTEIN, "ENLYFQ", _ZHAO),
    "truseq": Tag("TruSeq adapter", _NUCLEIC, "AGATCGGAAGAGC", _ILLUMINA),
    "nextera": Tag("Nextera adapter", _NUCLEIC, "CTGTCTCTTATACACATCT", _ILLUMINA),
    "small-rna": Tag("small RNA adapter", _NUCLEIC, "TGGAATTCTCGGGTGCCAAGG", _ILLUMINA),
    "poly-a": Tag("poly-A", _NUCLEIC, "A" * 12, "tails of messenger RNA"),
    "poly-g": Tag("poly-G", _NUCLEIC, "G" * 12, "what sequencers with two colours read where there is no signal"),
}


def has_tag(tag: Tag, tokens: Ragged, alphabet: Alphabet) -> NDArray[np.bool_]:
    """Returns (N,) bool, whether each of N token sequences contains the tag."""
    pattern = alphabet.encode(np.frombuffer(tag.sequence.encode(), dtype=np.uint8))
    found = _has(pattern, tokens)
    if alphabet.has_strands:
        other = reverse_complements(Ragged.from_lengths(pattern, np.array([len(pattern)])), alphabet)
        found |= _has(other.data, tokens)
    return found


def _has(pattern: NDArray[np.uint8], tokens: Ragged) -> NDArray[np.bool_]:
    places = np.arange(max(len(tokens.data) - len(pattern) + 1, 0))
    for offset, token in enumerate(pattern):
        places = places[tokens.data[places + offset] == token]
    sequence = np.searchsorted(tokens.offsets, places, side="right") - 1
    inside = places + len(pattern) <= tokens.offsets[sequence + 1]
    found = np.zeros(len(tokens), dtype=bool)
    found[sequence[inside]] = True
    return found
