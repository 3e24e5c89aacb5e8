from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from seqnet.audit.shortcuts import SHORTCUTS, draw_shortcut_sample, shortcut_finding, tag_finding
from seqnet.core.alphabets import alphabet
from seqnet.datasets.dataset import Dataset
from tests.audit.examples import RESIDUES
from tests.building import make_dataset
from tests.similarity.examples import encoded

COUNT = 1000


def trained(make: Callable[[int, np.random.Generator], str], name: str = "protein", classes: int = 2) -> Dataset:
    """Returns a train split of sequences that depend on their label."""
    rng = np.random.default_rng(1)
    labels = [index % classes for index in range(COUNT)]
    strings = [make(label, rng) for label in labels]
    return make_dataset(strings, labels, ["train"] * COUNT, name=name, classes=[f"c{i}" for i in range(classes)])


def draw(rng: np.random.Generator, length: int, symbols: str = RESIDUES) -> str:
    return "".join(rng.choice(list(symbols), length))


def aurocs(data: Dataset) -> dict[str, float | None]:
    sample = draw_shortcut_sample(data, 10_000, 0)
    return {name: shortcut_finding(name, sample).value for name in SHORTCUTS}


def near(expected: float, by: float = 0.1) -> object:
    return pytest.approx(expected, abs=by)


def test_nothing_to_find() -> None:
    found = aurocs(trained(lambda label, rng: draw(rng, 80)))
    assert all(value == near(0.5) for value in found.values())


def test_length_alone_longer_or_in_between() -> None:
    longer = aurocs(trained(lambda label, rng: draw(rng, int(rng.integers(50, 80)) + 30 * label)))
    assert longer["length"] == near(1.0, 0.01)
    assert longer["length-composition"] == near(0.97, 0.03)
    # Both classes have the same mean length, but one has only medium lengths.
    between = aurocs(
        trained(lambda label, rng: draw(rng, int(rng.integers(95, 105) if label else rng.integers(50, 150))))
    )
    assert between["length"] is not None
    assert between["length"] > 0.85


def test_composition_alone_also_where_its_mean_is_the_same() -> None:
    def make(label: int, rng: np.random.Generator) -> str:
        return draw(rng, 80, RESIDUES + "K" * 4 * label)

    found = aurocs(trained(make))
    assert found["composition"] is not None
    assert found["composition"] > 0.85
    assert found["length"] == near(0.5)

    def spread(label: int, rng: np.random.Generator) -> str:
        # Both classes have as much K as E; in one of them a sequence with much K has little E.
        return draw(rng, 80, "AGLV" + (rng.choice(["KKKK", "EEEE"]) if label else "KKEE"))

    products = aurocs(trained(spread))
    assert products["composition"] is not None
    assert products["composition"] > 0.95


@pytest.mark.parametrize(
    ("name", "other", "at"), [("first-positions", "last-positions", 3), ("last-positions", "first-positions", -4)]
)
def test_a_residue_at_one_place(name: str, other: str, at: int) -> None:
    def make(label: int, rng: np.random.Generator) -> str:
        out = list(draw(rng, 100))
        out[at] = rng.choice(list("KRH" if label else "DE"))
        return "".join(out)

    found = aurocs(trained(make))
    assert found[name] == near(0.96, 0.04)
    assert found[other] == near(0.5)


def test_positions_beyond_the_end_are_empty() -> None:
    features = SHORTCUTS["last-positions"].features(encoded(["ACG", "TN"]), alphabet("dna")).reshape(2, 30, 4)
    np.testing.assert_array_equal(features[0, :4], [[0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]])
    np.testing.assert_array_equal(features[1, :3], [[0.25] * 4, [0, 0, 0, 1], [0, 0, 0, 0]])
    assert not features[:, 4:].any()


def test_memorised_groups_do_not_count() -> None:
    """Members of a family are similar and of one class: only the family predicts it, and it is held out as a whole."""
    rng = np.random.default_rng(2)
    strings, labels = [], []
    for family in range(20):
        symbols = "".join(rng.choice(list(RESIDUES), 5, replace=False))
        strings += [draw(rng, 60, symbols) for _ in range(20)]
        labels += [family % 2] * 20
    data = make_dataset(strings, labels, ["train"] * 400, name="protein")
    grouped = replace(data, groups=np.repeat(np.arange(20), 20))
    assert aurocs(data)["composition"] == near(1.0, 0.05)
    reported = aurocs(grouped)["composition"]
    assert reported is not None
    assert reported < 0.8


