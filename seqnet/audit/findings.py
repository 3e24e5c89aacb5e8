"""Checks for duplicates, repeated names and class balance, each a function of an `AuditedDataset`."""

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
"""Maximum number of classes for listing all class shares."""


def _share(offenders: Offenders, of: NDArray[np.int64], records: str, verb: str, more: Sequence[str] = ()) -> Finding:
    """Returns the finding that some of the records (M,) have a problem.

    Args:
        offenders: records with the problem.
        of: records that were checked.
        records: what the checked records are called.
        verb: what they have, such as `have a near-duplicate in their split`.
        more: additional texts.
    """
    if not len(of):
        return Finding(None, f"not measured: there are no {records}")
    share = len(offenders) / len(of)
    text = f"{len(offenders):,} of {len(of):,} {records} ({share:.2%}) {verb}"
    return Finding(share, "; ".join((text, *more)), offenders)


def _exact(
    audited: AuditedDataset, sides: NDArray[np.integer], queried: NDArray[np.int64], *, differ: bool
) -> Offenders:
    return duplicated_records(DuplicatePairs.identical(audited.original), sides, queried, differ=differ)


def exact_inside(audited: AuditedDataset) -> Finding:
    """Returns the share of records that occur more than once in their split."""
    everyone = np.arange(len(audited.dataset))
    found = _exact(audited, audited.dataset.split, everyone, differ=False)
    return _share(found, everyone, "records", "have the same sequence in their split")


def exact_across(audited: AuditedDataset) -> Finding:
    """Returns the share of held-out records that also occur in another split."""
    found = _exact(audited, audited.dataset.split, audited.held_out, differ=True)
    return _share(found, audited.held_out, "held-out records", "have the same sequence in another split")


def exact_contradictory(audited: AuditedDataset) -> Finding:
    """Returns the share of records that also occur with another label."""
    everyone = np.arange(len(audited.dataset))
    found = _exact(audited, audited.dataset.labels, everyone, differ=True)
    return _share(found, everyone, "records", "have the same sequence in another class")


def near_inside(audited: AuditedDataset) -> Finding:
    """Returns the share of records with a near-duplicate in their split."""
    near = audited.near
    found = duplicated_records(near.pairs, audited.dataset.split, near.queried, differ=False)
    return _share(found, near.queried, "records", "have a near-duplicate in their split", near.limits)


def near_across(audited: AuditedDataset) -> Finding:
    """Returns the share of held-out records with a near-duplicate in another split."""
    near = audited.near
    queried = np.intersect1d(near.queried, audited.held_out, assume_unique=True)
    found = duplicated_records(near.pairs, audited.dataset.split, queried, differ=True)
    return _share(found, queried, "held-out records", "have a near-duplicate in another split", near.limits)


def near_contradictory(audited: AuditedDataset) -> Finding:
    """Returns the share of records with a near-duplicate of another label, also among those with any near-duplicate."""
    near = audited.near
    found = duplicated_records(near.pairs, audited.dataset.labels, near.queried, differ=True)
    either = duplicated_records(near.pairs, np.zeros(len(audited.dataset), dtype=np.int64), near.queried, differ=False)
    more = [f"{len(found) / len(either):.0%} of those that have one at all"] if len(found) else []
    return _share(found, near.queried, "records", "have a near-duplicate in another class", [*more, *near.limits])


def repeated_names(audited: AuditedDataset) -> Finding:
    """Returns the share of records whose name occurred before; second mates of pairs do not count."""
    _, first, which = np.unique(sequence_hashes(audited.dataset.names), return_index=True, return_inverse=True)
    everyone = np.arange(len(which))
    occurred = first[which] != everyone
    occurred[_second_mates(audited)] = False
    again = np.flatnonzero(occurred)
    offenders = Offenders(again, first[which][again], np.full(len(again), np.nan))
    return _share(offenders, everyone, "records", "have a name that occurred before")


def _second_mates(audited: AuditedDataset) -> NDArray[np.int64]:
    """Returns the second records (M,) int64 of pairs with equal names and groups and different sequences (mates)."""
    dataset = audited.dataset
    if dataset.crop is not None:  # genome blocks are not reads
        return np.empty(0, dtype=np.int64)
    one, other = find_mates(dataset.names, dataset.labels).namesakes.T
    mates = (dataset.groups[one] == dataset.groups[other]) & (audited.original[one] != audited.original[other])
    return np.asarray(other[mates], dtype=np.int64)


def class_balance(audited: AuditedDataset) -> Finding:
    """Returns the share of the rarest class, divided by the share that it would have if all classes were equal."""
    dataset = audited.dataset
    counts = dataset.counts().sum(axis=1)
    if dataset.crop is not None:
        # Training draws windows of all classes equally, so the other splits are measured, which evaluation uses.
        counts = dataset.counts()[:, 1:].sum(axis=1)
        if not counts.any():
            return Finding(None, "not measured: training draws its windows, and no split is held out")
    shares = counts / counts.sum()
    return Finding(float(shares.min() * len(shares)), _listed_shares(shares, dataset.classes))


def _listed_shares(shares: NDArray[np.float64], classes: Sequence[str]) -> str:
    """Returns the shares (K,) in one line: all of them for a few classes, else the smallest and the largest."""
    if len(shares) <= _FEW_CLASSES:
        return ", ".join(f"{share:.1%} {name}" for share, name in zip(shares, classes, strict=True))
    least, most = int(np.argmin(shares)), int(np.argmax(shares))
    return (
        f"{counted(len(shares), 'classes')}, an equal share is {1 / len(shares):.2%}: the rarest has "
        f"{shares[least]:.2%} ({classes[least]}), the most frequent {shares[most]:.2%} ({classes[most]})"
    )


def class_drift(audited: AuditedDataset) -> Finding:
    """Returns the largest difference between a class's share in a split and its share in the whole dataset."""
    dataset = audited.dataset
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
