"""Files of motifs are read back by Biopython."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from Bio import motifs as biopython

from seqnet.core.alphabets import alphabet
from seqnet.explanation.motifs.files import motif_files, write_motif_files
from seqnet.explanation.motifs.known import read_known
from seqnet.explanation.motifs.motif import Match, Motif, Motifs


def motif(name: str = "motif_1", letters: str = "dna", match: Match | None = None) -> Motif:
    symbols = alphabet(letters)
    counts = np.random.default_rng(1).multinomial(37, np.full(symbols.size, 1 / symbols.size), size=7).astype(float)
    counts[2] = 0
    counts[2, 3] = 37
    return Motif(
        name=name, source="filters 3, 8", counts=counts, background=np.full(symbols.size, 1 / symbols.size),
        alphabet=symbols, hits=37, records=30, shuffled=4, q_value=1.5e-7, effect=-0.71234,
        shares=np.array([0.5, np.nan]), match=match,
    )  # fmt: skip


def made(*found: Motif, letters: str = "dna") -> Motifs:
    size = alphabet(letters).size
    return Motifs(
        found, alphabet(letters), ("noise", "signal"), np.full(size, 1 / size), 60, letters == "dna", "gradient"
    )


def written(tmp_path: Path, found: Motifs) -> dict[str, Path]:
    names = motif_files(found.alphabet.name)
    write_motif_files(found, [tmp_path / name for name in names])
    return {Path(name).suffix: tmp_path / name for name in names}


def test_biopython_reads_what_was_written(tmp_path: Path) -> None:
    one, two = motif(), motif("motif_2")
    files = written(tmp_path, made(one, two))
    for suffix, form in ((".meme", "minimal"), (".jaspar", "jaspar"), (".transfac", "transfac")):
        with files[suffix].open() as file:
            found = biopython.parse(file, form)
        assert len(found) == 2
        counts = np.array([found[1].counts[letter] for letter in "ACGT"]).T
        if form == "minimal":  # shares have a pseudocount
            assert [item.name for item in found] == ["motif_1", "motif_2"]
            assert found[0].num_occurrences == 37
            np.testing.assert_allclose(counts, 37 * two.frequencies, atol=0.5)
        else:
            np.testing.assert_allclose(counts, two.counts, atol=0.01)
    with files[".jaspar"].open() as file:
        assert [item.matrix_id for item in biopython.parse(file, "jaspar")] == ["motif_1", "motif_2"]
    with files[".transfac"].open() as file:
        assert [item["ID"] for item in biopython.parse(file, "transfac")] == ["motif_1", "motif_2"]


@pytest.mark.parametrize("letters", ["dna", "rna", "protein"])
def test_a_meme_file_is_read_back(tmp_path: Path, letters: str) -> None:
    one = motif(letters=letters)
    files = written(tmp_path, made(one, letters=letters))
    assert set(files) == ({".meme", ".tsv"} if letters == "protein" else {".meme", ".tsv", ".jaspar", ".transfac"})
    (known,) = read_known(files[".meme"], alphabet(letters))
    assert known.name == f"motif_1 {one.consensus}"
    np.testing.assert_allclose(known.shares, one.frequencies, atol=1e-5)


def test_the_table(tmp_path: Path) -> None:
    match = Match("MA0014.3 Pax5", 1e-9, 2e-8)
    found = dataclasses.replace(made(motif(match=match)), compared=True)
    table = written(tmp_path, found)[".tsv"].read_text().splitlines()
    row = dict(zip(table[0].split("\t"), table[1].split("\t"), strict=True))
    assert row["source"] == "filters 3, 8"
    assert row["hits"] == "37"
    assert row["effect"] == "-0.7123"
    assert row["share_noise"] == "0.5000"
    assert row["share_signal"] == ""
    assert row["q_value"] == "1.5e-07"
    assert (row["known"], row["known_p"], row["known_q"]) == ("MA0014.3 Pax5", "1e-09", "2e-08")
    assert float(row["information"]) == pytest.approx(motif().information.sum(), abs=0.01)


def test_no_motifs_are_files_without_motifs(tmp_path: Path) -> None:
    files = written(tmp_path, made())
    assert len(files[".tsv"].read_text().splitlines()) == 1
    assert files[".jaspar"].read_text() == ""
    with files[".meme"].open() as file:
        assert len(biopython.parse(file, "minimal")) == 0


def test_the_table_has_the_columns_that_were_requested_without_motifs_too(tmp_path: Path) -> None:
    nothing = written(tmp_path, dataclasses.replace(made(), labelled=True, compared=True))[".tsv"].read_text()
    header, *rows = nothing.splitlines()
    assert header.split("\t")[-5:] == ["labelled_noise", "labelled_signal", "known", "known_p", "known_q"]
    assert rows == []
    one = written(tmp_path, dataclasses.replace(made(motif()), labelled=True, compared=True))[".tsv"].read_text()
    assert [line.count("\t") for line in one.splitlines()] == [header.count("\t")] * 2
