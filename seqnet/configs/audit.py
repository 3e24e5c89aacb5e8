"""What an audit checks, and the bounds at which it warns and fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.settings import LARGEST_SEED, MOST_RECORDS, Settings, setting
from seqnet.configs.similarity import KMER_LENGTHS, by_alphabet

__all__ = ["AuditOptions"]


@dataclass(frozen=True)
class AuditOptions(Settings):
    """What counts as similar, how much is looked at, and the bounds of each check.

    A check warns where its number is beyond the first bound and fails where it is beyond the second; an AUROC that
    chance may have brought about passes.
    """

    section: ClassVar[str] = "audit"

    near: float = setting(
        0.8,
        "minimum share of the shorter sequence's k-mers in common to count as near-duplicates",
        above=0,
        maximum=1,
    )
    kmer: int | None = setting(None, "length of k-mers " + by_alphabet(KMER_LENGTHS), minimum=2, maximum=32)
    inside_warn: float = setting(
        0.01,
        "(near-)duplicates inside splits: warn above this share of records",
        minimum=0,
        maximum=1,
    )
    inside_fail: float = setting(
        0.2,
        "(near-)duplicates inside splits: fail above this share of records",
        minimum=0,
        maximum=1,
    )
    across_warn: float = setting(
        0.0,
        "(near-)duplicates across splits: warn above this share of held-out records",
        minimum=0,
        maximum=1,
    )
    across_fail: float = setting(
        0.01,
        "(near-)duplicates across splits: fail above this share of held-out records",
        minimum=0,
        maximum=1,
    )
    contradictory_warn: float = setting(
        0.0,
        "contradictory (near-)duplicates: warn above this share of records",
        minimum=0,
        maximum=1,
    )
    contradictory_fail: float = setting(
        0.01,
        "contradictory (near-)duplicates: fail above this share of records",
        minimum=0,
        maximum=1,
    )
    names_warn: float = setting(0.0, "repeated names: warn above this share of records", minimum=0, maximum=1)
    names_fail: float = setting(1.0, "repeated names: fail above this share of records", minimum=0, maximum=1)
    rarest_warn: float = setting(
        0.2,
        "class balance: warn if the rarest class has less than this part of an equal share (1 / number of classes)",
        minimum=0,
        maximum=1,
    )
    rarest_fail: float = setting(
        0.02,
        "class balance: fail if the rarest class has less than this part of an equal share (1 / number of classes)",
        minimum=0,
        maximum=1,
    )
    drift_warn: float = setting(
        0.05,
        "class balance of splits: warn if the share of a class in a split and in all records differ by more than this",
        minimum=0,
        maximum=1,
    )
    drift_fail: float = setting(
        0.2,
        "class balance of splits: fail if the share of a class in a split and in all records differ by more than this",
        minimum=0,
        maximum=1,
    )
    shortcut_warn: float = setting(
        0.6, "length, composition and positions: warn above this AUROC", minimum=0.5, maximum=1
    )
    shortcut_fail: float = setting(
        0.9, "length, composition and positions: fail above this AUROC", minimum=0.5, maximum=1
    )
    tag_warn: float = setting(0.51, "tags and adapters: warn above this AUROC", minimum=0.5, maximum=1)
    tag_fail: float = setting(0.9, "tags and adapters: fail above this AUROC", minimum=0.5, maximum=1)
    records: int = setting(
        20_000,
        "length, composition, positions, tags and adapters: use at most this many training records",
        minimum=10,
        maximum=MOST_RECORDS,
    )
    symbols: int = setting(
        100_000_000,
        "near-duplicates: compare records with at most this many symbols in total; each symbol takes 40 bytes of "
        "memory",
        minimum=1,
        maximum=MOST_RECORDS,
    )
    seed: int = setting(0, "random seed of samples and folds", minimum=0, maximum=LARGEST_SEED)
