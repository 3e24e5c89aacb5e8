"""Sequences without labels, for a model to label: pieces of real sequences, and random sequences.

In: token sequences and settings. Out: token sequences of a train and a validation split. Pieces of one block of
sequence are in one split, so that pieces of two splits never overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.distillation import DistillOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import AlphabetMismatchError, EmptyInputError, SettingError
from seqnet.core.ragged import Ragged, gather_ranges
from seqnet.datasets.alphabet_check import check_alphabet, sample_symbols
from seqnet.datasets.encoding.genome_windows import known_blocks
from seqnet.datasets.simulation.composition import symbol_frequencies
from seqnet.datasets.simulation.negatives import NEGATIVES
from seqnet.datasets.tokenizing import tokenize
from seqnet.readers import open_each, shown_path

__all__ = ["DrawnSequences", "draw_sequences", "read_tokens"]

_VALIDATION = 20
"""One of this many blocks, and of the sequences, is for validation."""
_MOST_VALIDATION = 20_000
"""Maximum number of sequences for validation."""


@dataclass(frozen=True)
class DrawnSequences:
    """Sequences to be labelled.

    Attributes:
        tokens: N token sequences without ambiguity codes.
        validation: (N,) bool, whether each is for validation.
        real: number of them that are pieces of real sequences.
    """

    tokens: Ragged
    validation: NDArray[np.bool_]
    real: int


def read_tokens(paths: Sequence[str], alphabet: Alphabet, read: ReadOptions) -> list[Ragged]:
    """Returns the tokens of the records of files, in memory.

    Raises:
        SeqnetError: a file can't be read, has another alphabet, or has a symbol that the alphabet does not know.
        OSError: a file can't be opened or read.
    """
    found = []
    with closing(open_each(paths, read)) as readers:
        for reader in readers:
            path, batches = shown_path(reader.path), iter(reader)
            first, symbols = sample_symbols(batches)
            _check_alphabet(path, symbols, alphabet)
            for batch in chain(first, batches):
                done = tokenize(batch.symbols, alphabet, missing=batch.missing)
                if done.invalid:
                    raise done.invalid.error(path, batch.names, alphabet)
                found.append(done.tokens)
    return found


def _check_alphabet(path: str, symbols: NDArray[np.uint8], alphabet: Alphabet) -> None:
    """Checks that the first symbols of a file are not surely of another alphabet.

    Raises:
        AlphabetMismatchError: they are.
    """
    try:
        check_alphabet(path, symbols, alphabet)
    except AlphabetMismatchError as error:
        # Only predict has an option for the alphabet.
        error.remedy = f"give {alphabet.name} sequences"
        raise


def draw_sequences(
    real: Sequence[Ragged] | None, alphabet: Alphabet, options: DistillOptions, length: int, shortest: int = 1
) -> DrawnSequences:
    """Returns sequences that are drawn at random; the same seed gives the same ones.

    A sequence that is longer than `length` is cut: a piece is drawn uniformly over all its places. A shorter one is
    used whole. Random sequences have the lengths of the pieces.

    Args:
        real: token sequences; None for random sequences alone.
        alphabet: of the tokens.
        options: how many, which random ones, and the seed.
        length: of the pieces.
        shortest: minimum length that the model takes.

    Raises:
        EmptyInputError: there are real sequences, but none without ambiguity codes that is long enough.
        SettingError: the random sequences need real ones.
    """
    rng = np.random.default_rng(options.seed)
    if real is None and options.random != "uniform":
        raise SettingError("distill.random", options.random, problem="needs SEQUENCES")
    parts: list[tuple[Ragged, bool]] = []
    count = 0
    if real is not None:
        tokens = Ragged.concatenate([_blank(np.zeros(0, dtype=np.int64)), *real])
        wanted = options.count if options.random == "none" else options.count // 2
        parts = _pieces(tokens, alphabet, length, shortest, wanted, rng)
        count = sum(len(part) for part, _ in parts)
        frequencies = symbol_frequencies(tokens.data, alphabet)
    else:
        lengths = np.full(options.count, length, dtype=np.int64)
        held_out = _held_out(options.count)
        parts = [(_blank(lengths[held_out:]), False), (_blank(lengths[:held_out]), True)]
        frequencies = np.full(alphabet.size, 1 / alphabet.size)
    if options.random != "none":
        generate = NEGATIVES.load(options.random)
        made = [(generate(part, alphabet, rng, frequencies), validation) for part, validation in parts]
        parts = [*parts, *made] if count else made
    flags = np.concatenate([np.full(len(part), validation) for part, validation in parts])
    return DrawnSequences(Ragged.concatenate([part for part, _ in parts]), flags, count)


def _blank(lengths: NDArray[np.int64]) -> Ragged:
    """Returns sequences of padding, of which only the lengths matter."""
    return Ragged.from_lengths(np.zeros(int(lengths.sum()), dtype=np.uint8), lengths)


def _held_out(count: int) -> int:
    """Returns how many of `count` sequences are for validation."""
    return min(-(-count // _VALIDATION), _MOST_VALIDATION)


def _pieces(
    tokens: Ragged, alphabet: Alphabet, length: int, shortest: int, count: int, rng: np.random.Generator
) -> list[tuple[Ragged, bool]]:
    """Returns `count` pieces of sequences in two parts, for training and for validation."""
    starts, lengths = known_blocks(tokens, alphabet.size, length)
    # What is shorter than a piece is the rest of a longer sequence, or a whole short one.
    whole = np.isin(starts, tokens.offsets[:-1]) & np.isin(starts + lengths, tokens.offsets[1:])
    usable = (lengths >= shortest) & ((lengths >= length) | whole)
    starts, lengths = starts[usable], lengths[usable]
    if len(starts) < 2:
        problem = f"there are too few sequences without ambiguity codes to draw pieces of {length:,} symbols from"
        raise EmptyInputError(problem, "give more SEQUENCES, or a shorter --length", path="SEQUENCES")
    order = rng.permutation(len(starts))
    blocks = max(len(starts) // _VALIDATION, 1)
    held_out = _held_out(count)
    parts = []
    for chosen, wanted, validation in ((order[blocks:], count - held_out, False), (order[:blocks], held_out, True)):
        ends = np.cumsum(np.maximum(lengths[chosen] - length, 0) + 1)
        places = rng.integers(0, int(ends[-1]), wanted)
        of = np.searchsorted(ends, places, side="right")
        offset = places - np.concatenate([[0], ends[:-1]])[of]
        sizes = np.minimum(lengths[chosen][of], length)
        data = gather_ranges(tokens.data, starts[chosen][of] + offset, sizes)
        parts.append((Ragged.from_lengths(data, sizes), validation))
    return parts
