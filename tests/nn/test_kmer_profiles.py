"""K-mer profiles compared with counts by Python loops."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
import torch
from torch.nn import functional

from seqnet.core.alphabets import alphabet
from seqnet.nn.kmer_profiles import KmerProfile, kmer_shares, mixed_kmer_shares
from tests.building import padded

STRINGS = ["ACGTTGCAACGT", "AC", "G", "ACNGTACGNNTTTTT", "NNN"]


def counted(string: str, k: int) -> list[float]:
    found = Counter(string[start : start + k] for start in range(len(string) - k + 1))
    return [found["".join(word)] / max(len(string) - k + 1, 1) for word in product("ACGT", repeat=k)]


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_shares_are_those_of_a_count(k: int) -> None:
    tokens, lengths = padded(STRINGS)
    found = kmer_shares(tokens.long(), lengths, 4, k).numpy()
    np.testing.assert_allclose(found, [counted(string, k) for string in STRINGS], atol=1e-6)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_shares_of_mixtures_are_the_same_for_plain_symbols_and_have_a_gradient(k: int) -> None:
    tokens, lengths = padded(STRINGS)
    known = (tokens >= 1) & (tokens <= 4)
    symbols = functional.one_hot((tokens.long() - 1).clamp(0, 3), 4).float() * known[:, :, None]
    symbols.requires_grad_()
    found = mixed_kmer_shares(symbols, tokens, lengths, k)
    assert torch.allclose(found, kmer_shares(tokens.long(), lengths, 4, k), atol=1e-6)
    found.square().sum().backward()  # type: ignore[no-untyped-call]
    assert symbols.grad is not None
    assert bool(symbols.grad[0].any())


def test_features_are_standard_deviations_of_random_sequences() -> None:
    profile = KmerProfile(alphabet("dna"), 3, 100)
    tokens = torch.randint(1, 5, (4000, 100), generator=torch.Generator().manual_seed(1)).to(torch.uint8)
    found = profile(tokens, torch.full((4000,), 100))
    assert found.shape == (4000, profile.width) == (4000, 4 + 16 + 64 + 1)
    assert float(found[:, :-1].mean(dim=0).abs().max()) < 0.1
    spread = found[:, :4].std(dim=0)
    assert float(spread.min()) > 0.8
    assert float(spread.max()) < 1.1
    assert not found[:, -1].any()


def test_padding_changes_nothing_and_the_gradient_is_of_the_same_function() -> None:
    profile = KmerProfile(alphabet("dna"), 4, 20)
    short, wide = padded(STRINGS), padded(STRINGS, "dna", 40)
    assert torch.equal(profile(*short), profile(*wide))
    tokens, lengths = short
    known = (tokens >= 1) & (tokens <= 4)
    symbols = functional.one_hot((tokens.long() - 1).clamp(0, 3), 4).float() * known[:, :, None]
    assert torch.allclose(profile.of_mixtures(symbols, tokens, lengths), profile(tokens, lengths), atol=1e-5)
