from __future__ import annotations

import torch
from Bio.Seq import Seq
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.alphabets import alphabet
from seqnet.nn.strands import reverse_complement
from tests.building import padded

DNA = alphabet("dna")
COMPLEMENT = torch.tensor(DNA.complement.tolist(), dtype=torch.uint8)
BATCHES = st.lists(st.text(st.sampled_from(DNA.symbols), min_size=1, max_size=12), min_size=1, max_size=5)


def rc(string: str) -> str:
    return str(Seq(string).reverse_complement())  # type: ignore[no-untyped-call]


@given(BATCHES, st.integers(0, 20))
def test_is_that_of_biopython_whatever_the_padding(strings: list[str], width: int) -> None:
    tokens, lengths = padded(strings, width=width)
    expected, _ = padded([rc(string) for string in strings], width=width)
    turned = reverse_complement(tokens, lengths, COMPLEMENT)
    assert turned.dtype == torch.uint8
    assert torch.equal(turned, expected)


@given(BATCHES)
def test_twice_is_the_sequence_itself(strings: list[str]) -> None:
    tokens, lengths = padded(strings)
    turned = reverse_complement(tokens, lengths, COMPLEMENT)
    assert torch.equal(reverse_complement(turned, lengths, COMPLEMENT), tokens)
