"""Generated records: each is made for a real record and has its length and its split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.ragged import Ragged, chunks
from seqnet.datasets.encoding.class_sources import ClassSource
from seqnet.datasets.encoding.collection import EncodedRecords
from seqnet.datasets.simulation.composition import symbol_frequencies
from seqnet.datasets.simulation.negatives import NEGATIVES, NegativeGenerator

__all__ = ["generate_records"]

_RECORDS = 1 << 16
"""Maximum number of records that are generated at a time."""
_SYMBOLS = 1 << 22
"""Maximum symbols that are generated at a time, unless one record is longer: shuffles of many take 80 bytes each."""


def generate_records(
    sources: Sequence[ClassSource],
    classes: Sequence[str],
    real: EncodedRecords,
    candidates: NDArray[np.int64] | range,
    alphabet: Alphabet,
    rng: np.random.Generator,
) -> Iterator[tuple[EncodedRecords, NDArray[np.int64]]]:
    """Yields chunks of generated records of all generated classes, and the index of the real record of each.

    Args:
        sources: all sources; only the generators are used.
        classes: the class names in their final order.
        real: N real records.
        candidates: M real records to generate for: one generated record each; if a source has a count, as
            many as the count, in random order.
        alphabet: alphabet of the tokens.
        rng: source of all randomness.
    """
    if all(source.generator is None for source in sources):
        return
    frequencies = symbol_frequencies(real.tokens.data, alphabet)
    next_group = int(real.groups.max()) + 1
    real.drop_pages()
    for source in sources:
        if source.generator is None or source.label is None:
            continue
        generate: NegativeGenerator = NEGATIVES.load(source.generator)
        chosen = (
            candidates if source.count is None else np.resize(rng.permutation(np.asarray(candidates)), source.count)
        )
        for start, stop in _pieces(real.tokens, chosen):
            which = np.asarray(chosen[start:stop], dtype=np.int64)
            originals = real.take(which)
            real.drop_pages()
            count = len(originals)
            tokens = generate(originals.tokens, alphabet, rng, frequencies)
            # A shuffled record is as similar to the neighbours of its original as the original is, so it joins their
            # group.
            shuffled = source.generator == "dinucleotide"
            groups = originals.groups if shuffled else next_group + np.arange(count)
            first = 0 if shuffled and source.count is None else start + 1
            names = _names(source.label, originals.names, first, shuffled=shuffled)
            labels = np.full(count, classes.index(source.label), dtype=np.int32)
            yield EncodedRecords(tokens, names, labels, groups), which
            next_group += count


def _pieces(tokens: Ragged, chosen: NDArray[np.int64] | range) -> Iterator[tuple[int, int]]:
    """Yields ranges (0-based, half-open) of the M `chosen` of N sequences, each within the limits."""
    for first in range(0, len(chosen), _RECORDS):
        which = np.asarray(chosen[first : first + _RECORDS], dtype=np.int64)
        for start, stop in chunks(tokens, _SYMBOLS, members=which):
            yield first + start, first + stop


def _names(label: str, originals: Ragged, first: int, *, shuffled: bool) -> Ragged:
    """Returns names of generated records, numbered from `first`; shuffled records have no numbers if it is 0."""
    numbers = range(first, first + len(originals))
    if shuffled:
        texts = zip(originals.text(), numbers, strict=True)
        return Ragged.from_strings([f"{name}:shuffled{number if first else ''}" for name, number in texts])
    return Ragged.from_strings([f"{label}_{number}" for number in numbers])
