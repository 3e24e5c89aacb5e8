"""The result of a training, measured on records that its networks were not fitted to, as results for a page.

Without folds, these are the records of the validation split, which chose the epoch, the temperature and the threshold.
With folds, each record is predicted by the network that has not seen it, with the calibration of its fold.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.datasets.dataset import Dataset
from seqnet.evaluation import score
from seqnet.models.bundles import Bundle
from seqnet.reporting.measurement import Measured
from seqnet.reporting.records import Fold, TrainingRecord
from seqnet.reporting.report import ModelReport, Report, report
from seqnet.reporting.results import ModelResults, Results
from seqnet.training.cross_validation import FoldsResult
from seqnet.training.ensemble import EnsembleResult
from seqnet.training.members import TrainingJob

__all__ = ["course_of", "training_results"]


def course_of(result: EnsembleResult) -> TrainingRecord:
    """Returns the epochs of all networks, and the folds, if there are any."""
    folds: tuple[Fold, ...] = ()
    if isinstance(result, FoldsResult):
        sizes = [result.folds.sizes(index) for index in range(result.folds.count)]
        folds = tuple(
            Fold((size["fitted"], size["choosing"], size["held_out"]), run.best_epoch, metrics)
            for size, run, metrics in zip(sizes, result.runs, result.evaluation.folds, strict=True)
        )
    return TrainingRecord([run.rows for run in result.runs], [run.best_epoch for run in result.runs], folds, ())


def training_results(job: TrainingJob, result: EnsembleResult, name: str) -> Results | None:
    """Returns the results on the validation split, or out of fold; None if there is no validation split.

    Args:
        job: what was trained, and where it is computed.
        result: of the training.
        name: of the model.
    """
    if isinstance(result, FoldsResult):
        return _out_of_fold(result, name)
    if not len(job.dataset.members("validation")):
        return None
    bundle = result.bundle
    bundle.to(job.device)
    try:
        found = report({name: bundle}, job.dataset, "validation", EvaluationOptions(), strata=False)
    finally:
        bundle.to(torch.device("cpu"))
    return _results(found, bundle, job.dataset, course_of(result))


def _out_of_fold(result: FoldsResult, name: str) -> Results:
    """Returns the results of the networks that have not seen the records."""
    found, pooled = result.out_of_fold, result.evaluation.pooled
    thresholds = [calibration.threshold for calibration in result.calibrations]
    positive = result.bundle.positive
    scored = score(
        found.truth,
        found.probabilities,
        positive=positive,
        threshold=None if positive is None else np.array(thresholds)[found.fold],
    )
    measured = Measured(pooled, found.members, scored, (), None)
    remark = "out of fold, there are no baselines; seqnet evaluate measures them on the test split"
    model = ModelReport(name, measured, {}, {}, (remark,), None)
    return _results(Report((model,), None), result.bundle, found.dataset, course_of(result), found.raw)


def _results(
    found: Report,
    bundle: Bundle,
    dataset: Dataset,
    course: TrainingRecord,
    uncalibrated: NDArray[np.float64] | None = None,
) -> Results:
    model = ModelResults(found.models[0], bundle, dataset, None, course, uncalibrated)
    return Results(found, (model,), dataset, "")
