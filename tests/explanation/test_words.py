"""Words that are over-represented in a predicted class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import fisher_exact

from seqnet.core.alphabets import alphabet
from seqnet.core.errors import SettingError
from seqnet.explanation.words import WordCounts, Words
from tests.building import encoded, random_strings

DNA = alphabet("dna")


def counted(strings: list[str], labels: list[int], k: int = 4, *, both: bool = False, classes: int = 2) -> WordCounts:
    counts = WordCounts(DNA, classes, k, both_strands=both)
    for start in range(0, len(strings), 7):  # in batches
        counts.add(encoded(strings[start : start + 7]), np.array(labels[start : start + 7]))
    return counts


def test_counts_p_values_and_odds_are_those_of_fishers_test() -> None:
    strings = random_strings([30] * 200)
    strings[::2] = [string[:10] + "GATTACA" + string[17:] for string in strings[::2]]
    counts = counted(strings, [1, 0] * 100, 5)
    words = counts.words(1)
    assert counts.records.tolist() == [100, 100]
    for word in words[:5] + words[-5:]:
        other = 1 - word.label
        have = [sum(word.text in string for string in strings[1 - label :: 2]) for label in (0, 1)]
        assert (word.inside, word.outside) == (have[word.label], have[other])
        table = [[word.inside, 100 - word.inside], [word.outside, 100 - word.outside]]
        assert word.p_value == pytest.approx(fisher_exact(table, "greater").pvalue, rel=1e-6)
        halves = np.array(table) + 0.5
        assert word.odds == pytest.approx(halves[0, 0] * halves[1, 1] / (halves[0, 1] * halves[1, 0]))
    strict = counts.words(0.01)
    assert {"GATTA", "ATTAC", "TTACA"} <= {word.text for word in strict if word.label == 1}
    assert all(word.q_value >= word.p_value for word in strict)
    # The other class lacks the word, and nothing else is special.
    assert [word.text for word in strict if word.label == 0] == []


def test_random_records_have_no_words() -> None:
    assert counted(random_strings([40] * 300), [0, 1, 1] * 100).words(0.05) == []


def test_a_repeat_counts_once_for_a_record() -> None:
    counts = counted(["ACACACACACAC"] + ["GGGGGGGGG"] * 3, [1, 0, 0, 0])
    (found,) = [word for word in counts.words(1) if word.text == "ACAC"]
    assert (found.inside, found.outside) == (1, 0)


def test_a_word_and_its_reverse_complement_are_one_on_both_strands() -> None:
    strings = ["CCCGATTC", "CCGAATCC"] * 10 + ["CCCCCCCC"] * 20
    both = {word.text: word.inside for word in counted(strings, [1] * 20 + [0] * 20, both=True).words(1)}
    assert both["GATT" if "GATT" in both else "AATC"] == 20
    assert not {"GATT", "AATC"} <= set(both)
    single = {word.text: word.inside for word in counted(strings, [1] * 20 + [0] * 20).words(1)}
    assert (single["GATT"], single["AATC"]) == (10, 10)


def test_records_without_a_prediction_and_unknown_symbols_do_not_count() -> None:
    counts = counted(["ACGTNACG", "TTTTTTTT", "ACGTACGT"], [1, -1, 0])
    assert counts.records.tolist() == [1, 1]
    assert {word.text for word in counts.words(1)} <= {"ACGT", "CGTA", "GTAC", "TACG"}


def test_three_classes_and_none() -> None:
    strings = ["AAAACCCC"] * 10 + ["GGGGCCCC"] * 10 + ["TTTTCCCC"] * 10
    words = counted(strings, [0] * 10 + [1] * 10 + [2] * 10, classes=3).words(0.01)
    assert [word.text for word in words if word.label == 1][:2] == ["GCCC", "GGCC"]
    assert counted([], []).words(0.05) == []


def test_long_words_are_refused() -> None:
    with pytest.raises(SettingError, match="at most 5 for protein"):
        WordCounts(alphabet("protein"), 2, 6, both_strands=False)


def test_the_table(tmp_path: Path) -> None:
    strings = ["AAAACCCC"] * 10 + ["GGGGCCCC"] * 10
    counts = counted(strings, [0] * 10 + [1] * 10)
    Words.of(counts, 0.01, ("noise", "signal")).write_table(tmp_path / "words.tsv")
    header, *rows = (tmp_path / "words.tsv").read_text().splitlines()
    assert header.split("\t") == [
        "word", "class", "records_with", "records", "others_with", "others", "odds_ratio", "p_value", "q_value",
    ]  # fmt: skip
    assert rows[0].split("\t")[:6] == ["AAAA", "noise", "10", "10", "0", "10"]
    assert {row.split("\t")[1] for row in rows} == {"noise", "signal"}
