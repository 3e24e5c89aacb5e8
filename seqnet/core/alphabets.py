"""Symbols ↔ tokens for DNA, RNA and protein.

Token 0 is padding. Tokens 1..K are the canonical symbols. The tokens after these are the ambiguity codes. Each code is
a probability mixture of canonical symbols (R = ½A ½G). The last code means any symbol (N, X) and is also the mask.
Lower case (soft-masked) letters have the same token as upper case letters. A byte outside the alphabet is `INVALID`.

Source of the nucleotide codes: NC-IUB 1985, doi:10.1093/nar/13.9.3021; of the amino acid codes: IUPAC-IUB JCBN 1984,
doi:10.1111/j.1432-1033.1984.tb07877.x.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seqnet.core.errors import GAPS, SettingError

__all__ = [
    "ALPHABETS",
    "INVALID",
    "PADDING",
    "Alphabet",
    "alphabet",
    "can_not_be",
    "guess_alphabet",
    "is_ambiguous",
    "is_gap",
]

PADDING = 0
INVALID = 255
_PIECE = 1 << 22
"""Number of symbols that are translated at once."""
_IS_GAP = np.zeros(256, dtype=bool)
_IS_GAP[[ord(gap) for gap in GAPS]] = True


def is_gap(symbols: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Returns (L,) bool, which symbols (L,) are gaps of an alignment."""
    return _IS_GAP[symbols]


