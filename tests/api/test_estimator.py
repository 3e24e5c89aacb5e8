from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import (
    check_estimator_repr,
    check_get_params_invariance,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    check_set_params,
)

import seqnet
from seqnet.core.errors import InputError, LabelError, SettingError, SymbolError
from tests.api.test_process_state import state
from tests.building import planted

# So few records and epochs leave a network that knows one class, which is a warning.
pytestmark = pytest.mark.filterwarnings("ignore:the model predicts no record:seqnet.SeqnetWarning")
TINY: dict[str, Any] = {"training.epochs": 1, "network.filters": [2], "network.kernels": [8], "pools": [1], "dense": []}


def classifier(**options: Any) -> seqnet.SequenceClassifier:
    return seqnet.SequenceClassifier(**{"network": "cnn", "settings": TINY, "threads": 1, **options})


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Returns DNA with a motif in every other sequence."""
    data = planted((240, 0, 0))
    letters = np.array(list("?ACGT"))[data.tokens.data.reshape(-1, 24)]
    return pd.DataFrame({"seq": ["".join(row) for row in letters], "label": np.array(["no", "yes"])[data.labels]})


@pytest.fixture(scope="module")
def fitted(table: pd.DataFrame) -> seqnet.SequenceClassifier:
    settings = TINY | {"training.epochs": 25, "filters": [8], "learning_rate": 0.02, "batch_size": 16}
    return classifier(settings=settings, seed=1).fit(table["seq"].tolist(), table["label"])


def test_a_motif_is_learned(fitted: seqnet.SequenceClassifier, table: pd.DataFrame) -> None:
    assert fitted.score(table["seq"], table["label"]) > 0.95
    assert fitted.classes_.tolist() == ["no", "yes"]
    probabilities = fitted.predict_proba(table["seq"])
    assert probabilities.shape == (240, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert probabilities[table["label"] == "yes", 1].mean() > 0.9
    decided = fitted.predict(table["seq"]) == "yes"
    np.testing.assert_array_equal(decided, probabilities[:, 1] >= fitted.model_.bundle.calibration.threshold)


def test_the_time_is_limited(table: pd.DataFrame) -> None:
    endless = classifier(settings=TINY | {"training.epochs": 1_000_000}, time="1s")
    assert endless.fit(table["seq"], table["label"]).score(table["seq"], table["label"]) > 0
    with pytest.raises(SettingError, match="time"):
        classifier(time="soon").fit(table["seq"], table["label"])


def test_sequences_of_any_kind(fitted: seqnet.SequenceClassifier, table: pd.DataFrame) -> None:
    plain = fitted.predict_proba(table["seq"].tolist())
    shuffled = table["seq"].set_axis([f"r{index}" for index in range(240)])
    for kind in (
        shuffled,
        table["seq"].to_numpy(),
        np.array(table["seq"], dtype=str),
        np.array(table["seq"], dtype=bytes),
        tuple(table["seq"]),
        pa.array(table["seq"]),
        pa.chunked_array([table["seq"][:100], table["seq"][100:]]),
    ):
        np.testing.assert_array_equal(fitted.predict_proba(kind), plain)


def test_the_fitted_one_is_pickled(fitted: seqnet.SequenceClassifier, table: pd.DataFrame) -> None:
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(table["seq"]), fitted.predict_proba(table["seq"]))


def test_columns_are_in_the_order_of_the_classes(table: pd.DataFrame) -> None:
    # As text, 10 stands before 9.
    labels = np.array([10, 9, 100, 9])[np.arange(240) % 4]
    found = classifier().fit(table["seq"], labels)
    assert found.classes_.tolist() == [9, 10, 100]
    assert found.model_.classes == ("9", "10", "100")
    probabilities, predicted = found.predict_proba(table["seq"]), found.predict(table["seq"])
    assert predicted.dtype == labels.dtype
    np.testing.assert_array_equal(predicted, found.classes_[probabilities.argmax(axis=1)])


def test_words_for_missing_values_may_be_classes(table: pd.DataFrame) -> None:
    found = classifier().fit(table["seq"], np.array(["NA", " x"])[np.arange(240) % 2])
    assert found.classes_.tolist() == [" x", "NA"]


def test_cross_validation_and_pipeline(table: pd.DataFrame) -> None:
    lower = [text.lower() for text in table["seq"]]
    upper = FunctionTransformer(lambda texts: [text.upper() for text in texts])
    pipeline = Pipeline([("upper", upper), ("network", classifier(alphabet="dna"))])
    scores = cross_val_score(pipeline, lower, table["label"], cv=2, error_score="raise")
    assert scores.shape == (2,)
    groups = np.arange(240) // 4
    folds = GroupKFold(2)
    again = cross_val_score(classifier(), table["seq"], table["label"], groups=groups, cv=folds, error_score="raise")
    assert ((again >= 0) & (again <= 1)).all()


def test_parameters_are_searched(table: pd.DataFrame) -> None:
    grid = {"settings": [TINY, TINY | {"training.learning_rate": 0.02}]}
    search = GridSearchCV(classifier(), grid, cv=2, error_score="raise", refit=False)
    search.fit(table["seq"].tolist(), table["label"])
    assert len(search.cv_results_["params"]) == 2


def test_parameters_are_got_set_and_cloned() -> None:
    one = classifier(seed=3)
    assert is_classifier(one)
    assert one.get_params()["seed"] == 3
    other = clone(one).set_params(seed=4, preset="dna-cnn")
    assert (other.seed, other.preset, other.settings, one.seed) == (4, "dna-cnn", TINY, 3)
    with pytest.raises(ValueError, match="Invalid parameter 'sed'"):
        one.set_params(sed=1)
    with pytest.raises(NotFittedError):
        one.predict(["ACGT"])


@pytest.mark.filterwarnings("ignore:the model predicts no record:seqnet.SeqnetWarning")
def test_folds_are_trained_in_processes_of_their_own(table: pd.DataFrame) -> None:
    sequences = table["seq"].tolist()
    one, two = (cross_val_score(classifier(), sequences, table["label"], cv=2, n_jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    "check",
    [
        check_no_attributes_set_in_init,
        check_parameters_default_constructible,
        check_get_params_invariance,
        check_set_params,
        check_estimator_repr,
    ],
)
def test_scikit_learn_takes_it_for_an_estimator(check: Callable[[str, Any], None]) -> None:
    check("SequenceClassifier", seqnet.SequenceClassifier())


def test_the_same_seed_gives_the_same_probabilities(table: pd.DataFrame) -> None:
    first, second, third = (
        classifier(seed=seed).fit(table["seq"], table["label"]).predict_proba(table["seq"]) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, third)


def test_groups_are_kept_together(table: pd.DataFrame) -> None:
    groups = np.arange(240) // 8
    found = classifier(validation=0.2)
    data = found._dataset(table["seq"].tolist(), table["label"], groups)
    assert all(len(set(data.split[groups == group])) == 1 for group in range(30))
    assert data.counts().sum(axis=0).tolist() == [192, 48, 0]


def test_sequences_that_can_t_be_classified_are_named(fitted: seqnet.SequenceClassifier) -> None:
    bad = ["ACGT" * 6, "ACJT", None, ""]
    with pytest.raises(InputError) as caught:
        fitted.predict(bad)
    assert str(caught.value) == (
        "X: 3 sequences can't be classified: 2 (invalid_symbol), 3 (missing), 4 (empty); "
        "leave these out, or correct them"
    )
    masked = fitted.set_params(unknown="mask").predict(bad[:2])
    fitted.set_params(unknown="error")
    assert len(masked) == 2


@pytest.mark.parametrize(
    ("changed", "kind", "reported"),
    [
        (None, InputError, "X: record 2: the sequence is None, not text"),
        ("", InputError, "X: record 2: the sequence is empty"),
        ("ACG-", SymbolError, "X: record 2: position 4: '-' is an alignment gap; remove them"),
        ("NA", InputError, "X: not kept: 1 whose sequence is missing"),
        ("ACGJ", SymbolError, "X: record 2: position 4: symbol 'J' is not in the dna alphabet"),
    ],
)
def test_sequences_that_can_t_be_trained_on_are_named(
    table: pd.DataFrame, changed: Any, kind: type[seqnet.SeqnetError], reported: str
) -> None:
    sequences = table["seq"].tolist()
    sequences[1] = changed
    with pytest.raises(kind) as caught:
        classifier().fit(sequences, table["label"])
    assert str(caught.value).startswith(reported)
    assert isinstance(caught.value, ValueError)
    assert "--" not in str(caught.value)


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_labels_that_are_missing_or_of_several_types_are_refused(table: pd.DataFrame, missing: Any) -> None:
    sequences = table["seq"].tolist()
    with pytest.raises(LabelError, match="y: record 1: the label is missing; leave it out, or correct it"):
        classifier().fit(sequences, [missing, *table["label"][1:]])
    with pytest.raises(LabelError, match="y: record 2: 'yes' and 1 are of different types; write all labels in one"):
        classifier().fit(sequences, [1, *table["label"][1:]])


def test_what_else_is_refused(table: pd.DataFrame) -> None:
    sequences, labels = table["seq"].tolist(), table["label"]
    with pytest.raises(LabelError, match="y: 239 labels for 240 sequences"):
        classifier().fit(sequences, labels[1:])
    with pytest.raises(LabelError, match="all labels are no; give sequences of two classes or more"):
        classifier().fit(sequences, ["no"] * 240)
    with pytest.raises(InputError, match="this is a single sequence"):
        classifier().fit("ACGT", ["a"])
    with pytest.raises(InputError, match="it has 2 dimensions"):
        classifier().fit(table[["seq"]], labels)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="unknown must be error or mask, not 'skip'"):
        classifier(unknown="skip").fit(sequences, labels)
    with pytest.raises(SettingError, match=r"validation must be a share from 0 to less than 1, not 1.0"):
        classifier(validation=1.0).fit(sequences, labels)
    with pytest.raises(SettingError, match=r"validation must be a share from 0 to less than 1, not '0.1'"):
        classifier(validation="0.1").fit(sequences, labels)
    with pytest.raises(SettingError, match="settings must be a mapping of setting to value"):
        classifier(settings="epochs=1").fit(sequences, labels)
    with pytest.raises(LabelError, match="groups: 239 groups for 240 sequences; give one each"):
        classifier().fit(sequences, labels, groups=list(range(239)))
    with pytest.raises(LabelError, match="y: there are no labels"):
        classifier().fit([], [])
    for wrong in (None, 5, {"a": "ACGT"}):
        with pytest.raises(ValueError, match=f"X: it is of type {type(wrong).__name__}; pass a list of sequences"):
            classifier().fit(wrong, labels)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        classifier().fit(sequences, np.linspace(0.1, 0.9, 240))


def test_nothing_is_printed_and_the_process_is_left_as_it_was(
    table: pd.DataFrame, capfd: pytest.CaptureFixture[str]
) -> None:
    before = state()
    classifier().fit(table["seq"], table["label"]).predict(table["seq"])
    assert state() == before
    assert capfd.readouterr() == ("", "")
