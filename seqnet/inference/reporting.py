"""One or two bundles on a split of a dataset, with all that puts their figures into proportion.

In: bundles by name, a dataset. Out: a `Report`: for each bundle its metrics, how baselines stand beside it, and its
metrics by length and by similarity to the train split; for two of them, how they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.baselines import BASELINES, FittedBaseline, fit_baselines, kmer_length, shares_seen
from seqnet.bundles import Bundle
from seqnet.configs.evaluation import EvaluationOptions
from seqnet.datasets import Dataset
from seqnet.errors import LabelError
from seqnet.evaluation import (
    METRICS,
    Comparison,
    Standing,
    Stratum,
    compare,
    score,
    stand_beside,
    stratify_by_length,
    stratify_by_similarity,
)
from seqnet.inference.measuring import Measured, class_order, evaluate_bundle

__all__ = ["ModelReport", "Report", "Strata", "report"]

_BASELINE_METRICS = ("accuracy", "auroc", "mcc")


@dataclass(frozen=True)
class Strata:
    """A model's metrics by part of the records.

    Attributes:
        length: by length.
        similarity: by share of a record's k-mers that the train split has.
        k: length of these k-mers.
        without: records without a k-mer, which are in no bin of similarity.
    """

    length: tuple[Stratum, ...]
    similarity: tuple[Stratum, ...]
    k: int
    without: int

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values, None for NaN."""
        return {
            "length": [stratum.to_json() for stratum in self.length],
            "similarity": {
                "k": self.k,
                "without": self.without,
                "bins": [stratum.to_json() for stratum in self.similarity],
            },
        }


@dataclass(frozen=True)
class ModelReport:
    """What is told of one model.

    Attributes:
        name: of the model.
        measured: its metrics, and what they were made of.
        baselines: name of a baseline → how it stands beside the model.
        strata: its metrics by part of the records; None where they are not asked for.
    """

    name: str
    measured: Measured
    baselines: Mapping[str, Standing]
    strata: Strata | None

    def warnings(self) -> list[str]:
        """Returns one line for each thing that could flatter or mislead, and for each baseline that is not beaten."""
        lines = list(self.measured.warnings)
        for name, standing in self.baselines.items():
            if not standing.beaten:
                metric = standing.deciding
                own, ahead = self.measured.evaluation.metrics[metric].value, standing.differences[metric]
                interval = "" if np.isnan(ahead.low) else f", difference {ahead.low:.3f} to {ahead.high:.3f}"
                other = standing.metrics[metric].value
                verdict = "is not clearly ahead of" if own > other else "does not beat"
                lines.append(
                    f"the model {verdict} the baseline {BASELINES[name].title}: {METRICS[metric].title} {own:.3f} "
                    f"against {other:.3f}{interval}"
                )
        return lines


