from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from Bio.Seq import Seq

from seqnet.core.alphabets import alphabet
from seqnet.core.ragged import Ragged
from seqnet.datasets.tokenizing import RecordStatus, tokenize
from seqnet.evaluation.novelty import Novelty, composition_shares, describe, novelty_warning
from tests.building import encoded, random_strings

DNA, PROTEIN = alphabet("dna"), alphabet("protein")


def reads(count: int, seed: int = 0) -> list[str]:
    """Returns reads of 36 bases from regions that differ in GC content."""
    rng = np.random.default_rng(seed)
    gc = rng.normal(0.42, 0.06, count)
    return ["".join(rng.choice(list("ACGT"), 36, p=[(1 - g) / 2, g / 2, g / 2, (1 - g) / 2])) for g in gc]


def proteins(count: int, seed: int = 0) -> list[str]:
    """Returns proteins of 20 to 1,700 residues from families that differ in composition."""
    rng = np.random.default_rng(seed)
    lengths = np.exp(rng.uniform(np.log(20), np.log(1700), count)).astype(int)
    base = np.random.default_rng(3).dirichlet([20] * 20) * 300
    return ["".join(rng.choice(list(PROTEIN.canonical), length, p=rng.dirichlet(base))) for length in lengths]


@pytest.fixture(scope="module")
def of_reads() -> Novelty:
    return describe(encoded(reads(6000)), encoded(reads(3000, seed=1)), DNA, both_strands=True)


@pytest.fixture(scope="module")
def of_proteins() -> Novelty:
    strings = proteins(3500)
    return describe(encoded(strings[:2000], "protein"), encoded(strings[2000:], "protein"), PROTEIN)


def turned_round(string: str) -> str:
    return str(Seq(string).reverse_complement())  # type: ignore[no-untyped-call]


def marks(novelty: Novelty, *strings: str, name: str = "dna") -> list[str]:
    return [RecordStatus(value).word for value in novelty.marks(encoded(strings, name), alphabet(name))]


def test_shares_are_counted_for_each_record() -> None:
    found = composition_shares(tokenize(Ragged.from_strings(["AACG", "", "tRN", "G!"]), DNA).tokens, DNA)
    expected = np.array([[0.5, 0.25, 0.25, 0, 0], [0] * 5, [0, 0, 0, 1 / 3, 2 / 3], [0, 0, 0.5, 0, 0.5]])
    np.testing.assert_allclose(found, expected)


def test_shares_do_not_depend_on_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = encoded(random_strings([5, 90, 1, 30, 4]))
    whole = composition_shares(tokens, DNA)
    monkeypatch.setattr("seqnet.evaluation.novelty._PART", 7)
    np.testing.assert_array_equal(composition_shares(tokens, DNA), whole)


@pytest.mark.parametrize("length", [1, 36, 255, 256])
@pytest.mark.parametrize("name", ["dna", "protein"])
def test_shares_of_one_length_are_those_of_each(name: str, length: int) -> None:
    strings = [*random_strings([length] * 40, alphabet(name).symbols.replace("*", "")), "A" * length, "N" * length]
    shares = composition_shares(encoded(strings, name), alphabet(name))
    each = np.concatenate([composition_shares(encoded([string, ""], name), alphabet(name))[:1] for string in strings])
    np.testing.assert_array_equal(shares, each)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert shares[-2, 0] == 1


def test_about_one_in_a_thousand_is_marked(of_reads: Novelty) -> None:
    held = of_reads.marks(encoded(reads(3000, seed=1)), DNA)
    assert (held != RecordStatus.OK).sum() <= 3
    fresh = of_reads.marks(encoded(reads(8000, seed=2)), DNA)
    assert (fresh != RecordStatus.OK).mean() < 0.004


def test_a_short_read_is_marked_where_chance_can_not_explain_it(of_reads: Novelty) -> None:
    typical = reads(1, seed=9)[0]
    assert marks(of_reads, typical, "N" + typical[1:], "A" * 30 + "CGTACG", "G" * 36, "N" * 18 + typical[18:]) == [
        "ok",
        "ok",
        "unusual_composition",
        "unusual_composition",
        "unusual_composition",
    ]


def test_a_strand_has_the_mark_of_the_other(of_reads: Novelty) -> None:
    strings = [*random_strings([36] * 50), "A" * 20 + "C" * 16, "G" * 30 + "ACGTAC", "ACCNNN" * 6]
    tokens, turned = encoded(strings), encoded([turned_round(string) for string in strings])
    one, other = (of_reads.distances(composition_shares(each, DNA), each.lengths) for each in (tokens, turned))
    np.testing.assert_allclose(one, other, rtol=1e-6)
    assert (one > of_reads.bound).any()


