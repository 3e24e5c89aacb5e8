"""The page of `benchmarks.pretraining`: what was measured → tables of masked symbols and of AUROC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks.machine import describe_machine
from benchmarks.transfer_page import Found

__all__ = ["Measured", "Pretrained", "pretraining_page"]

_MASKED = (
    "15 % of the symbols are predicted from the others (of the 15 %: 80 % masked, 10 % random, 10 % left as they",
    "are), on either strand, by the layers of the network over positions and a convolution of width 1. Labels are not",
    "used. Records: train records of `mouse_4`, `tf_4` and `prom_core_notata` (`other`), or also of `mouse_0` and",
    "`tf_2` (`all`). In brackets: records that were left out because they are equal or similar (80 % of the k-mers,",
    "either strand) to a dev or test record of `mouse_0` or `tf_2`, for `other` also to a train record. Minutes are",
    "those of one thread. Cross-entropies are in nats for each predicted symbol, on dev records of the tasks of",
    "`other`. `composition` is that of the shares of the symbols; what is below it was learned.",
)
_LABELLED = (
    "N labels are N train records of the target, and as many records of its dev split as validation split, or all of",
    "them. Epochs, batch size and learning rate of the preset are adapted to the number of records, for random weights",
    "and for `--from` alike. With `--from`, the head is new, and kept weights have 0.3 (the default) or 1 times the",
    "learning rate. The whole dev split chose which; this favours `--from` a little. AUROC on the test split: mean",
    "over subsets (each subset) [95 % bootstrap interval of the mean]; the difference has a paired interval. Intervals",
    "are about the choice of test records, not of labels.",
)


@dataclass(frozen=True)
class Pretrained:
    """What a network has learned from records without labels.

    Attributes:
        records: kind of the records.
        count: their number.
        removed: number of records that are like a record of a target.
        minutes: CPU time of the training.
        by_composition: see `benchmarks.masked_symbols.Learned`, as the next two.
        losses: of the validation split.
        accuracy: of the validation split.
    """

    records: str
    count: int
    removed: int
    minutes: float
    by_composition: float
    losses: Sequence[float]
    accuracy: float


@dataclass(frozen=True)
class Measured:
    """What was measured for a target and a network.

    Attributes:
        preset: of the network.
        target: name of the task.
        total: number of train records of the target.
        truth: (N,) int64, label of each dev and test record.
        dev: number of dev records, which come first.
        runs: (labels, records without labels, rate of the kept weights) → subset → what it came to; without records
            and rate for random weights.
        wanted: labels, records without labels and subset of all comparisons that are planned.
    """

    preset: str
    target: str
    total: int
    truth: NDArray[np.int64]
    dev: int
    runs: Mapping[tuple[int, str, float], Mapping[int, Mapping[str, Any]]]
    wanted: Sequence[tuple[int, str, int]]

    @property
    def older(self) -> bool:
        """Whether any of it was measured with another version of the package."""
        return any(run["older"] for runs in self.runs.values() for run in runs.values())

    def rows(self) -> list[tuple[int, str]]:
        """Returns numbers of labels and records without labels of which there is a subset to compare, in order."""
        keys = sorted({key[:2] for key in self.runs if key[1]})
        return [key for key in keys if self.subsets(*key)]

    def subsets(self, labels: int, records: str) -> list[int]:
        """Returns the subsets that were learned with random weights and with all rates."""
        names = [(labels, "", 0.0), *(key for key in self.runs if key[:2] == (labels, records))]
        learned = [set(self.runs.get(name, {})) for name in names]
        return sorted(set.intersection(*learned)) if len(learned) > 1 else []

    def missing(self) -> list[str]:
        """Returns what is planned and has not been measured, in words."""
        lacking: dict[tuple[int, str], list[int]] = {}
        for labels, records, subset in self.wanted:
            if subset not in self.subsets(labels, records):
                lacking.setdefault((labels, records), []).append(subset)
        return [
            f"{self.preset}, {self.target}, {_number(labels, self)} labels, {records}, "
            f"subset {' and '.join(map(str, subsets))}"
            for (labels, records), subsets in lacking.items()
        ]

    def on_dev(self, key: tuple[int, str, float], subsets: Sequence[int]) -> float:
        """Returns the AUROC on the dev split, the mean over subsets."""
        truth = self.truth[: self.dev]
        return float(np.mean([roc_auc_score(truth, self.runs[key][one]["scores"][: self.dev]) for one in subsets]))

    def chosen(self, labels: int, records: str) -> tuple[int, str, float]:
        """Returns the runs with the rate of kept weights that is better on the dev split."""
        subsets = self.subsets(labels, records)
        keys = sorted(key for key in self.runs if key[:2] == (labels, records))
        return max(keys, key=lambda key: self.on_dev(key, subsets))

    def on_test(self, labels: int, records: str) -> Found:
        """Returns random weights and the chosen rate on the test split."""
        keys = {(labels, False): (labels, "", 0.0), (labels, True): self.chosen(labels, records)}
        subsets = self.subsets(labels, records)
        runs = {
            name: [{**self.runs[key][one], "scores": self.runs[key][one]["scores"][self.dev :]} for one in subsets]
            for name, key in keys.items()
        }
        return Found(records, 0, self.total, self.truth[self.dev :], np.empty(0), runs)


def _learned_rows(learned: Mapping[str, Sequence[Pretrained]]) -> list[str]:
    """Returns a row for each network and kind of records."""
    return [
        f"| {preset} | {one.records} | {one.count:,} ({one.removed:,}) | {len(one.losses) - 1} | {one.minutes:.1f} "
        f"| {one.by_composition:.3f} | {one.losses[0]:.3f} | {', '.join(f'{loss:.3f}' for loss in one.losses[1:])} "
        f"| {one.accuracy:.3f} |"
        for preset, each in learned.items()
        for one in each
    ]


def _dev_rows(measured: Sequence[Measured]) -> list[str]:
    """Returns a row for each number of labels and kind of records, with the AUROC on the dev split."""
    rows = []
    for one in measured:
        for labels, records in one.rows():
            keys = sorted(key for key in one.runs if key[:2] == (labels, records))
            values = [one.on_dev(key, one.subsets(labels, records)) for key in [(labels, "", 0.0), *keys]]
            cells = [one.preset, one.target, _number(labels, one), records, *(f"{value:.3f}" for value in values)]
            rows.append(f"| {' | '.join(cells)} |")
    return rows


def _test_rows(measured: Sequence[Measured]) -> list[str]:
    """Returns a row for each number of labels and kind of records, with the AUROC on the test split."""
    rows = []
    for one in measured:
        for labels, records in one.rows():
            found = one.on_test(labels, records)
            lows, highs = found.intervals(labels)
            means = [found.curve(started)[labels] for started in (False, True)]
            each = [", ".join(f"{value:.3f}" for value in found.each(labels, started)) for started in (False, True)]
            texts = [f"{means[i]:.3f} ({each[i]}) [{lows[i]:.3f}, {highs[i]:.3f}]" for i in range(2)]
            change = f"{means[1] - means[0]:+.3f} [{lows[2]:+.3f}, {highs[2]:+.3f}]"
            cells = [one.preset, one.target, _number(labels, one), records, texts[0]]
            rows.append(f"| {' | '.join([*cells, f'{one.chosen(labels, records)[2]:g}', texts[1], change])} |")
    return rows


def _number(labels: int, one: Measured) -> str:
    return f"{labels:,}{' (all)' if labels == one.total else ''}"


def pretraining_page(
    measured: Sequence[Measured], learned: Mapping[str, Sequence[Pretrained]], command: str, remark: str
) -> str:
    """Returns the page.

    Args:
        measured: for each network and target.
        learned: preset → what was learned from each kind of records without labels.
        command: that makes the page.
        remark: a sentence such as what else ran; may be empty.
    """
    missing = [line for one in measured for line in one.missing()]
    older = [f"{one.preset} on {one.target}" for one in measured if one.older]
    return "\n".join(
        [
            "# Learning from DNA without labels before `train --from`",
            "",
            f"`{command}`.",
            *describe_machine(1),
            *([remark] if remark else []),
            "",
            *_MASKED,
            "",
            "| network | records | number (left out) | epochs | minutes | composition | untrained | after each epoch "
            "| accuracy |",
            "|---|---|---|---|---|---|---|---|---|",
            *_learned_rows(learned),
            "",
            *_LABELLED,
            "",
            "| network | target | labels | records | random weights | rate | `--from` | difference |",
            "|---|---|---|---|---|---|---|---|",
            *_test_rows(measured),
            "",
            "AUROC on the dev split, mean over subsets:",
            "",
            "| network | target | labels | records | random weights | rate 0.3 | rate 1 |",
            "|---|---|---|---|---|---|---|",
            *_dev_rows(measured),
            "",
            *(["Not measured:", "", *(f"- {line}" for line in missing), ""] if missing else []),
            *([f"Measured with an older version of the package: {', '.join(older)}.", ""] if older else []),
        ]
    )