@dataclass(frozen=True)
class Alphabet:
    """A set of symbols with their tokens.

    Attributes:
        name: dna, rna or protein.
        canonical: the K symbols with a one-hot column of their own, in token order.
        ambiguous: code → the canonical symbols that it means; the last code is the mask.
        synonyms: other letter → the symbol that it is read as.
        complements: canonical symbol → its complement; empty for an alphabet without strands.
        stop: symbol that ends a translation and is not a residue; empty if the alphabet has none.
    """

    name: str
    canonical: str
    ambiguous: Mapping[str, str]
    synonyms: Mapping[str, str]
    complements: Mapping[str, str]
    stop: str = ""

    @property
    def size(self) -> int:
        """K, the number of canonical symbols."""
        return len(self.canonical)

    @property
    def symbols(self) -> str:
        """All symbols in token order; symbol i has token i + 1."""
        return self.canonical + "".join(self.ambiguous)

    @property
    def token_count(self) -> int:
        """T, the number of tokens: padding, canonical, ambiguous."""
        return len(self.symbols) + 1

    @property
    def mask_token(self) -> int:
        """Token of the code that means any symbol."""
        return self.token_count - 1

    @property
    def mask_symbol(self) -> str:
        """Code that stands for any symbol: N or X."""
        return self.symbols[-1]

    @property
    def has_strands(self) -> bool:
        """Whether sequences have a reverse complement."""
        return bool(self.complements)

    @cached_property
    def to_token(self) -> NDArray[np.uint8]:
        """(256,) uint8, token of each byte; `INVALID` for a byte outside the alphabet."""
        table = np.full(256, INVALID, dtype=np.uint8)
        letters = {symbol: token for token, symbol in enumerate(self.symbols, 1)}
        letters |= {other: letters[symbol] for other, symbol in self.synonyms.items()}
        for letter, token in letters.items():
            table[ord(letter)] = table[ord(letter.lower())] = token
        return table

    @cached_property
    def to_symbol(self) -> NDArray[np.uint8]:
        """(T,) uint8, the upper-case byte of each token; padding is `-`."""
        return np.frombuffer(("-" + self.symbols).encode(), dtype=np.uint8)

    @cached_property
    def mixture(self) -> NDArray[np.float32]:
        """(T, K) float32, probability of each canonical symbol given the token; padding is all zero."""
        table = np.zeros((self.token_count, self.size), dtype=np.float32)
        table[1 : self.size + 1] = np.eye(self.size, dtype=np.float32)
        for token, members in enumerate(self.ambiguous.values(), self.size + 1):
            for member in members:
                table[token, self.canonical.index(member)] = 1 / len(members)
        return table

    @cached_property
    def complement(self) -> NDArray[np.uint8]:
        """(T,) uint8, token of the complement of each token.

        Raises:
            SettingError: the alphabet has no strands.
        """
        if not self.has_strands:
            raise SettingError("strands", "both", problem=f"must be 'single': {self.name} has no reverse complement")
        members = {symbol: {symbol} for symbol in self.canonical}
        members |= {code: set(stands_for) for code, stands_for in self.ambiguous.items()}
        code_of = {frozenset(stands_for): code for code, stands_for in members.items()}
        pairs = (code_of[frozenset(self.complements[one] for one in members[symbol])] for symbol in self.symbols)
        return np.array([PADDING, *(self.symbols.index(symbol) + 1 for symbol in pairs)], dtype=np.uint8)

    def encode(self, symbols: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Returns the tokens (L,) uint8 of symbols (L,) uint8; `INVALID` for a byte outside the alphabet."""
        # Three times as fast as indexing, for which NumPy first converts every symbol to an 8-byte index.
        if len(symbols) <= _PIECE:
            return np.frombuffer(bytearray(symbols.data).translate(self.to_token.data), dtype=np.uint8)
        tokens = np.empty(len(symbols), dtype=np.uint8)
        for start in range(0, len(symbols), _PIECE):  # each piece is in memory three times
            tokens[start : start + _PIECE] = self.encode(symbols[start : start + _PIECE])
        return tokens

    def decode(self, tokens: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Returns the upper-case symbols (L,) uint8 of tokens (L,) uint8."""
        return self.to_symbol[tokens]


_NUCLEOTIDE_CODES = {
    "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
_AMINO_ACIDS = "ARNDCQEGHILKMFPSTWYV"

ALPHABETS: Mapping[str, Alphabet] = {
    "dna": Alphabet(
        name="dna",
        canonical="ACGT",
        ambiguous=_NUCLEOTIDE_CODES,
        synonyms={},
        complements={"A": "T", "C": "G", "G": "C", "T": "A"},
    ),
    "rna": Alphabet(
        name="rna",
        canonical="ACGU",
        ambiguous={code: members.replace("T", "U") for code, members in _NUCLEOTIDE_CODES.items()},
        synonyms={"T": "U"},
        complements={},
    ),
    # Amino acids are in the order of the dmol-book's tokens, so that its files need no translation.
    # U (selenocysteine) and O (pyrrolysine) are too rare to learn a column from, so they are mixtures of all residues.
    # Gene callers write a stop at the end of a protein. It is not a residue.
    "protein": Alphabet(
        name="protein",
        canonical=_AMINO_ACIDS,
        ambiguous={
            "B": "ND",
            "Z": "QE",
            "J": "IL",
            "U": _AMINO_ACIDS,
            "O": _AMINO_ACIDS,
            "*": "",
            "X": _AMINO_ACIDS,
        },
        synonyms={},
        complements={},
        stop="*",
    ),
}

_LETTERS = {
    "nucleotide": "ACGTUN",
    "IUPAC": "ACGTU" + "".join(_NUCLEOTIDE_CODES),
    "amino acid alone": "EFILPQ",
    "protein": _AMINO_ACIDS + "BZJUOX*",
}

_FOREIGN = 0.1
"""If the share of letters outside an alphabet is larger, the file surely has another alphabet."""
_MANY, _BALANCED, _PURE = 1000, 0.05, 0.99
"""Minimum number of symbols, and minimum shares of the rarest base and of all bases, of what surely is no protein."""


def alphabet(name: str) -> Alphabet:
    """Returns the alphabet with this name.

    Raises:
        SettingError: no alphabet has this name.
    """
    if name not in ALPHABETS:
        raise SettingError("alphabet", name, choices=ALPHABETS)
    return ALPHABETS[name]


def guess_alphabet(symbols: NDArray[np.uint8]) -> str | None:
    """Returns the name of the alphabet that the symbols (L,) uint8 look like; None if they look like none.

    Sequences are nucleotides if at least 90 % of their symbols are A, C, G, T, U or N. No protein is like that. They
    are also nucleotides if at least half of the symbols are, and at most 1 % are letters of amino acids only (E, F, I,
    L, P, Q), which are about a third of the residues of a protein. RNA has more U than T.
    """
    return _guess(_counts(symbols))


def is_ambiguous(symbols: NDArray[np.uint8]) -> bool:
    """Returns whether symbols (L,) uint8 may be either nucleotides or a protein with few kinds of residues.

    Examples are silk (GAGAGS) and linkers (GGGGS): all letters are IUPAC nucleotide codes, but more than 10 % are other
    letters than A, C, G, T, U and N.
    """
    counts = _counts(symbols)
    alone = _share(counts, _LETTERS["amino acid alone"])
    return alone <= 0.01 and _share(counts, _LETTERS["IUPAC"]) >= 0.9 and _share(counts, _LETTERS["nucleotide"]) < 0.9


def can_not_be(symbols: NDArray[np.uint8], alphabet: Alphabet) -> bool:
    """Returns whether symbols (L,) uint8 that look like another alphabet surely do not belong to this one.

    They do not if more than 10 % of the letters are outside the alphabet. Nearly every nucleotide code is also a
    residue. So nucleotides are surely not a protein if there are at least 1,000 symbols, each of A, C, G and T (or U)
    has a share of at least 5 %, and at most 1 % are other letters.
    """
    counts = _counts(symbols)
    known = alphabet.symbols + "".join(alphabet.synonyms)
    foreign = "".join(sorted(set(_LETTERS["protein"] + _LETTERS["IUPAC"]) - set(known)))
    if _share(counts, foreign) > _FOREIGN:
        return True
    if alphabet.name != "protein" or len(symbols) < _MANY or _guess(counts) not in ("dna", "rna"):
        return False
    rarest = min(_share(counts, letters) for letters in ("A", "C", "G", "TU"))
    return rarest >= _BALANCED and _share(counts, _LETTERS["nucleotide"]) >= _PURE


def _counts(symbols: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Returns the count of each byte in symbols (L,) uint8, as (256,) int64; lower case counts as upper case."""
    counts = np.bincount(symbols, minlength=256)
    counts[ord("A") : ord("Z") + 1] += counts[ord("a") : ord("z") + 1]
    counts[ord("a") : ord("z") + 1] = 0
    return counts


def _share(counts: NDArray[np.int64], letters: str) -> float:
    """Returns the share of the given letters among all counted symbols."""
    return float(counts[[ord(letter) for letter in letters]].sum() / max(int(counts.sum()), 1))


def _guess(counts: NDArray[np.int64]) -> str | None:
    if not counts.any():
        return None
    share = {name: _share(counts, letters) for name, letters in _LETTERS.items()}
    coded = share["nucleotide"] >= 0.5 and share["amino acid alone"] <= 0.01 and share["IUPAC"] >= 0.9
    if share["nucleotide"] >= 0.9 or coded:
        return "rna" if counts[ord("U")] > counts[ord("T")] else "dna"
    return "protein" if share["protein"] >= 0.9 else None
