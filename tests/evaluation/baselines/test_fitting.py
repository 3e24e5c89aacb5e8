from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from seqnet.core.errors import LabelError
from seqnet.datasets.dataset import Dataset
from seqnet.evaluation.baselines import BASELINES, fit_baselines, fitting
from seqnet.evaluation.baselines.features import kmer_features
from tests.building import make_dataset, planted, random_strings

STRENGTHS = fitting._STRENGTHS


def by_composition(counts: tuple[int, int, int] = (200, 60, 200), length: int = 20) -> Dataset:
    """Returns DNA in which every other record is rich in G and C."""
    rng = np.random.default_rng(0)
    shares = {0: [0.35, 0.15, 0.15, 0.35], 1: [0.2, 0.3, 0.3, 0.2]}
    labels = [index % 2 for index in range(sum(counts))]
    strings = ["".join(rng.choice(list("ACGT"), length, p=shares[label])) for label in labels]
    return make_dataset(strings, labels, ["train"] * counts[0] + ["validation"] * counts[1] + ["test"] * counts[2])


def areas(dataset: Dataset, most: int = 10_000, seed: int = 0) -> dict[str, float]:
    """Returns baseline → AUROC on the test split."""
    members = dataset.members("test")
    fitted = fit_baselines(dataset, most, seed)
    return {
        name: roc_auc_score(dataset.labels[members], one.probabilities(dataset.tokens, members)[:, 1])
        for name, one in fitted.items()
    }


def test_classes_of_different_composition_are_found_by_composition() -> None:
    found = areas(by_composition())
    assert found["majority"] == 0.5
    assert found["composition"] > 0.85
    assert found["kmers"] > 0.8


def test_a_motif_is_found_by_its_kmers_and_not_by_composition() -> None:
    found = areas(planted((1500, 300, 500)))
    assert found["composition"] < 0.75
    assert found["kmers"] > 0.9


def test_the_majority_baseline_gives_the_shares_of_the_training_records() -> None:
    dataset = make_dataset(random_strings([9] * 10), [0, 1, 1, 1, 1, 0, 1, 0, 0, 0], ["train"] * 5 + ["test"] * 5)
    one = fit_baselines(dataset, 100, 0)["majority"]
    np.testing.assert_allclose(one.probabilities(dataset.tokens, dataset.members("test")), [[0.2, 0.8]] * 5)
    assert (one.records, one.available, one.converged) == (5, 5, True)


def test_the_penalty_is_the_best_on_the_validation_split_by_another_solver() -> None:
    dataset = by_composition((200, 200, 100))
    train, validation, test = (dataset.members(split) for split in ("train", "validation", "test"))
    X = kmer_features(dataset.tokens, dataset.alphabet)
    fits = []
    for strength in STRENGTHS:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, solver="newton-cholesky"))
        model.fit(X[train], dataset.labels[train])
        fits.append((log_loss(dataset.labels[validation], model.predict_proba(X[validation])), strength, model))
    _, strength, model = min(fits, key=lambda one: one[0])
    found = fit_baselines(dataset, 10_000, 0)["kmers"]
    # The first and the last strength must not be the best, or there would be no choice to test.
    assert STRENGTHS[0] < strength < STRENGTHS[-1]
    assert strength == found.strength
    np.testing.assert_allclose(found.probabilities(dataset.tokens, test), model.predict_proba(X[test]), atol=2e-3)


def test_without_a_validation_split_the_penalty_is_a_middle_one() -> None:
    found = fit_baselines(by_composition((100, 0, 20)), 1000, 0)
    middle = found["composition"].strength
    assert middle is not None
    assert sorted(STRENGTHS).index(middle) == len(STRENGTHS) // 2


def test_a_sample_is_reported_and_the_same_seed_gives_the_same_probabilities() -> None:
    dataset = by_composition()
    members = dataset.members("test")
    first, again, other = (fit_baselines(dataset, 60, seed)["composition"] for seed in (1, 1, 2))
    assert (first.records, first.available) == (60, 200)
    ours, theirs, else_ = (one.probabilities(dataset.tokens, members) for one in (first, again, other))
    assert ours.tobytes() == theirs.tobytes()
    assert not np.array_equal(ours, else_)


def test_parts_do_not_change_the_probabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = by_composition()
    members = dataset.members("test")[::-1]
    whole = fit_baselines(dataset, 1000, 0)["kmers"].probabilities(dataset.tokens, members)
    monkeypatch.setattr(fitting, "_RECORDS", 7)
    found = fit_baselines(dataset, 1000, 0)["kmers"].probabilities(dataset.tokens, members)
    np.testing.assert_allclose(found, whole, rtol=1e-12)


def test_a_class_that_the_training_records_lack_has_no_probability() -> None:
    strings = random_strings([12] * 30)
    labels = [0, 2] * 10 + [0, 1, 2] * 3 + [1]
    dataset = make_dataset(strings, labels, ["train"] * 20 + ["test"] * 10, classes=("a", "b", "c"))
    for one in fit_baselines(dataset, 1000, 0).values():
        found = one.probabilities(dataset.tokens, dataset.members("test"))
        assert found.shape == (10, 3)
        assert (found[:, 1] == 0).all()
        np.testing.assert_allclose(found.sum(axis=1), 1)


def test_three_classes_are_distinguished() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    strings = ["".join(rng.choice(list("ACGT"), 30, p=np.roll([0.55, 0.15, 0.15, 0.15], label))) for label in labels]
    dataset = make_dataset(
        strings, labels.tolist(), ["train"] * 150 + ["validation"] * 50 + ["test"] * 100, classes=("a", "b", "c")
    )
    members = dataset.members("test")
    found = fit_baselines(dataset, 1000, 0)["kmers"].probabilities(dataset.tokens, members)
    assert (found.argmax(axis=1) == dataset.labels[members]).mean() > 0.9


@pytest.mark.parametrize(
    ("splits", "problem"),
    [(["test"] * 4, "the train split is empty"), (["train", "test"] * 2, "the train split has records of one class")],
)
def test_a_train_split_without_two_classes_is_refused(splits: list[str], problem: str) -> None:
    dataset = make_dataset(random_strings([9] * 4), [0, 1, 0, 1], splits)
    with pytest.raises(LabelError, match=problem):
        fit_baselines(dataset, 100, 0)


def test_a_fit_that_is_cut_short_is_reported_and_not_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "_ITERATIONS", 1)
    found = fit_baselines(planted(), 1000, 0)
    assert {name: one.converged for name, one in found.items()} == {
        "majority": True,
        "composition": False,
        "kmers": False,
    }


def test_every_baseline_has_a_title() -> None:
    for name, row in BASELINES.items():
        assert name.isidentifier()
        assert row.title
        assert row.help


def test_many_classes_and_records_have_fewer_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = by_composition()
    records, classes = int((dataset.split == 0).sum()), len(dataset.classes)
    monkeypatch.setattr(fitting, "_LARGEST_FIT", 3 * records * classes)
    assert not fit_baselines(dataset, 10_000, 0)["kmers"].converged
    monkeypatch.setattr(fitting, "_LARGEST_FIT", 2_000 * records * classes)
    assert fit_baselines(dataset, 10_000, 0)["kmers"].converged
