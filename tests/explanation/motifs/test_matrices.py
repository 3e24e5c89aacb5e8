"""Sites, counts, information content and consensus."""

from __future__ import annotations

import numpy as np
import pytest
from Bio.Seq import Seq
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.alphabets import alphabet
from seqnet.explanation.motifs.matrices import (
    Sites,
    background_of,
    consensus,
    count_matrix,
    frequencies,
    information,
    turned_matrix,
)
from tests.building import encoded

DNA = alphabet("dna")
EVEN = np.full(4, 0.25)


def sites(*rows: tuple[int, int, bool], width: int) -> Sites:
    record, start, turned = zip(*rows, strict=True)
    return Sites(np.array(record), np.array(start), np.array(turned), width)


def texts(found: Sites, strings: list[str]) -> list[str]:
    return [bytes(DNA.decode(row)).decode() for row in found.tokens(encoded(strings), DNA)]


def test_sites_are_read_on_their_strand_and_padded_outside() -> None:
    strings = ["AACCGT", "TTG"]
    found = sites((0, 1, False), (0, 1, True), (1, -1, False), (1, 1, True), width=4)
    assert texts(found, strings) == ["ACCG", "CGGT", "-TTG", "--CA"]


@given(
    st.text("ACGT", min_size=12, max_size=20), st.integers(0, 6), st.integers(-3, 3), st.integers(1, 6), st.booleans()
)
def test_a_cut_is_the_same_columns_on_both_strands(text: str, start: int, first: int, width: int, turned: bool) -> None:
    whole = sites((0, start, turned), width=6)
    seen = texts(whole.cut(-12, 30), [text])[0]
    assert texts(whole.cut(first, width), [text])[0] == seen[12 + first : 12 + first + width]
    (other,) = texts(whole.mirrored(), [text])
    assert other == str(Seq(texts(whole, [text])[0]).reverse_complement())  # type: ignore[no-untyped-call]


def test_joined_sites_have_each_place_once() -> None:
    one, other = sites((0, 1, False), (1, 0, False), width=3), sites((0, 1, True), (0, 2, False), width=3)
    joined = Sites.joined([one, other])
    assert list(zip(joined.record.tolist(), joined.start.tolist(), joined.turned.tolist(), strict=True)) == [
        (0, 1, False),
        (1, 0, False),
        (0, 2, False),
    ]


def test_ambiguity_codes_count_in_parts_and_padding_counts_nothing() -> None:
    tokens = encoded(["ARN"]).data.reshape(1, 3)
    counts = count_matrix(np.concatenate([tokens, np.zeros((1, 3), np.uint8)]), DNA)
    np.testing.assert_allclose(counts, [[1.0, 0, 0, 0], [0.5, 0, 0.5, 0], [0.25, 0.25, 0.25, 0.25]])


def test_information_is_relative_entropy_less_the_correction_for_few_sites() -> None:
    counts = np.array([[1000.0, 0, 0, 0], [250, 250, 250, 250], [500, 500, 0, 0]])
    shares = frequencies(counts, EVEN)
    entropy = 2 + (shares * np.log2(shares)).sum(axis=1)
    expected = np.maximum(entropy - 3 / (2 * np.log(2) * 1000), 0)
    np.testing.assert_allclose(information(counts, EVEN), expected)
    np.testing.assert_allclose(information(counts, EVEN), [2, 0, 1], atol=0.02)
    # A symbol that is common anyway says little.
    common = np.array([0.85, 0.05, 0.05, 0.05])
    assert information(counts[:1], common)[0] < 0.3


def test_random_sites_have_hardly_any_information() -> None:
    rng = np.random.default_rng(0)
    found = [information(rng.multinomial(30, EVEN, size=10).astype(float), EVEN).mean() for _ in range(20)]
    assert np.mean(found) < 0.05


def test_background() -> None:
    tokens = encoded(["AAAAAACC", "N"])
    np.testing.assert_allclose(background_of(tokens, DNA, both_strands=False), np.array([7.25, 3.25, 1.25, 1.25]) / 13)
    np.testing.assert_allclose(background_of(tokens, DNA, both_strands=True), np.array([8.5, 4.5, 4.5, 8.5]) / 26)


@pytest.mark.parametrize(
    ("row", "letter"),
    [([9, 1, 0, 0], "A"), ([5, 4, 1, 0], "M"), ([4, 3, 3, 0], "V"), ([3, 3, 2, 2], "N"), ([0, 5, 0, 5], "Y")],
)
def test_consensus_of_nucleotides(row: list[int], letter: str) -> None:
    assert consensus(np.array([row], dtype=float), DNA) == letter


def test_consensus_of_proteins() -> None:
    protein = alphabet("protein")
    counts = np.zeros((2, 20))
    counts[0, protein.canonical.index("W")] = 3
    counts[1] = 1
    assert consensus(counts, protein) == "Wx"


def test_a_turned_matrix_is_that_of_the_reverse_complement() -> None:
    matrix = count_matrix(encoded(["AACG"]).data.reshape(1, 4), DNA)
    assert consensus(turned_matrix(matrix, DNA), DNA) == "CGTT"
