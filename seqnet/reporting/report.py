"""One or two bundles on a split of a dataset, with all that puts their figures into proportion.

In: bundles by name, a dataset. Out: a `Report`: for each bundle its metrics, how baselines stand beside it, and its
metrics by length and by similarity to the train split; for two of them, how they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.core.errors import LabelError
from seqnet.datasets.dataset import Dataset
from seqnet.evaluation import (
    METRICS,
    Comparison,
    PairedMetrics,
    Stratum,
    compare,
    compare_in_pairs,
    score,
    stratify_by_length,
    stratify_by_similarity,
)
from seqnet.evaluation.baselines import BASELINES, FittedBaseline, fit_baselines, kmer_containment, kmer_length
from seqnet.models.bundles import Bundle
from seqnet.reporting.measurement import Measured, evaluate_bundle

__all__ = ["ModelReport", "Report", "Similarity", "Strata", "report"]

_BASELINE_METRICS = ("accuracy", "auroc", "mcc")


@dataclass(frozen=True)
class Similarity:
    """A model's metrics by likeness of the records to its training records.

    Attributes:
        bins: by share of a record's k-mers that the training records have.
        k: length of these k-mers.
        without: records without a k-mer, which are in no bin.
    """

    bins: tuple[Stratum, ...]
    k: int
    without: int

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values, None for NaN."""
        return {"k": self.k, "without": self.without, "bins": [stratum.to_json() for stratum in self.bins]}


@dataclass(frozen=True)
class Strata:
    """A model's metrics by part of the records.

    Attributes:
        length: by length.
        similarity: by share of a record's k-mers that the training records have; None where these are not in the
            dataset, or are among the records that are measured.
    """

    length: tuple[Stratum, ...]
    similarity: Similarity | None

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values, None for NaN."""
        return {
            "length": [stratum.to_json() for stratum in self.length],
            "similarity": None if self.similarity is None else self.similarity.to_json(),
        }


@dataclass(frozen=True)
class ModelReport:
    """The results of one model.

    Attributes:
        name: of the model.
        measured: its metrics, and what they were made of.
        fitted: name → baseline that was fitted to the model's training records; empty where there are none.
        baselines: name of a baseline → how it stands beside the model.
        remarks: why there are no baselines, or what is wrong with them, a line each.
        strata: its metrics by part of the records; None if they are not requested.
    """

    name: str
    measured: Measured
    fitted: Mapping[str, FittedBaseline]
    baselines: Mapping[str, PairedMetrics]
    remarks: tuple[str, ...]
    strata: Strata | None

    def warnings(self) -> list[str]:
        """Returns one line for each thing that could flatter or mislead, and for each baseline that is not beaten."""
        lines = [*self.measured.warnings, *self.remarks]
        for name, paired in self.baselines.items():
            if not paired.beaten:
                metric = paired.main_metric
                own, ahead = self.measured.evaluation.metrics[metric].value, paired.differences[metric]
                interval = "" if np.isnan(ahead.low) else f", difference {ahead.low:.3f} to {ahead.high:.3f}"
                other = paired.metrics[metric].value
                verdict = "is not clearly ahead of" if own > other else "does not beat"
                if f"{own:.3f}" == f"{other:.3f}":
                    verdict = "is no better than"
                lines.append(
                    f"the model {verdict} the baseline {BASELINES[name].title}: {METRICS[metric].title} {own:.3f} "
                    f"against {other:.3f}{interval}"
                )
        return lines


@dataclass(frozen=True)
class Report:
    """The results of one or two models.

    Attributes:
        models: the models.
        comparison: of two models, first minus second; None for one.
    """

    models: tuple[ModelReport, ...]
    comparison: Comparison | None

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values, None for NaN: the first model's, the second's within `comparison`."""
        first, *others = (self._model_json(model) for model in self.models)
        if self.comparison is not None:
            names = [model.name for model in self.models]
            return {**first, "comparison": {"models": names, "second": others[0], **self.comparison.to_json()}}
        return {**first, "comparison": None}

    def warnings(self) -> list[str]:
        """Returns the warnings of all models; of two, each begins with the name of its model."""
        several = len(self.models) > 1
        return [f"{one.name}: {line}" if several else line for one in self.models for line in one.warnings()]

    def _model_json(self, model: ModelReport) -> dict[str, Any]:
        baselines = {
            name: {
                **paired.to_json(),
                "records": model.fitted[name].records,
                "available": model.fitted[name].available,
            }
            for name, paired in model.baselines.items()
        }
        strata = None if model.strata is None else model.strata.to_json()
        sections = {"baselines": baselines, "strata": strata, "warnings": model.warnings()}
        return {**model.measured.evaluation.to_json(), **sections}


