"""Alignment of matrices, and merging."""

from __future__ import annotations

import numpy as np
import pytest

from seqnet.core.alphabets import alphabet
from seqnet.explanation.motifs.comparison import best_alignment, merged_sites
from seqnet.explanation.motifs.matrices import Sites, consensus, count_matrix
from tests.building import encoded

DNA = alphabet("dna")
EVEN = np.full(4, 0.25)


def matrix(text: str, name: str = "dna") -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    symbols = alphabet(name)
    return count_matrix(encoded([text], name).data.reshape(1, -1), symbols) - 1 / symbols.size


def test_the_best_alignment_is_found() -> None:
    found = best_alignment(matrix("GATTACA"), matrix("CCGATTACACC"), DNA, turning=True)
    assert (found.shift, found.turned) == (2, False)
    assert found.similarity == pytest.approx((7 / 11) ** 0.5)
    assert best_alignment(matrix("CCGATTACA"), matrix("GATTACA"), DNA, turning=True).shift == -2
    assert best_alignment(matrix("GATTACA"), matrix("GATTACA"), DNA, turning=True).similarity == pytest.approx(1)


def test_the_reverse_complement_is_tried_on_request() -> None:
    found = best_alignment(matrix("TGTAATCAA"), matrix("GATTACA"), DNA, turning=True)
    assert (found.shift, found.turned) == (-2, True)
    assert best_alignment(matrix("TGTAATC"), matrix("GATTACA"), DNA, turning=False).similarity < 0.5


def test_proteins_have_one_orientation() -> None:
    protein = alphabet("protein")
    found = best_alignment(matrix("HHHW", "protein"), matrix("MHHHW", "protein"), protein, turning=False)
    assert (found.shift, found.turned) == (1, False)


def places(strings: list[str], word: str, *, turned: bool = False) -> Sites:
    at = [(row, string.find(word)) for row, string in enumerate(strings) if word in string]
    record, start = zip(*at, strict=True)
    return Sites(np.array(record), np.array(start), np.full(len(at), turned), len(word))


def test_similar_candidates_become_one_in_both_orientations() -> None:
    strings = ["CCGATTACATT", "AGATTACAGGG", "TTTTGTAATCA", "CCCCCCGGGGA"]
    first = places(strings, "GATTACA")
    part = places(strings, "ATTACA")
    other = Sites(np.array([2]), np.array([3]), np.array([False]), 7)  # TGTAATC, the reverse complement
    strange = places(strings, "CCCCGGG")
    found = merged_sites([first, part, other, strange], encoded(strings), DNA, EVEN, 0.7)
    assert [group.members for group in found] == [[0, 1, 2], [3]]
    sites = found[0].sites
    # The part is at the places of the first one, and each place is there once.
    assert sorted(zip(sites.record.tolist(), sites.start.tolist(), sites.turned.tolist(), strict=True)) == [
        (0, 2, False),
        (1, 1, False),
        (2, 3, True),
    ]
    assert consensus(count_matrix(sites.tokens(encoded(strings), DNA), DNA), DNA) == "GATTACA"
