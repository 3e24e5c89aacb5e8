from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.originals import Form, Originals, without_mates
from seqnet.core.ragged import Ragged

NAMES = st.lists(st.sampled_from(["a", "b", "ab", "bb", "", "r1", "r2"]), max_size=12)


def originals_of(names: Sequence[str], form: Form = "fastq", records: Sequence[int] | None = None) -> Originals:
    bare, mates = without_mates(Ragged.from_strings(list(names)))
    entries = Ragged.from_strings([f"<{name}>" for name in names])
    return Originals(form, entries, np.array(range(len(names)) if records is None else records), bare, mates)


@given(names=NAMES)
def test_equal_neighbours_are_seen_as_python_sees_them(names: list[str]) -> None:
    expected = [one == other for one, other in pairwise(names)]
    assert originals_of(names).names_repeat().tolist() == expected


@given(names=st.lists(st.sampled_from(["a/1", "a/2", "b/3", "/1", "1", "a/12", ""]), max_size=8))
def test_names_lose_the_endings_of_mates(names: list[str]) -> None:
    bare, mates = without_mates(Ragged.from_strings(names))
    expected = [
        (name[:-2], int(name[-1])) if len(name) > 2 and name[-2:] in ("/1", "/2") else (name, 0) for name in names
    ]
    assert [(bare[index].decode(), int(mates[index])) for index in range(len(names))] == expected


@pytest.mark.parametrize(
    ("form", "names", "templates"),
    [
        ("fastq", ["a/1", "a/2", "b/1", "b/2"], [0, 0, 1, 1]),
        ("fastq", ["a", "a", "b", "b"], [0, 0, 1, 1]),
        ("fastq", ["a/2", "a/1", "b"], [0, 1, 2]),
        ("fastq", ["a", "a", "a", "b"], [0, 1, 2, 3]),  # not the name of a pair
        ("fastq", ["a/1", "b/1", "c/1"], [0, 1, 2]),
        ("fasta", ["human", "human", "mouse"], [0, 1, 2]),  # species, not mates
        ("fasta", ["a/1", "a/2", "b"], [0, 0, 1]),
        ("bam", ["a", "a", "a", "b"], [0, 0, 0, 1]),
        ("bam", [], []),
        ("fastq", [], []),
    ],
)
def test_templates(form: Form, names: list[str], templates: list[int]) -> None:
    assert originals_of(names, form).templates().tolist() == templates
