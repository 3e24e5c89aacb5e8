"""Reports of an audit: text for people, values for JSON, and a table of the records concerned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.audit.checks import Check
from seqnet.configs.audit import AuditOptions
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.splits import SPLITS

__all__ = ["AuditRun", "OffenderRow", "audit_lines", "audit_values", "offender_rows", "write_offenders"]


@dataclass(frozen=True)
class AuditRun:
    """The results of an audit.

    Attributes:
        dataset: what was checked.
        checks: the results.
        options: the bounds, and what counts as similar.
        quick: whether only samples of a large dataset were checked.
        command: command line; empty for none.
    """

    dataset: Dataset
    checks: Sequence[Check]
    options: AuditOptions
    quick: bool
    command: str


class OffenderRow(NamedTuple):
    """A record that a check complains about, and the record that it matches; the similarity is NaN for equal names."""

    name: str
    split: str
    label: str
    other_name: str
    other_split: str
    other_label: str
    similarity: float


_COLUMNS = ("check", *OffenderRow._fields)


def audit_lines(checks: Sequence[Check]) -> list[str]:
    """Returns a line for each check, and one with the counts."""
    width = max(len(check.title) for check in checks)
    lines = [f"{check.status:4}  {check.title:{width}}  {check.message}" for check in checks]
    counts = Counter(check.status for check in checks)
    return [*lines, ", ".join(f"{counts[status]} {status}" for status in ("fail", "warn", "pass"))]


def audit_values(dataset: Dataset, checks: Sequence[Check], options: AuditOptions) -> dict[str, Any]:
    """Returns the audit as plain values for JSON."""
    return {
        "dataset": str(dataset.path),
        "records": len(dataset),
        "alphabet": dataset.alphabet.name,
        "classes": list(dataset.classes),
        "checks": [
            {
                "name": check.name,
                "title": check.title,
                "status": check.status,
                "value": check.value,
                "message": check.message,
                "offenders": None if check.offenders is None else len(check.offenders),
            }
            for check in checks
        ],
        "options": options.to_dict(),
    }


def write_offenders(path: Path, dataset: Dataset, checks: Sequence[Check]) -> int:
    """Writes a table of the records that warnings and failures are about, and returns its number of rows.

    Columns are separated by tabs. A row has a record, its duplicate and their similarity; the similarity is empty for
    equal names.
    """
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("\t".join(_COLUMNS) + "\n")
        for check in checks:
            if check.offenders is None or check.status == "pass":
                continue
            for row in offender_rows(dataset, check):
                similarity = "" if np.isnan(row.similarity) else f"{row.similarity:.4f}"
                file.write("\t".join((check.name, *row[:-1], similarity)) + "\n")
            rows += len(check.offenders)
    return rows


def offender_rows(dataset: Dataset, check: Check, most: int | None = None) -> Iterator[OffenderRow]:
    """Yields the records that a check is about, at most `most` [default: all]; none if it is not about records."""
    if check.offenders is None:
        return
    own, other = (_described(dataset, found[:most]) for found in (check.offenders.records, check.offenders.others))
    for ours, theirs, similarity in zip(own, other, check.offenders.similarity[:most].tolist(), strict=True):
        yield OffenderRow(*ours, *theirs, similarity)


def _described(dataset: Dataset, records: NDArray[np.int64]) -> list[tuple[str, str, str]]:
    """Returns name, split and label of each record in `records` (M,) int64."""
    names = [" ".join(name.split()) for name in dataset.names.take(records).text()]
    splits = [SPLITS[split] for split in dataset.split[records]]
    return list(zip(names, splits, (dataset.classes[label] for label in dataset.labels[records]), strict=True))
