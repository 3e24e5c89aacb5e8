"""One or two measured models with everything that a page or a figure may show of them, computed when first used.

In: a `Report` with its bundles and its dataset. Out: `Results`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.datasets.dataset import Dataset
from seqnet.evaluation import Evaluation, ScoredRecords, score
from seqnet.evaluation.calibration import expected_calibration_error, tempered
from seqnet.evaluation.curves import ClassCurves, ranking_curves
from seqnet.evaluation.distributions import Histogram, class_histogram
from seqnet.evaluation.reliability import Reliability, reliability
from seqnet.models.bundles import Bundle
from seqnet.reporting.records import TrainingRecord, training_record
from seqnet.reporting.report import ModelReport, Report

__all__ = ["ModelResults", "Results", "results_of"]


@dataclass(frozen=True, eq=False)
class ModelResults:
    """One model.

    Attributes:
        report: its metrics.
        bundle: the model.
        dataset: the records.
        path: file of the model; None if it is not from a file.
    """

    report: ModelReport
    bundle: Bundle
    dataset: Dataset
    path: Path | None

    @property
    def evaluation(self) -> Evaluation:
        """The metrics."""
        return self.report.measured.evaluation

    @property
    def scored(self) -> ScoredRecords:
        """Labels and probabilities (N, K) of the measured records."""
        return self.report.measured.scored

    @property
    def groups(self) -> NDArray[np.int64]:
        """(N,) int64, group of each measured record."""
        return self.dataset.groups[self.report.measured.members]

    @property
    def options(self) -> EvaluationOptions:
        """Parameters of the intervals, which bands have, too."""
        recipe = self.evaluation.bootstrap
        return EvaluationOptions(replicates=recipe.replicates, confidence=recipe.confidence, seed=recipe.seed)

    @cached_property
    def curves(self) -> tuple[ClassCurves, ...]:
        """ROC and precision-recall curves."""
        return ranking_curves(self.scored, groups=self.groups, options=self.options)

    @cached_property
    def raw(self) -> ScoredRecords | None:
        """The records as the networks score them, without the temperature; None if the model has none."""
        temperature, scored = self.bundle.calibration.temperature, self.scored
        if temperature == 1:
            return None
        probabilities = tempered(scored.probabilities, 1 / temperature)
        return score(scored.labels, probabilities, positive=scored.positive, threshold=scored.threshold)

    @cached_property
    def reliability(self) -> Reliability:
        """Of the model's probabilities."""
        return reliability(self.scored, groups=self.groups, options=self.options)

    @cached_property
    def raw_reliability(self) -> Reliability | None:
        """Of the probabilities without the temperature, without intervals; None if the model has none."""
        if self.raw is None:
            return None
        return reliability(self.raw, groups=None, options=EvaluationOptions(replicates=0))

    @property
    def calibration_errors(self) -> tuple[float | None, float]:
        """The expected calibration error of these records without the temperature, None without one, and with it."""
        before = None if self.raw is None else expected_calibration_error(self.raw.labels, self.raw.probabilities)
        return before, expected_calibration_error(self.scored.labels, self.scored.probabilities)

    @cached_property
    def scores(self) -> Histogram:
        """By true class: the probability of the positive class, or, of more than two classes, of the true class."""
        scored, rows = self.scored, np.arange(len(self.scored))
        column = scored.labels if scored.positive is None else np.full(len(rows), scored.positive)
        return class_histogram(scored.probabilities[rows, column], scored.labels, scored.class_count, (0, 1))

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """(N,) int64, length of each measured record."""
        return np.asarray(self.dataset.tokens.lengths[self.report.measured.members])

    @cached_property
    def training(self) -> TrainingRecord:
        """The course of the training."""
        return training_record(self.bundle, self.path)


@dataclass(frozen=True, eq=False)
class Results:
    """One or two models.

    Attributes:
        report: metrics of all models, and how two differ.
        models: each model.
        dataset: the records.
        command: command line; empty for none.
    """

    report: Report
    models: tuple[ModelResults, ...]
    dataset: Dataset
    command: str


def results_of(
    report: Report, bundles: Sequence[Bundle], dataset: Dataset, paths: Mapping[str, Path], command: str = ""
) -> Results:
    """Returns the results.

    Args:
        report: the metrics.
        bundles: its models, in its order.
        dataset: what they were measured on.
        paths: name of a model → its file, for those that are from a file.
        command: command line.
    """
    models = [
        ModelResults(one, bundle, dataset, paths.get(one.name))
        for one, bundle in zip(report.models, bundles, strict=True)
    ]
    return Results(report, tuple(models), dataset, command)