@dataclass(frozen=True)
class Report:
    """What is told of one or two models.

    Attributes:
        models: the models.
        fitted: name → baseline; empty where there are none.
        comparison: of two models, first minus second; None for one.
        warnings: one line for each thing that could mislead, whichever the model.
    """

    models: tuple[ModelReport, ...]
    fitted: Mapping[str, FittedBaseline]
    comparison: Comparison | None
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values, None for NaN: the first model's, the second's within `comparison`."""
        first, *others = (self._model_json(model) for model in self.models)
        if self.comparison is not None:
            names = [model.name for model in self.models]
            return {**first, "comparison": {"models": names, "second": others[0], **self.comparison.to_json()}}
        return {**first, "comparison": None}

    def _model_json(self, model: ModelReport) -> dict[str, Any]:
        baselines = {
            name: {
                **standing.to_json(),
                "records": self.fitted[name].records,
                "available": self.fitted[name].available,
            }
            for name, standing in model.baselines.items()
        }
        strata = None if model.strata is None else model.strata.to_json()
        return {**model.measured.evaluation.to_json(), "baselines": baselines, "strata": strata}


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
        dataset: its split is measured on, its train split is what baselines and similarity go by.
        split: name of the split.
        options: of intervals and baselines.
        baselines: whether baselines are fitted.
        strata: whether parts of the records are looked at.
        progress: is told how many parts of sequences are done.

    Raises:
        AlphabetMismatchError: the dataset is of another alphabet.
        LabelError: the dataset has other classes, the split is empty, or the bundles have different classes.
    """
    first, *others = bundles.values()
    for other in others:
        _check_alike(list(bundles), first, other)
    measured = {name: evaluate_bundle(bundle, dataset, split, options, progress) for name, bundle in bundles.items()}
    fitted, warnings = _fit(dataset, options) if baselines else ({}, [])
    members = next(iter(measured.values())).members
    probabilities = {name: one.probabilities(dataset.tokens, members) for name, one in fitted.items()}
    seen = _similarity(dataset, members) if strata else None
    models = tuple(
        ModelReport(
            name,
            measured[name],
            _stand(measured[name], bundle, dataset, probabilities, options),
            None if seen is None else _stratify(measured[name], dataset, *seen, options),
        )
        for name, bundle in bundles.items()
    )
    comparison = _compare(bundles, measured, dataset, options) if others else None
    return Report(models, fitted, comparison, tuple(warnings))


def _check_alike(names: list[str], first: Bundle, other: Bundle) -> None:
    if set(first.classes) != set(other.classes):
        problem = f"it has the classes {', '.join(other.classes)}, {names[0]} has {', '.join(first.classes)}"
        raise LabelError(names[1], problem, "compare models of the same classes")
    if _positive(first) != _positive(other):
        problem = f"its positive class is {_positive(other)}, that of {names[0]} is {_positive(first)}"
        raise LabelError(names[1], problem, "compare models with the same positive class")


def _positive(bundle: Bundle) -> str | None:
    return None if bundle.positive is None else bundle.classes[bundle.positive]


def _fit(dataset: Dataset, options: EvaluationOptions) -> tuple[dict[str, FittedBaseline], list[str]]:
    """Returns the baselines and what is to be said about them; none where they can't be fitted."""
    try:
        fitted = fit_baselines(dataset, options.baseline_records, options.seed)
    except LabelError as error:
        return {}, [f"no baselines: {error}"]
    loose = [BASELINES[name].title for name, one in fitted.items() if not one.converged]
    return fitted, [f"the baseline {title} has not converged: it might do better" for title in loose]


def _stand(
    measured: Measured,
    bundle: Bundle,
    dataset: Dataset,
    probabilities: Mapping[str, NDArray[np.float64]],
    options: EvaluationOptions,
) -> dict[str, Standing]:
    """Returns how each baseline stands beside a model, from the baselines' probabilities (M, C) by dataset class."""
    order, rivals = class_order(bundle.classes, dataset), {}
    for name, found in probabilities.items():
        # The model may know classes that the dataset lacks.
        widened = np.zeros_like(measured.probabilities)
        widened[:, order] = found
        rivals[name] = score(measured.scored.labels, widened, positive=bundle.positive)
    groups = dataset.groups[measured.members]
    return stand_beside(measured.scored, rivals, groups=groups, metrics=_BASELINE_METRICS, options=options)


def _similarity(dataset: Dataset, members: NDArray[np.int64]) -> tuple[int, NDArray[np.float64]]:
    """Returns k, and the share (M,) float64 of each record's k-mers that the train split has."""
    k = kmer_length(dataset, members)
    return k, shares_seen(dataset, members, k)


def _stratify(
    measured: Measured, dataset: Dataset, k: int, shares: NDArray[np.float64], options: EvaluationOptions
) -> Strata:
    groups, lengths = dataset.groups[measured.members], dataset.tokens.lengths[measured.members]
    return Strata(
        length=stratify_by_length(measured.scored, lengths, groups=groups, options=options),
        similarity=stratify_by_similarity(measured.scored, shares, groups=groups, options=options),
        k=k,
        without=int(np.isnan(shares).sum()),
    )


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
