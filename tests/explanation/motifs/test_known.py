"""Known motifs: files that can't be read are one line with place, and the nearest one is found."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from seqnet.core.alphabets import alphabet
from seqnet.core.errors import InputError
from seqnet.explanation.motifs.known import matched, read_known
from seqnet.explanation.motifs.matrices import turned_matrix
from seqnet.explanation.motifs.motif import KnownMotif
from tests.explanation.motifs.test_files import motif

DNA = alphabet("dna")
HEAD = "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF M1 first\n"
MATRIX = "letter-probability matrix: alength= 4 w= 2 nsites= 20 E= 0\n"


def test_a_matrix_without_a_stated_width_ends_with_a_blank_line(tmp_path: Path) -> None:
    path = tmp_path / "known.meme"
    path.write_text(
        HEAD
        + "letter-probability matrix:\n 1 0 0 0\n 0.25 0.25 0.25 0.25\n\nMOTIF M2\n"
        + MATRIX
        + "0 1 0 0\n0 0 0.333 0.666\n"
    )
    first, second = read_known(path, DNA)
    assert (first.name, second.name) == ("M1 first", "M2")
    np.testing.assert_allclose(first.shares, [[1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]])
    np.testing.assert_allclose(second.shares[1], [0, 0, 1 / 3, 2 / 3], atol=1e-3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (">M1\nA [1 2]\n", "line 1: this is not a file of motifs in MEME format: it does not begin with MEME version"),
        ("MEME version 4\nALPHABET= ACDEFGHIKLMNPQRSTVWY\n", "line 2: these motifs have the alphabet ACDEFGHIKLMNP"),
        ("MEME version 4\n", "line 1: this file has no motifs; "),
        ("", "line 1: this file has no motifs; "),
        ("MEME version 4\n" + MATRIX, "line 2: there is no ALPHABET line before this matrix; "),
        (HEAD + MATRIX + "1 0 0 0\n", "the matrix of motif M1 first has 1 row, not 2; "),
        (HEAD + MATRIX + "1 0 0 0\n1 0 0\n", "line 8: this row of a matrix does not have 4 shares with a sum of 1; "),
        (HEAD + MATRIX + "1 0 0 0\n1 0 0 x\n", "line 8: this row of a matrix does not have 4 shares"),
        (HEAD + MATRIX + "1 0 0 0\n0.5 0 0 0\n", "line 8: this row of a matrix does not have 4 shares"),
        (HEAD + MATRIX + "1 0 0 0\nnan 0 0 1\n", "line 8: this row of a matrix does not have 4 shares"),
        ("MEME version 4\nALPHABET= ACGT\nMOTIF\n", "line 3: the motif has no name; "),
    ],
)  # fmt: skip
def test_a_damaged_file_is_one_line_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "known.meme"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_known(path, DNA)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "known.meme"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="this is not a text file"):
        read_known(path, DNA)


@pytest.mark.timeout(900)  # memelite compiles its code when it is used for the first time
def test_the_nearest_known_motif_is_found_in_both_orientations() -> None:
    rng = np.random.default_rng(0)
    one = motif()
    known = [KnownMotif(f"other {index}", rng.dirichlet(np.full(4, 0.3), 9)) for index in range(60)]
    known[40] = KnownMotif("same", turned_matrix(one.frequencies, DNA))
    sharp = dataclasses.replace(one, counts=np.eye(4)[[0, 3, 2, 2, 1, 0, 3, 3, 1]] * 40)
    known[50] = KnownMotif("sharp", sharp.frequencies)
    found = matched([one, sharp], known)
    assert [item.match.name for item in found if item.match] == ["same", "sharp"]
    assert found[1].match is not None
    assert found[1].match.p_value < 1e-6
    assert found[1].match.q_value >= found[1].match.p_value
    assert matched([], known) == []
