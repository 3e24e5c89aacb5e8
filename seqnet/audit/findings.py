"""The checks of an audit, each a function of the evidence: twins, names, balance. Shortcuts are in `shortcuts`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seqnet.audit.audited_dataset import AuditedDataset
from seqnet.audit.checks import Finding, Offenders
from seqnet.audit.duplicate_pairs import DuplicatePairs, duplicated_records
from seqnet.core.printable import counted
from seqnet.datasets.splits import SPLITS
from seqnet.similarity import find_mates, sequence_hashes

__all__ = [
    "class_balance",
    "class_drift",
    "exact_across",
    "exact_contradictory",
    "exact_inside",
    "near_across",
    "near_contradictory",
    "near_inside",
    "repeated_names",
]

_FEW_CLASSES = 5
"""Classes, at most, whose shares are all told."""


def _share(offenders: Offenders, of: NDArray[np.int64], who: str, what: str, more: Sequence[str] = ()) -> Finding:
    """Returns the finding that some of the records (M,) offend.

    Args:
        offenders: which do.
        of: who was asked.
        who: what these are called.
        what: what is wrong with those that offend.
        more: what else is to be said.
    """
    if not len(of):
        return Finding(None, f"not measured: there are no {who}")
    share = len(offenders) / len(of)
    text = f"{len(offenders):,} of {len(of):,} {who} ({share:.2%}) {what}"
    return Finding(share, "; ".join((text, *more)), offenders)


def _exact(
    evidence: AuditedDataset, sides: NDArray[np.integer], asked: NDArray[np.int64], *, differ: bool
) -> Offenders:
    return duplicated_records(DuplicatePairs.identical(evidence.original), sides, asked, differ=differ)


def exact_inside(evidence: AuditedDataset) -> Finding:
    """Returns how many records occur more than once in their split."""
    everyone = np.arange(len(evidence.dataset))
    found = _exact(evidence, evidence.dataset.split, everyone, differ=False)
    return _share(found, everyone, "records", "have the same sequence in their split")


def exact_across(evidence: AuditedDataset) -> Finding:
    """Returns how many held-out records occur in another split, too."""
    found = _exact(evidence, evidence.dataset.split, evidence.held_out, differ=True)
    return _share(found, evidence.held_out, "held-out records", "have the same sequence in another split")


def exact_contradictory(evidence: AuditedDataset) -> Finding:
    """Returns how many records occur with another label, too."""
    everyone = np.arange(len(evidence.dataset))
    found = _exact(evidence, evidence.dataset.labels, everyone, differ=True)
    return _share(found, everyone, "records", "have the same sequence in another class")


def near_inside(evidence: AuditedDataset) -> Finding:
    """Returns how many records have a near-duplicate in their split."""
    near = evidence.near
    found = duplicated_records(near.kin, evidence.dataset.split, near.asked, differ=False)
    return _share(found, near.asked, "records", "have a near-duplicate in their split", near.limits)


def near_across(evidence: AuditedDataset) -> Finding:
    """Returns how many held-out records have a near-duplicate in another split."""
    near = evidence.near
    asked = np.intersect1d(near.asked, evidence.held_out, assume_unique=True)
    found = duplicated_records(near.kin, evidence.dataset.split, asked, differ=True)
    return _share(found, asked, "held-out records", "have a near-duplicate in another split", near.limits)


def near_contradictory(evidence: AuditedDataset) -> Finding:
    """Returns how many records have a near-duplicate with another label, also of those that have one at all."""
    near = evidence.near
    found = duplicated_records(near.kin, evidence.dataset.labels, near.asked, differ=True)
    either = duplicated_records(near.kin, np.zeros(len(evidence.dataset), dtype=np.int64), near.asked, differ=False)
    more = [f"{len(found) / len(either):.0%} of those that have one at all"] if len(found) else []
    return _share(found, near.asked, "records", "have a near-duplicate in another class", [*more, *near.limits])


def repeated_names(evidence: AuditedDataset) -> Finding:
    """Returns how many records have a name that occurred before, other than the second mates of pairs."""
    _, first, which = np.unique(sequence_hashes(evidence.dataset.names), return_index=True, return_inverse=True)
    everyone = np.arange(len(which))
    occurred = first[which] != everyone
    occurred[_second_mates(evidence)] = False
    again = np.flatnonzero(occurred)
    offenders = Offenders(again, first[which][again], np.full(len(again), np.nan))
    return _share(offenders, everyone, "records", "have a name that occurred before")


def _second_mates(evidence: AuditedDataset) -> NDArray[np.int64]:
    """Returns the second records (M,) int64 of pairs of one name, one group and two sequences: mates, not copies."""
    dataset = evidence.dataset
    if dataset.crop is not None:  # blocks of a genome are no reads
        return np.empty(0, dtype=np.int64)
    one, other = find_mates(dataset.names, dataset.labels).namesakes.T
    mates = (dataset.groups[one] == dataset.groups[other]) & (evidence.original[one] != evidence.original[other])
    return np.asarray(other[mates], dtype=np.int64)


def class_balance(evidence: AuditedDataset) -> Finding:
    """Returns the share of the rarest class, as a part of the share that it would have if all classes were equal."""
    dataset = evidence.dataset
    counts = dataset.counts().sum(axis=1)
    if dataset.crop is not None:
        # Training draws as many of each class; the others are what evaluation sees.
        counts = dataset.counts()[:, 1:].sum(axis=1)
        if not counts.any():
            return Finding(None, "not measured: training draws its windows, and no split is held out")
    shares = counts / counts.sum()
    return Finding(float(shares.min() * len(shares)), _told_shares(shares, dataset.classes))


def _told_shares(shares: NDArray[np.float64], classes: Sequence[str]) -> str:
    """Returns the shares (K,) in one line: of a few classes each, of many the smallest and the largest."""
    if len(shares) <= _FEW_CLASSES:
        return ", ".join(f"{share:.1%} {name}" for share, name in zip(shares, classes, strict=True))
    least, most = int(np.argmin(shares)), int(np.argmax(shares))
    return (
        f"{counted(len(shares), 'classes')}, an equal share is {1 / len(shares):.2%}: the rarest has "
        f"{shares[least]:.2%} ({classes[least]}), the most frequent {shares[most]:.2%} ({classes[most]})"
    )


def class_drift(evidence: AuditedDataset) -> Finding:
    """Returns by how much the share of a class in a split differs from its share of all, at most."""
    dataset = evidence.dataset
    counts = dataset.counts()
    used = np.flatnonzero(counts.any(axis=0))
    if dataset.crop is not None:
        used = used[used > 0]
    if len(used) < 2:
        return Finding(None, "not measured: there is one split only")
    shares = counts[:, used] / counts[:, used].sum(axis=0)  # (K, splits in use)
    overall = counts[:, used].sum(axis=1) / counts[:, used].sum()
    drift = np.abs(shares - overall[:, None])
    label, split = np.unravel_index(int(np.argmax(drift)), drift.shape)
    text = (
        f"{dataset.classes[int(label)]} is {shares[label, split]:.1%} of {SPLITS[used[split]]}, "
        f"{overall[label]:.1%} of all"
    )
    return Finding(float(drift[label, split]), text)
