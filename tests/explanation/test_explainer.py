"""Attributions are the differences of logits of variants that are scored as sequences of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from seqnet.api.models import Model
from seqnet.configs.explanation import ExplainOptions
from seqnet.core.errors import SettingError
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.explanation.attributions import Attributions
from seqnet.explanation.explainer import Explainer
from seqnet.models.bundles import Bundle
from seqnet.nn.batching import window_parts
from tests.building import make_bundle, padded, random_strings, run_config
from tests.contracts.test_networks import CASES, Case

WINDOW = 12


def records(strings: Sequence[str]) -> RecordBatch:
    names = Ragged.from_strings([f"r{index}" for index in range(len(strings))])
    return RecordBatch(names, Ragged.from_strings(list(strings)), names)


def explained(bundle: Bundle, strings: Sequence[str], **options: Any) -> Attributions:
    return Explainer(bundle, ExplainOptions(**options)).explain_batch(records(strings))


def margins(bundle: Bundle, strings: Sequence[str], target: int) -> NDArray[np.float64]:
    """Returns the explained number (N,) of sequences of one length, from the logits of each window and member."""
    found = []
    _, starts, lengths = window_parts(np.array([len(strings[0])]), bundle.window)
    for member in bundle.members:
        for start, length in zip(starts, lengths, strict=True):
            windows = padded([string[start : start + length] for string in strings], bundle.alphabet.name)
            with torch.inference_mode():
                logits = member.strand_logits(*windows).double().numpy()
            found.append(logits[:, target] - np.delete(logits, target, axis=1).mean(axis=1))
    return np.asarray(np.mean(found, axis=0))


def margin(bundle: Bundle, string: str, target: int) -> float:
    return float(margins(bundle, [string], target)[0])


def by_hand(bundle: Bundle, string: str, target: int) -> NDArray[np.float64]:
    """Returns the change (L, S) of the explained number by each substitution."""
    letters = bundle.alphabet.canonical
    variants = [string[:place] + symbol + string[place + 1 :] for place in range(len(string)) for symbol in letters]
    return margins(bundle, variants, target).reshape(len(string), -1) - margin(bundle, string, target)


@pytest.mark.parametrize(
    "case", [case for case in CASES if "plm" not in str(case.id) or case.id == "hybrid-plm-protein"]
)
def test_effects_are_differences_of_logits_for_every_network(case: Case) -> None:
    bundle = make_bundle(case.config, case.name, window=case.window)
    lengths = [3] if case.config.encoder.name == "plm" else [9, 14, 4, 20]
    strings = random_strings(lengths, bundle.alphabet.canonical, seed=3)
    found = explained(bundle, strings)
    assert (found.status == RecordStatus.OK).all()
    for index, string in enumerate(strings):
        assert found.logits[index] == pytest.approx(margin(bundle, string, 1), abs=1e-5)
        np.testing.assert_allclose(found.of_record(index), by_hand(bundle, string, 1), rtol=1e-5, atol=1e-5)
    assert np.abs(found.values).max() > 0.01


@pytest.mark.parametrize(
    ("classes", "members", "target"), [(("a", "b"), 3, None), (("a", "b"), 1, "a"), (("a", "b", "c"), 2, "b")]
)
def test_ensembles_windows_and_classes(classes: tuple[str, ...], members: int, target: str | None) -> None:
    bundle = make_bundle(classes=classes, members=members, window=WINDOW)
    strings = random_strings([WINDOW, 30, 5, 19])
    found = explained(bundle, strings, target=target)
    label = 1 if target is None else classes.index(target)
    assert found.labels.tolist() == [label] * 4
    for index, string in enumerate(strings):
        np.testing.assert_allclose(found.of_record(index), by_hand(bundle, string, label), atol=1e-5)


def test_the_predicted_class_of_several_is_explained() -> None:
    bundle = make_bundle(classes=("a", "b", "c"), members=2)
    strings = random_strings([10] * 40)
    found = explained(bundle, strings)
    assert found.labels.tolist() == found.predicted.tolist()
    assert set(found.labels.tolist()) == {0, 1, 2}
    assert found.logits[0] == pytest.approx(margin(bundle, strings[0], int(found.labels[0])), abs=1e-5)


def test_the_temperature_changes_nothing() -> None:
    bundle = make_bundle()
    cold = make_bundle()
    object.__setattr__(cold.calibration, "temperature", 3.0)
    ours, theirs = (explained(one, ["ACGTACGTAC"]) for one in (bundle, cold))
    assert not np.allclose(ours.rows.probabilities, theirs.rows.probabilities)
    np.testing.assert_array_equal(ours.values, theirs.values)


def test_an_ambiguity_code_is_compared_with_every_symbol() -> None:
    bundle = make_bundle()
    found = explained(bundle, ["ACGNACGRAC"])
    np.testing.assert_allclose(found.of_record(0), by_hand(bundle, "ACGNACGRAC", 1), atol=1e-5)
    assert found.present[3] == pytest.approx(-found.values[3].mean(), abs=1e-6)
    assert found.present[7] == pytest.approx(-found.values[7].mean(), abs=1e-6)
    assert found.present[0] == pytest.approx(-found.values[0, 1:].mean(), abs=1e-6)


def test_records_without_a_prediction_keep_their_place() -> None:
    found = explained(make_bundle(), ["ACG!", "ACGTACGT", "", "NNNN", "ACGTT"])
    words = ["INVALID_SYMBOL", "OK", "EMPTY", "ALL_AMBIGUOUS", "OK"]
    assert [RecordStatus(status).name for status in found.status] == words
    assert found.tokens.lengths.tolist() == [0, 8, 0, 0, 5]
    assert found.labels.tolist() == [-1, 1, -1, -1, 1]
    assert np.isnan(found.logits).tolist() == [True, False, True, True, False]
    assert found.values.shape == (13, 4)
    alone = explained(make_bundle(), ["ACGTT"])
    np.testing.assert_allclose(found.of_record(4), alone.values, atol=1e-6)


def test_masked_symbols_are_explained_like_n() -> None:
    found = explained(make_bundle(), ["AC!TACGT"], unknown="mask")
    np.testing.assert_array_equal(found.values, explained(make_bundle(), ["ACNTACGT"]).values)


def test_an_unknown_class_is_named_with_those_that_exist() -> None:
    with pytest.raises(SettingError, match=r"explain\.class must be one of noise, signal, not 'signl'; did you mean"):
        Explainer(make_bundle(), ExplainOptions(target="signl"))


@pytest.mark.parametrize("method", ["mutagenesis", "gradient", "integrated"])
@pytest.mark.parametrize("settings", [{"name": "cnn", "filters": [6], "kernels": [5], "pools": [2], "dense": [5]}])
def test_both_strands_have_mirrored_attributions(method: str, settings: Mapping[str, Any]) -> None:
    bundle = make_bundle(run_config(network={**settings, "strands": "both"}))
    string = random_strings([29])[0]
    turned = string[::-1].translate(str.maketrans("ACGT", "TGCA"))
    found = explained(bundle, [string, turned], method=method)
    np.testing.assert_allclose(found.of_record(1), found.of_record(0)[::-1, ::-1], atol=1e-5)
    assert found.logits[0] == pytest.approx(found.logits[1], abs=1e-5)
    assert np.abs(found.values).max() > 0.01


def test_a_table_has_a_row_for_each_position() -> None:
    found = Model(make_bundle(), threads=1).explain(["ACGT", "", "GGCATT"], names=["a", "b", "c"])
    table = found.to_pandas()
    assert table.columns.tolist() == ["name", "position", "symbol", "attribution", "to_A", "to_C", "to_G", "to_T"]
    assert table["name"].tolist() == ["a"] * 4 + ["c"] * 6
    assert table["position"].tolist() == [1, 2, 3, 4, 1, 2, 3, 4, 5, 6]
    assert "".join(table["symbol"]) == "ACGTGGCATT"
    np.testing.assert_array_equal(table["to_G"], found.values[:, 2])
    np.testing.assert_array_equal(table["attribution"], found.present)
    assert repr(found) == "<seqnet.Attributions by mutagenesis: 3 records, 2 explained>"
