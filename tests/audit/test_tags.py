from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.audit.tags import TAGS, Tag, has_tag
from seqnet.core.alphabets import ALPHABETS, alphabet
from tests.similarity.examples import encoded, reverse_complement


@given(st.lists(st.text("ACGTN", max_size=12), max_size=8), st.text("ACGT", min_size=1, max_size=4))
def test_tags_are_found_where_a_search_finds_them(strings: list[str], sequence: str) -> None:
    tag = Tag("", ("dna",), sequence, "")
    expected = [sequence in string or reverse_complement(sequence) in string for string in strings]
    assert has_tag(tag, encoded(strings), alphabet("dna")).tolist() == expected
    assert has_tag(tag, encoded(strings, "protein"), alphabet("protein")).tolist() == [
        sequence in string for string in strings
    ]


def test_a_tag_does_not_reach_into_the_next_record() -> None:
    tokens = encoded(["MKHHH", "HHHLV", "HHHHHH", "MHHHHHHHK"], "protein")
    assert has_tag(TAGS["his6"], tokens, alphabet("protein")).tolist() == [False, False, True, True]


@pytest.mark.parametrize("name", list(TAGS))
def test_every_row_is_of_its_alphabets(name: str) -> None:
    tag = TAGS[name]
    assert tag.title
    assert tag.source
    for other in tag.alphabets:
        known = ALPHABETS[other]
        tokens = known.encode(np.frombuffer(tag.sequence.encode(), dtype=np.uint8))
        assert ((tokens >= 1) & (tokens <= known.size)).all()
        assert has_tag(tag, encoded([tag.sequence, tag.sequence[1:]], other), known).tolist() == [True, False]


def test_rna_has_one_strand() -> None:
    found = has_tag(TAGS["poly-a"], encoded(["A" * 12, "U" * 12], "rna"), alphabet("rna"))
    assert found.tolist() == [True, False]
    found = has_tag(TAGS["poly-a"], encoded(["A" * 12, "T" * 12]), alphabet("dna"))
    assert found.tolist() == [True, True]