def test_more_than_two_classes() -> None:
    found = aurocs(trained(lambda label, rng: draw(rng, 50 + 40 * label), classes=3))
    assert found["length"] == near(1.0, 0.01)
    assert found["first-positions"] == near(0.5)


def test_a_sample_is_reported_and_is_the_same_for_the_same_seed() -> None:
    data = trained(lambda label, rng: draw(rng, 40 + 20 * label))
    one, two = draw_shortcut_sample(data, 100, 3), draw_shortcut_sample(data, 100, 3)
    assert one.tokens.data.tobytes() == two.tokens.data.tobytes()
    assert one.words == "100 of 1,000 training records"
    assert shortcut_finding("length", one) == shortcut_finding("length", two)
    text = "AUROC 1.000 (by chance up to 0.674), cross-validated on 100 of 1,000 training records"
    assert shortcut_finding("length", one).text == text
    assert draw_shortcut_sample(data, 1000, 3).words == "1,000 training records"


def test_what_can_not_be_measured() -> None:
    data = trained(lambda label, rng: draw(rng, 40))
    one_class = replace(data, labels=np.zeros(COUNT, dtype=np.int32))
    for finding in (
        shortcut_finding("length", draw_shortcut_sample(one_class, 100, 0)),
        tag_finding("his6", draw_shortcut_sample(one_class, 100, 0)),
    ):
        assert (finding.value, finding.text) == (None, "not measured: the train split has no two classes")
    rare = replace(data, labels=(np.arange(COUNT) < 4).astype(np.int32))
    finding = shortcut_finding("length", draw_shortcut_sample(rare, 1000, 0))
    assert finding.text == "not measured: a class has fewer than 5 training records"


def test_a_tag_and_the_share_of_each_class_that_has_it() -> None:
    def make(label: int, rng: np.random.Generator) -> str:
        return ("MGSSHHHHHH" if rng.random() < 0.2 + 0.4 * label else "M") + draw(rng, 60, "AGLVKE")

    sample = draw_shortcut_sample(trained(make), 1000, 0)
    finding = tag_finding("his6", sample)
    shares = [np.mean(["HHHHHH" in make(label, np.random.default_rng(i)) for i in range(300)]) for label in (0, 1)]
    assert shares[0] < 0.3 < 0.5 < shares[1]
    assert finding.value == near(0.7, 0.05)
    assert finding.text.startswith("AUROC 0.")
    assert "% of c0" in finding.text
    assert "% of c1" in finding.text
    assert tag_finding("flag", sample).value == 0.5
    assert tag_finding("flag", sample).text == "in none of 1,000 training records"


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_chance_is_three_standard_errors(share: float) -> None:
    """Tags and lengths that are independent of the class are nearly always within the chance level."""
    rng = np.random.default_rng(4)
    strings = [("HHHHHH" if rng.random() < share else "GGGGGG") + draw(rng, 20, "AGLV") for _ in range(COUNT)]
    data = make_dataset(strings, [0] * COUNT, ["train"] * COUNT, name="protein")
    off, chances = [], []
    for _ in range(100):
        drawn = replace(data, labels=rng.integers(0, 2, COUNT).astype(np.int32))
        finding = tag_finding("his6", draw_shortcut_sample(drawn, COUNT, 0))
        off.append((finding.value or 0) - 0.5)
        chances.append(float(finding.text.split("up to ")[1].split(")")[0]) - 0.5)
    assert np.mean(np.array(off) < chances) >= 0.98
    assert np.mean(chances) == pytest.approx(3 * np.sqrt(np.mean(np.square(off))), rel=0.25)


def test_a_few_large_groups_are_not_measured_and_no_traceback() -> None:
    rng = np.random.default_rng(3)
    strings = [draw(rng, 60, RESIDUES) for _ in range(60)]
    data = make_dataset(strings, [0] * 30 + [1] * 30, ["train"] * 60, name="protein")
    # All records of a class are in one group, so each training part of the cross-validation has one class.
    few = replace(data, groups=np.repeat([0, 1], 30))
    finding = shortcut_finding("composition", draw_shortcut_sample(few, 1000, 0))
    assert finding.text == "not measured: there are too few groups to divide the classes into folds"
