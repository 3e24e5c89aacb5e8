"""The page of `benchmarks.transfer`: what was measured → tables of AUROC, and of the labels that are saved."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe_machine
from seqnet.evaluation.bootstrap import bootstrap, percentile_intervals
from seqnet.evaluation.metrics import METRICS
from seqnet.evaluation.scored_records import ScoredRecords, WeightedCounts, score

__all__ = ["Found", "transfer_page"]

_REPLICATES = 1_000


@dataclass(frozen=True)
class Found:
    """What was measured for a target.

    Attributes:
        source: the task of the model that training starts from.
        removed: number of train records of the source that are like a record of the target.
        total: number of train records of the target.
        truth: (N,) int64, label of each test record.
        as_it_is: (N,) float64, scores of the model of the source, which has seen no label of the target.
        runs: (labels, whether it started from the source) → what each subset came to.
    """

    source: str
    removed: int
    total: int
    truth: NDArray[np.int64]
    as_it_is: NDArray[np.float64]
    runs: Mapping[tuple[int, bool], Sequence[Mapping[str, Any]]]

    @property
    def labels(self) -> list[int]:
        """Numbers of labels, ascending."""
        return sorted({labels for labels, _ in self.runs})

    @property
    def older(self) -> bool:
        """Whether any of it was measured with another version of the package."""
        return any(run["older"] for runs in self.runs.values() for run in runs)

    def curve(self, started: bool) -> dict[int, float]:
        """Returns labels → mean AUROC over the subsets."""
        return {labels: float(np.mean(self.each(labels, started))) for labels in self.labels}

    def each(self, labels: int, started: bool) -> list[float]:
        """Returns the AUROC of each subset."""
        return [_auroc(scored.once()) for scored in self._scored(labels, started)]

    def intervals(self, labels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns the ends (3,), (3,) of 95 % intervals: mean AUROC alone, started, and the difference, in pairs."""
        alone, started = self._scored(labels, False), self._scored(labels, True)

        def statistics(weights: NDArray[np.float64]) -> NDArray[np.float64]:
            means = [np.mean([_auroc(one.under(weights)) for one in each]) for each in (alone, started)]
            return np.array([*means, means[1] - means[0]])

        rng = np.random.default_rng(0)
        samples = bootstrap(statistics, len(self.truth), groups=None, replicates=_REPLICATES, rng=rng)
        return percentile_intervals(samples, 0.95)

    def _scored(self, labels: int, started: bool) -> list[ScoredRecords]:
        """Returns the scores of each subset; of no labels, those of the model of the source."""
        runs = self.runs.get((labels, started), [])
        each = [np.array(run["scores"]) for run in runs] if labels else [self.as_it_is]
        return [score(self.truth, np.stack([1 - one, one], axis=1), positive=1) for one in each]


def _auroc(tally: WeightedCounts) -> float:
    return float(METRICS["auroc"].compute(tally)[1])


def _labels_needed(curve: Mapping[int, float], auroc: float) -> float:
    """Returns the number of labels with which a curve reaches an AUROC, linear between logarithms; infinite for never.

    Where the smallest number of labels has reached it, that number is returned.
    """
    points = sorted(curve.items())
    if points[0][1] >= auroc:
        return points[0][0]
    for (fewer, lower), (more, higher) in pairwise(points):
        if lower < auroc <= higher:
            share = (auroc - lower) / (higher - lower)
            return math.exp(math.log(fewer) + share * (math.log(more) - math.log(fewer)))
    return math.inf


def _rows(target: str, found: Found) -> list[str]:
    """Returns a row of the first table for each number of labels."""
    rows, alone, started = [], found.curve(False), found.curve(True)
    rows.append(f"| {target} (from {found.source}) | 0 | | {found.each(0, True)[0]:.3f} | |")
    for labels in found.labels:
        lows, highs = found.intervals(labels)
        cells = [f"{target} (from {found.source})", f"{labels:,}{' (all)' if labels == found.total else ''}"]
        for curve, index in ((alone, 0), (started, 1)):
            each = ", ".join(f"{one:.3f}" for one in found.each(labels, bool(index)))
            cells.append(f"{curve[labels]:.3f} ({each}) [{lows[index]:.3f}, {highs[index]:.3f}]")
        cells.append(f"{started[labels] - alone[labels]:+.3f} [{lows[2]:+.3f}, {highs[2]:+.3f}]")
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _saved(target: str, found: Found) -> list[str]:
    """Returns a row of the second table for each number of labels."""
    rows, alone, started = [], found.curve(False), found.curve(True)
    untrained = found.each(0, True)[0]
    for labels, auroc in alone.items():
        needed = _labels_needed(started, auroc)
        text, ratio = f"{needed:,.0f}", f"{labels / needed:.1f}"
        if math.isinf(needed):
            text, ratio = f"more than {found.labels[-1]:,}", ""
        elif needed == found.labels[0]:
            text, ratio = f"at most {needed:,.0f}", f"at least {ratio}"
        if untrained >= auroc:
            text, ratio = "none", ""
        rows.append(f"| {target} | {labels:,} | {auroc:.3f} | {text} | {ratio} |")
    return rows


def _method(found: Mapping[str, Found], preset: str) -> list[str]:
    removed = "; ".join(f"{one.source} for {target}: {one.removed:,}" for target, one in found.items())
    return [
        f"The network is `{preset}`. N labels are N train records, and as many records of the dev split as validation",
        "split, or the whole dev split if it has fewer. Subsets are random, and smaller ones are parts of larger ones.",
        "Without `--from`, epochs, batch size and learning rate of the preset are adapted to the number of records.",
        "With `--from`, no setting is given but the seed. The model to start from was trained on the train split of",
        "the other task, without records that are equal or similar to a train, dev or test record of the target (80 %",
        f"of the k-mers, either strand). Removed: {removed}.",
    ]


def transfer_page(found: Mapping[str, Found], targets: Sequence[str], preset: str, command: str, remark: str) -> str:
    """Returns the page.

    Args:
        found: target → what was measured.
        targets: all that are to be measured; those that are missing are named.
        preset: of the network.
        command: that makes the page.
        remark: a sentence such as what else ran; may be empty.
    """
    missing = [target for target in targets if target not in found]
    partly = [target for target, one in found.items() if one.total not in one.labels]
    older = [target for target, one in found.items() if one.older]
    return "\n".join(
        [
            "# What `train --from` saves in labels",
            "",
            f"`{command}`.",
            *describe_machine(1),
            *([remark] if remark else []),
            "",
            *_method(found, preset),
            "",
            "AUROC on the test split: mean over subsets (each subset) [95 % bootstrap interval of the mean]. The",
            "difference has a paired interval. Intervals are about the choice of test records, not of labels. With 0",
            "labels, it is that of the model of the other task as it is.",
            "",
            "| target | labels | without | `--from` | difference |",
            "|---|---|---|---|---|",
            *(row for target, one in found.items() for row in _rows(target, one)),
            "",
            "Labels that are needed with `--from` for the AUROC without it, by linear interpolation between the",
            "logarithms of the numbers of labels:",
            "",
            "| target | labels without | AUROC | labels with `--from` | ratio |",
            "|---|---|---|---|---|",
            *(row for target, one in found.items() for row in _saved(target, one)),
            "",
            *([f"Not measured: {', '.join(missing)}.", ""] if missing else []),
            *([f"Not measured with all labels: {', '.join(partly)}.", ""] if partly else []),
            *([f"Measured with an older version of the package: {', '.join(older)}.", ""] if older else []),
        ]
    )