def report(
    bundles: Mapping[str, Bundle],
    dataset: Dataset,
    split: str,
    options: EvaluationOptions,
    *,
    baselines: bool = True,
    strata: bool = True,
    progress: Callable[[int], None] = lambda sequences: None,
) -> Report:
    """Returns how well one or two bundles do on a split of a dataset, `all` for the whole.

    Args:
        bundles: name → bundle; two of them are compared.
        dataset: its split is measured on.
        split: name of the split.
        options: of intervals.
        baselines: whether baselines stand beside the models.
        strata: whether parts of the records are looked at.
        progress: called with the number of parts of sequences that are done.

    Raises:
        AlphabetMismatchError: the dataset is of another alphabet.
        LabelError: the dataset has other classes, the split is empty, or the bundles have different classes.
    """
    first, *others = bundles.values()
    for other in others:
        _check_alike(list(bundles), first, other)
    measured = {name: evaluate_bundle(bundle, dataset, split, options, progress) for name, bundle in bundles.items()}
    models = tuple(
        _model_report(name, bundle, measured[name], dataset, options, baselines=baselines, strata=strata)
        for name, bundle in bundles.items()
    )
    return Report(models, _compare(bundles, measured, dataset, options) if others else None)


def _model_report(
    name: str,
    bundle: Bundle,
    measured: Measured,
    dataset: Dataset,
    options: EvaluationOptions,
    *,
    baselines: bool,
    strata: bool,
) -> ModelReport:
    fitted, remarks = _baselines(bundle, measured, dataset) if baselines else ({}, [])
    compared = {}
    if fitted:
        rivals = {
            title: score(
                measured.scored.labels, one.probabilities(dataset.tokens, measured.members), positive=bundle.positive
            )
            for title, one in fitted.items()
        }
        groups = dataset.groups[measured.members]
        compared = compare_in_pairs(measured.scored, rivals, groups=groups, metrics=_BASELINE_METRICS, options=options)
    parts = _stratify(measured, dataset, options) if strata else None
    return ModelReport(name, measured, fitted, compared, tuple(remarks), parts)


def _check_alike(names: list[str], first: Bundle, other: Bundle) -> None:
    if set(first.classes) != set(other.classes):
        problem = f"it has the classes {', '.join(other.classes)}, {names[0]} has {', '.join(first.classes)}"
        raise LabelError(names[1], problem, "compare models of the same classes")
    if _positive(first) != _positive(other):
        problem = f"its positive class is {_positive(other)}, that of {names[0]} is {_positive(first)}"
        raise LabelError(names[1], problem, "compare models with the same positive class")


def _positive(bundle: Bundle) -> str | None:
    return None if bundle.positive is None else bundle.classes[bundle.positive]


def _baselines(bundle: Bundle, measured: Measured, dataset: Dataset) -> tuple[Mapping[str, FittedBaseline], list[str]]:
    """Returns the baselines of a model and the warnings about them; none where there are no fair ones.

    They are fitted to the model's training records, as the model is, and never measured on these.
    """
    training = bundle.config.training
    if measured.seen:
        return {}, ["no baselines: some of these records are training records, which baselines are fitted to"]
    fitted = bundle.baselines
    if not fitted and not training.baseline_records:
        return {}, ["no baselines: the model was trained with training.baseline_records = 0"]
    if not fitted and measured.training is None:
        return {}, ["no baselines: the model contains none, and this is not its training dataset"]
    try:
        fitted = fitted or fit_baselines(dataset, training.baseline_records, training.seed)
    except LabelError as error:
        return {}, [f"no baselines: {error}"]
    loose = [BASELINES[name].title for name, one in fitted.items() if not one.converged]
    return fitted, [f"the baseline {title} did not converge and might be better" for title in loose]


def _stratify(measured: Measured, dataset: Dataset, options: EvaluationOptions) -> Strata:
    groups, lengths = dataset.groups[measured.members], dataset.tokens.lengths[measured.members]
    similarity = None
    if measured.training is not None and not measured.seen:
        k = kmer_length(dataset, measured.members)
        shares = kmer_containment(dataset, measured.members, k, measured.training)
        bins = stratify_by_similarity(measured.scored, shares, groups=groups, options=options)
        similarity = Similarity(bins, k, without=int(np.isnan(shares).sum()))
    return Strata(stratify_by_length(measured.scored, lengths, groups=groups, options=options), similarity)


def _compare(
    bundles: Mapping[str, Bundle], measured: Mapping[str, Measured], dataset: Dataset, options: EvaluationOptions
) -> Comparison:
    (one, other), (first, second) = bundles.values(), measured.values()
    # The second model's classes, in the order of the first's.
    order = [other.classes.index(name) for name in one.classes]
    aligned = score(
        first.scored.labels,
        second.probabilities[:, order],
        positive=first.scored.positive,
        threshold=second.scored.threshold,
    )
    return compare(first.scored, aligned, groups=dataset.groups[first.members], options=options)
