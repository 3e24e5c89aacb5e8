"""Reports of an audit: text for people, values for JSON, and a table of the records concerned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.audit.checks import Check
from seqnet.configs.audit import AuditOptions
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.splits import SPLITS

__all__ = ["audit_lines", "audit_values", "write_offenders"]

_COLUMNS = ("check", "name", "split", "label", "other_name", "other_split", "other_label", "similarity")


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
            found = check.offenders
            own, other = _described(dataset, found.records), _described(dataset, found.others)
            for ours, theirs, value in zip(own, other, found.similarity, strict=True):
                similarity = "" if np.isnan(value) else f"{value:.4f}"
                file.write("\t".join((check.name, *ours, *theirs, similarity)) + "\n")
            rows += len(found)
    return rows


def _described(dataset: Dataset, records: NDArray[np.int64]) -> list[tuple[str, str, str]]:
    """Returns name, split and label of each record in `records` (M,) int64."""
    names = [" ".join(name.split()) for name in dataset.names.take(records).text()]
    splits = [SPLITS[split] for split in dataset.split[records]]
    return list(zip(names, splits, (dataset.classes[label] for label in dataset.labels[records]), strict=True))
