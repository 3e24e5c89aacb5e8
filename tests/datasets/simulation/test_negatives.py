from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from seqnet.core.alphabets import ALPHABETS, alphabet
from seqnet.core.ragged import Ragged
from seqnet.datasets.simulation import NEGATIVES, NegativeGenerator
from seqnet.datasets.simulation.composition import symbol_frequencies


def random_batch(name: str, lengths: list[int], seed: int = 0) -> Ragged:
    """Returns sequences of canonical symbols and ambiguity codes."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(1, alphabet(name).token_count, sum(lengths)).astype(np.uint8)
    return Ragged.from_lengths(tokens, np.array(lengths, dtype=np.int64))


def generate(kind: str, name: str, positives: Ragged, seed: int = 1) -> Ragged:
    generator: NegativeGenerator = NEGATIVES.load(kind)
    frequencies = symbol_frequencies(positives.data, alphabet(name))
    return generator(positives, alphabet(name), np.random.default_rng(seed), frequencies)


@pytest.mark.parametrize("name", list(ALPHABETS))
@pytest.mark.parametrize("kind", list(NEGATIVES))
@pytest.mark.parametrize("lengths", [[36] * 20, [0, 1, 2, 3, 200, 0, 4, 5], [], [0], [1]])
def test_every_positive_gets_a_negative_of_its_length(kind: str, name: str, lengths: list[int]) -> None:
    positives = random_batch(name, lengths)
    before = positives.data.copy()
    negatives = generate(kind, name, positives)
    assert negatives.lengths.tolist() == lengths
    assert negatives.data.dtype == np.uint8
    np.testing.assert_array_equal(positives.data, before)


@pytest.mark.parametrize("kind", list(NEGATIVES))
def test_the_seed_decides(kind: str) -> None:
    positives = random_batch("dna", [36] * 50)

    def draw(seed: int) -> NDArray[np.uint8]:
        return generate(kind, "dna", positives, seed).data

    np.testing.assert_array_equal(draw(1), draw(1))
    assert np.any(draw(1) != draw(2))


def test_the_table_is_there_without_heavy_imports() -> None:
    program = (
        "import sys, seqnet.datasets.simulation\n"
        "heavy = {'numpy', 'pysam', 'torch'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
