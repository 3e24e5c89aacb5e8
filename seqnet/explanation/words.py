"""Words: k-mers that are in more records of one predicted class than in those of the others.

A record counts once for a word, however often it has it, so that repeats do not count more. For a model that predicts
on both strands, a word and its reverse complement are one word. The p-value is that of Fisher's exact test for more
records of the class with the word, adjusted for all words and classes.

Source: Fisher 1922, doi:10.2307/2340521; Benjamini & Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x; Haldane
1956, doi:10.1111/j.1469-1809.1955.tb01285.x (the odds ratio, with one half added to each count).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, hypergeom

from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import SettingError
from seqnet.core.kmers import kmer_codes
from seqnet.core.ragged import Ragged

__all__ = ["Word", "WordCounts", "WordRow", "Words"]

_MOST = 1 << 24
"""Maximum number of different words; their counts take eight bytes for each class."""


@dataclass(frozen=True)
class Word:
    """A word that is over-represented in a class.

    Attributes:
        text: its symbols; of a word and its reverse complement, the one that is first in the alphabet.
        label: index of the class.
        inside: records of the class that have it.
        outside: other records that have it.
        odds: odds ratio.
        p_value: of Fisher's exact test, one-sided.
        q_value: adjusted for all words and classes.
    """

    text: str
    label: int
    inside: int
    outside: int
    odds: float
    p_value: float
    q_value: float


class WordCounts:
    """Counts of the records of each class that have each word.

    Args:
        alphabet: of the records.
        classes: K, number of classes.
        k: length of a word.
        both_strands: whether a word and its reverse complement are one.

    Raises:
        SettingError: there are too many words of this length.

    Attributes:
        records: (K,) int64, number of records of each class so far.
    """

    def __init__(self, alphabet: Alphabet, classes: int, k: int, *, both_strands: bool) -> None:
        longest = int(np.log(_MOST) / np.log(alphabet.size))
        if k > longest:
            raise SettingError("words.word_length", k, f"at most {longest} for {alphabet.name}")
        self.alphabet, self.k, self.both_strands = alphabet, k, both_strands
        self.records = np.zeros(classes, dtype=np.int64)
        self._with = np.zeros((classes, alphabet.size**k), dtype=np.int64)

    def add(self, tokens: Ragged, labels: NDArray[np.int64]) -> None:
        """Counts N records.

        Args:
            tokens: N token sequences.
            labels: (N,) int64, index of the class; -1 for a record that does not count.
        """
        chosen = np.flatnonzero(labels >= 0)
        self.records += np.bincount(labels[chosen], minlength=len(self.records))
        codes, record = kmer_codes(tokens.take(chosen), self.alphabet, self.k, both_strands=self.both_strands)
        once = np.unique(np.stack([record, codes.astype(np.int64)]), axis=1)
        np.add.at(self._with, (labels[chosen][once[0]], once[1]), 1)

    def words(self, most: float) -> list[Word]:
        """Returns the words with an adjusted p-value up to `most`, by class, the lowest p-value first."""
        total = self._with.sum(axis=0)
        seen = np.flatnonzero(total)  # (V,)
        if not len(seen):
            return []
        inside = self._with[:, seen]  # (K, V)
        sizes, every = self.records[:, None], int(self.records.sum())
        # Records with the word in the class, out of all with the word, all records and those of the class.
        p_values = hypergeom.sf(inside - 1, every, sizes, total[seen])
        q_values = false_discovery_control(np.clip(p_values, 0, 1).ravel()).reshape(p_values.shape)
        outside = total[seen] - inside
        odds = (inside + 0.5) * (every - sizes - outside + 0.5) / ((outside + 0.5) * (sizes - inside + 0.5))
        found = []
        for label in range(len(self.records)):
            # A word in all records of the only class there is has p = 1, and so is left out below 1.
            chosen = np.flatnonzero((q_values[label] <= most) & (odds[label] > 1) & (inside[label] > 0))
            chosen = chosen[np.lexsort((seen[chosen], -odds[label][chosen], p_values[label][chosen]))]
            for at in chosen.tolist():
                numbers = (float(table[label, at]) for table in (odds, p_values, q_values))
                word = self._text(int(seen[at]))
                found.append(Word(word, label, int(inside[label, at]), int(outside[label, at]), *numbers))
        return found

    def _text(self, code: int) -> str:
        """Returns the symbols of a code."""
        letters = []
        for _ in range(self.k):
            code, digit = divmod(code, self.alphabet.size)
            letters.append(self.alphabet.canonical[digit])
        return "".join(reversed(letters))


class WordRow(NamedTuple):
    """A word as a row of a table.

    Attributes:
        word: its symbols.
        label: name of the class.
        records_with: records of the class that have it.
        records: records of the class.
        others_with: other records that have it.
        others: other records.
        odds_ratio: see `Word`, likewise the other two.
    """

    word: str
    label: str
    records_with: int
    records: int
    others_with: int
    others: int
    odds_ratio: float
    p_value: float
    q_value: float


@dataclass(frozen=True)
class Words:
    """The words that are over-represented in a class, by class, the lowest p-value first.

    Attributes:
        words: the words.
        classes: the K class names.
        records: (K,) int64, number of records of each predicted class.
    """

    words: tuple[Word, ...]
    classes: tuple[str, ...]
    records: NDArray[np.int64]

    COLUMNS: ClassVar = ("word", "class", *WordRow._fields[2:])

    @classmethod
    def of(cls, counts: WordCounts, most: float, classes: tuple[str, ...]) -> Self:
        """Returns the words with an adjusted p-value up to `most`."""
        return cls(tuple(counts.words(most)), classes, counts.records)

    def rows(self) -> Iterator[WordRow]:
        """Yields a row for each word."""
        every = int(self.records.sum())
        for word in self.words:
            size = int(self.records[word.label])
            counts = (word.inside, size, word.outside, every - size)
            yield WordRow(word.text, self.classes[word.label], *counts, word.odds, word.p_value, word.q_value)

    def write_table(self, target: Path) -> None:
        """Writes the words as a table, columns separated by tabs."""
        lines = ["\t".join(self.COLUMNS)]
        for row in self.rows():
            *facts, odds, p_value, q_value = row
            lines.append("\t".join([*map(str, facts), f"{odds:.4g}", f"{p_value:.3g}", f"{q_value:.3g}"]))
        target.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")

    def __len__(self) -> int:
        return len(self.words)

    def __iter__(self) -> Iterator[Word]:
        return iter(self.words)
