from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from seqnet.evaluation.calibration import Calibration, expected_calibration_error, tempered
from seqnet.models.probabilities import class_probabilities
from seqnet.reporting.report import report
from seqnet.reporting.results import results_of
from tests.building import make_bundle
from tests.reporting.examples import QUICK, example_dataset, example_results


def test_probabilities_before_calibration_are_those_of_the_network(tmp_path: Path) -> None:
    dataset = example_dataset(tmp_path)
    bundle = replace(make_bundle(window=40), calibration=Calibration(temperature=0.5))
    results = results_of(report({"m": bundle}, dataset, "test", QUICK), [bundle], dataset, {})
    (model,) = results.models
    members = dataset.members("test")
    said = class_probabilities(bundle.classifier, dataset.tokens, members)
    assert model.raw is not None
    np.testing.assert_allclose(model.raw.probabilities, said, atol=1e-9)
    np.testing.assert_allclose(model.scored.probabilities, tempered(said, 0.5), atol=1e-12)
    before, after = model.calibration_errors
    assert before is not None
    assert abs(before - expected_calibration_error(dataset.labels[members].astype(np.int64), said)) < 1e-6
    assert before != after


def test_a_model_without_a_temperature_has_nothing_before(tmp_path: Path) -> None:
    (model,) = example_results(tmp_path).models
    assert model.raw is None
    assert model.raw_reliability is None
    assert model.calibration_errors[0] is None


def test_scores_are_those_of_the_positive_class_by_true_class(tmp_path: Path) -> None:
    (model,) = example_results(tmp_path).models
    expected = np.histogram(model.scored.probabilities[model.scored.labels == 1, 1], model.scores.edges)[0]
    np.testing.assert_array_equal(model.scores.counts[1], expected)
    assert model.scores.counts.sum() == len(model.scored)


def test_scores_of_several_classes_are_those_of_the_true_class(tmp_path: Path) -> None:
    (model,) = example_results(tmp_path, ["a", "b", "c"]).models
    own = model.scored.labels == 2
    expected = np.histogram(model.scored.probabilities[own, 2], model.scores.edges)[0]
    np.testing.assert_array_equal(model.scores.counts[2], expected)


def test_bands_and_intervals_have_the_same_parameters(tmp_path: Path) -> None:
    (model,) = example_results(tmp_path).models
    assert model.options == QUICK
    assert len(model.curves) == 1
    assert len(model.curves[0].roc.low) == 101
