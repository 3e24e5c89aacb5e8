"""Quick audit, which takes a second or two and which `train` runs before its first epoch.

In: a dataset. Out: the results of `QUICK_CHECKS`, which need no comparison of different sequences and no large fit, and
text for people: one line for each check that did not pass, and one that counts them.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from seqnet.audit.checks import Check
from seqnet.audit.dataset_audit import audit_dataset
from seqnet.configs.audit import AuditOptions
from seqnet.core.printable import counted
from seqnet.core.ragged import Ragged, gather_ranges
from seqnet.datasets.dataset import Dataset
from seqnet.similarity import sequence_hashes

__all__ = ["QUICK_CHECKS", "quick_audit", "quick_audit_lines"]

QUICK_CHECKS = ("duplicates-inside", "duplicates-across", "duplicates-contradictory", "balance", "drift", "length")
"""Checks that are run, rows of `CHECKS`."""

_RECORDS = 500_000
"""Approximate maximum number of records that are looked at."""

_FEW = 100
"""With fewer training records, a network can't be expected to learn anything."""

_FITTED = 5_000
"""Maximum number of training records on which the shortcut is measured."""

_MIDDLE = 24
"""Number of symbols in the middle of a sequence that decide whether it is in the sample."""


def quick_audit(dataset: Dataset) -> tuple[list[Check], int]:
    """Returns the results of the checks, with the default bounds, and the number of records that were looked at."""
    members = _sample(dataset.tokens)
    sample = dataset
    if len(members) < len(dataset):
        sample = replace(
            dataset,
            tokens=dataset.tokens.take(members),
            names=dataset.names.take(members),
            labels=dataset.labels[members],
            groups=dataset.groups[members],
            split=dataset.split[members],
        )
    return audit_dataset(sample, AuditOptions(records=_FITTED), quick=True, names=QUICK_CHECKS), len(members)


def _sample(tokens: Ragged) -> NDArray[np.int64]:
    """Returns a sample of about `_RECORDS` (M,) int64 of N sequences, ascending; of equal sequences all or none.

    A sample of single records would separate most pairs of duplicates.
    """
    if len(tokens) <= _RECORDS:
        return np.arange(len(tokens))
    size = np.minimum(tokens.lengths, _MIDDLE)
    middle = gather_ranges(tokens.data, tokens.offsets[:-1] + (tokens.lengths - size) // 2, size)
    hashes = sequence_hashes(Ragged.from_lengths(middle, size))
    return np.flatnonzero(hashes < np.uint64(2**64 * (_RECORDS / len(tokens))))


def quick_audit_lines(checks: Sequence[Check], dataset: Dataset, checked: int) -> list[str]:
    """Returns a line for each check that did not pass, and one that counts them.

    Args:
        checks: results of the checks.
        dataset: the dataset.
        checked: number of records that were checked.
    """
    lines = [f"seqnet: warning: {check.line}" for check in checks if check.status != "pass"]
    if not dataset.crop and (count := len(dataset.members("train"))) < _FEW:
        lines.append(f"seqnet: warning: {counted(count, 'training records')}; a network needs hundreds")
    counts = Counter(check.status for check in checks)
    words = [counted(counts["pass"], "checks") + " passed"]
    words += [
        counted(number, word) for number, word in ((counts["warn"], "warnings"), (counts["fail"], "failures")) if number
    ]
    of = "" if checked == len(dataset) else f" of {checked:,} of {len(dataset):,} records"
    rest = f"for all checks: seqnet audit {shlex.quote(str(dataset.path))}"
    return [*lines, f"quick audit{of}: {', '.join(words)}; {rest}"]