def test_one_strand_alone_distinguishes_its_bases() -> None:
    skewed = ["".join(np.random.default_rng(i).choice(list("ACGT"), 60, p=[0.4, 0.2, 0.2, 0.2])) for i in range(400)]
    novelty = describe(encoded(skewed), encoded(skewed), DNA)
    odd = "".join(np.random.default_rng(1).choice(list("ACGT"), 60, p=[0.1, 0.2, 0.2, 0.5]))
    assert marks(novelty, odd, turned_round(odd)) == ["unusual_composition", "ok"]


def test_lengths_have_a_margin(of_reads: Novelty) -> None:
    string = random_strings([200])[0]
    assert (of_reads.shortest, of_reads.longest) == (32, 40)
    found = marks(of_reads, *(string[:length] for length in (20, 31, 32, 36, 40, 41, 200)))
    assert found == ["unusual_length"] * 2 + ["ok"] * 3 + ["unusual_length"] * 2


def test_a_single_giant_does_not_stretch_the_lengths() -> None:
    strings = [*random_strings([50] * 6000), *random_strings([9000])]
    novelty = describe(encoded(strings), encoded(strings[:1000]), DNA)
    assert (novelty.shortest, novelty.longest) == (45, 56)


def test_short_and_long_proteins_are_judged_alike(of_proteins: Novelty) -> None:
    strings = proteins(7000)[3500:]
    tokens = encoded(strings, "protein")
    distances = of_proteins.distances(composition_shares(tokens, PROTEIN), tokens.lengths)
    short, long = tokens.lengths < 60, tokens.lengths > 600
    assert np.quantile(distances[short], 0.9) == pytest.approx(np.quantile(distances[long], 0.9), rel=0.25)
    assert np.median(distances[short]) == pytest.approx(np.median(distances[long]), rel=0.25)
    assert (of_proteins.marks(tokens, PROTEIN) == RecordStatus.UNUSUAL_COMPOSITION).mean() < 0.004


def test_sequences_unlike_proteins_are_marked(of_proteins: Novelty) -> None:
    typical = max(proteins(50), key=len)[:400]
    odd = ("ACGT" * 30, "Q" * 60 + typical[:60], "X" * 30 + typical[:100], "PGA" * 60)
    assert marks(of_proteins, typical, typical[:20], *odd, name="protein") == ["ok"] * 2 + ["unusual_composition"] * 4


def test_the_distance_is_that_of_the_formula(of_reads: Novelty) -> None:
    tokens = encoded(["ACGTTGCANC" * 4, "GGGC" * 8])
    shares, expected = composition_shares(tokens, DNA), np.array(of_reads.expected)
    for x, length, found in zip(shares, tokens.lengths, of_reads.distances(shares, tokens.lengths), strict=True):
        both = (np.diag(expected) - np.outer(expected, expected)) / length + np.array(of_reads.covariance)
        centred = x - np.array(of_reads.shares)
        assert found == pytest.approx(centred @ np.linalg.pinv(both, rcond=1e-10) @ centred, rel=1e-6)


def test_few_sequences_are_enough() -> None:
    strings = random_strings([30] * 8)
    novelty = describe(encoded(strings), encoded([]), DNA, both_strands=True)
    assert marks(novelty, *strings) == ["ok"] * 8
    assert marks(novelty, "G" * 30) == ["unusual_composition"]
    assert (novelty.marks(encoded(random_strings([30] * 500, seed=5)), DNA) == RecordStatus.OK).mean() > 0.98


def test_plain_values_and_back(of_reads: Novelty) -> None:
    assert Novelty.from_dict(asdict(of_reads), DNA) == of_reads
    with pytest.raises(ValueError, match="another alphabet"):
        Novelty.from_dict(asdict(of_reads), PROTEIN)


def test_many_marks_are_worth_a_line() -> None:
    counts = {
        RecordStatus.OK: 980,
        RecordStatus.UNUSUAL_LENGTH: 4,
        RecordStatus.UNUSUAL_COMPOSITION: 16,
        RecordStatus.EMPTY: 500,
    }
    assert novelty_warning(counts) == (
        "20 of 1,000 classified records (2.0%) are unlike the sequences that the model was trained on: "
        "4 unusual_length, 16 unusual_composition"
    )
    assert novelty_warning({RecordStatus.OK: 990, RecordStatus.UNUSUAL_LENGTH: 10}) is None
    assert novelty_warning({RecordStatus.EMPTY: 3}) is None
