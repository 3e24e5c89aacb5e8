"""Audit of a dataset: a table of checks, each with bounds for a warning and a failure.

In: a dataset. Out: a list of `Check`, in the order of `CHECKS`; the checks for tags of the dataset's alphabet are last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from seqnet.audit import findings
from seqnet.audit.audited_dataset import AuditedDataset
from seqnet.audit.checks import Check, Finding, graded
from seqnet.audit.shortcuts import SHORTCUTS, shortcut_finding, tag_finding
from seqnet.audit.tags import TAGS
from seqnet.configs.audit import AuditOptions
from seqnet.datasets.dataset import Dataset

__all__ = ["CHECKS", "CheckKind", "audit_dataset", "check_bounds"]


@dataclass(frozen=True, slots=True)
class CheckKind:
    """One row of the table of checks.

    Attributes:
        title: name for people.
        look: function that takes an `AuditedDataset` and returns a `Finding`.
        bounds: prefix of the settings `BOUNDS_warn` and `BOUNDS_fail` of `AuditOptions`.
        low: whether lower values are worse.
        alphabets: alphabets that the check is for; empty for all.
    """

    title: str
    look: Callable[[AuditedDataset], Finding]
    bounds: str
    low: bool = False
    alphabets: tuple[str, ...] = ()


def _shortcut(name: str, audited: AuditedDataset) -> Finding:
    return shortcut_finding(name, audited.sample)


def _tag(name: str, audited: AuditedDataset) -> Finding:
    return tag_finding(name, audited.sample)


CHECKS: Mapping[str, CheckKind] = {
    "duplicates-inside": CheckKind("duplicates inside splits", findings.exact_inside, "inside"),
    "duplicates-across": CheckKind("duplicates across splits", findings.exact_across, "across"),
    "duplicates-contradictory": CheckKind("contradictory duplicates", findings.exact_contradictory, "contradictory"),
    "near-inside": CheckKind("near-duplicates inside splits", findings.near_inside, "inside"),
    "near-across": CheckKind("near-duplicates across splits", findings.near_across, "across"),
    "near-contradictory": CheckKind("contradictory near-duplicates", findings.near_contradictory, "contradictory"),
    "names": CheckKind("repeated names", findings.repeated_names, "names"),
    "balance": CheckKind("class balance", findings.class_balance, "rarest", low=True),
    "drift": CheckKind("class balance of splits", findings.class_drift, "drift"),
    **{name: CheckKind(row.title, partial(_shortcut, name), "shortcut") for name, row in SHORTCUTS.items()},
    **{
        f"tag-{name}": CheckKind(row.title, partial(_tag, name), "tag", alphabets=row.alphabets)
        for name, row in TAGS.items()
    },
}


def audit_dataset(
    dataset: Dataset,
    options: AuditOptions | None = None,
    *,
    quick: bool = False,
    names: Sequence[str] = tuple(CHECKS),
) -> list[Check]:
    """Returns the results of all checks.

    Args:
        dataset: the dataset.
        options: similarity thresholds and bounds [default: the default options].
        quick: whether to sample large datasets, so that the audit takes seconds; messages name the sample.
        names: checks to run, rows of `CHECKS` [default: all].
    """
    options = options or AuditOptions()
    return list(_checks(AuditedDataset(dataset, options, quick), options, names))


def check_bounds(name: str, options: AuditOptions) -> tuple[float, float]:
    """Returns the bounds of a check, a row of `CHECKS`, for a warning and a failure."""
    prefix = CHECKS[name].bounds
    return getattr(options, f"{prefix}_warn"), getattr(options, f"{prefix}_fail")


def _checks(audited: AuditedDataset, options: AuditOptions, names: Sequence[str]) -> Iterator[Check]:
    for name in names:
        kind = CHECKS[name]
        if kind.alphabets and audited.dataset.alphabet.name not in kind.alphabets:
            continue
        found = kind.look(audited)
        warn, fail = check_bounds(name, options)
        status = "pass" if found.by_chance else graded(found.value, warn, fail, low=kind.low)
        yield Check(name, kind.title, status, found.value, found.text, found.offenders)
