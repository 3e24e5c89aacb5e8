from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seqnet.evaluation.calibration import tempered
from seqnet.reporting.training_results import course_of, training_results
from seqnet.training import FoldsResult
from seqnet.training.results import TrainingRun
from tests.building import planted, saved
from tests.reporting.training_examples import trained


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> TrainingRun:
    return trained(saved(planted(), tmp_path_factory.mktemp("single") / "d.safetensors"))


@pytest.fixture(scope="module")
def crossed(tmp_path_factory: pytest.TempPathFactory) -> TrainingRun:
    data = saved(planted(), tmp_path_factory.mktemp("crossed") / "d.safetensors")
    return trained(data, folds=3, settings={"baseline_records": 0})


def test_one_network_is_measured_on_the_validation_split(single: TrainingRun) -> None:
    results = training_results(single.job, single.result, "m")
    assert results is not None
    (model,) = results.models
    assert model.evaluation.split == "validation"
    assert model.report.measured.members.tolist() == single.job.dataset.members("validation").tolist()
    # The epoch that was kept had this accuracy; the threshold is one half.
    kept = single.result.runs[0].rows[single.result.runs[0].best_epoch - 1]
    assert model.evaluation.metrics["accuracy"].value == pytest.approx(kept.validation_accuracy)
    assert "validation split chose epoch" in model.report.measured.warnings[0]
    assert set(model.report.baselines) == set(single.result.bundle.baselines)


def test_the_course_is_that_of_the_runs(single: TrainingRun) -> None:
    results = training_results(single.job, single.result, "m")
    assert results is not None
    course = results.models[0].training
    assert course == course_of(single.result)
    assert (course.runs, course.kept) == ([single.result.runs[0].rows], [single.result.runs[0].best_epoch])
    assert (course.folds, course.remarks) == ((), ())


def test_without_a_validation_split_nothing_is_measured(tmp_path: Path) -> None:
    run = trained(saved(planted((96, 0, 24)), tmp_path / "d.safetensors"), settings={"baseline_records": 0})
    assert training_results(run.job, run.result, "m") is None


def test_folds_are_measured_out_of_fold(crossed: TrainingRun) -> None:
    found = crossed.result
    assert isinstance(found, FoldsResult)
    results = training_results(crossed.job, found, "m")
    assert results is not None
    (model,) = results.models
    assert model.evaluation is found.evaluation.pooled
    assert model.scored.predicted.tolist() == found.out_of_fold.labels.tolist()
    assert model.raw is not None
    assert np.array_equal(model.raw.probabilities, found.out_of_fold.raw)
    # Each record has the temperature of its fold, and not that of the model.
    for index, calibration in enumerate(found.calibrations):
        own = found.out_of_fold.fold == index
        expected = tempered(found.out_of_fold.raw[own], calibration.temperature)
        assert np.allclose(model.scored.probabilities[own], expected)
    folds = model.training.folds
    assert [fold.metrics for fold in folds] == list(found.evaluation.folds)
    assert [fold.sizes[2] for fold in folds] == np.bincount(found.out_of_fold.fold).tolist()
    assert not model.report.baselines
