from __future__ import annotations

from seqnet.audit.split_leaks import leak_lines
from tests.audit.examples import RESIDUES, dataset, harmless
from tests.similarity.examples import mutated, reverse_complement


def test_splits_without_shared_records_have_no_message() -> None:
    assert leak_lines(dataset(harmless())) == []
    assert leak_lines(dataset(harmless(symbols=RESIDUES), name="protein")) == []
    assert leak_lines(dataset([row for row in harmless() if row[2] == "train"])) == []


def test_reverse_complements_and_similar_records_are_counted() -> None:
    rows = harmless()
    trained = [row for row in rows if row[2] == "train"]
    rows += [(f"x{i}", reverse_complement(trained[i][1]), "test", 0) for i in range(3)]
    rows += [(f"y{i}", mutated(trained[10 + i][1], [2]), "validation", 1) for i in range(5)]
    # Its own reverse complement: an equal sequence, which `encode` counts.
    palindrome = "ACGT" * 15
    rows += [("p", palindrome, "train", 0), ("q", palindrome, "test", 0)]
    assert leak_lines(dataset(rows)) == [
        "3 of 24 test records (12.5%) are the reverse complement of a train record",
        "8 of 49 held-out records (16.33%) have a near-duplicate in another split",
    ]
