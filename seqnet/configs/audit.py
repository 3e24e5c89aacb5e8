"""What an audit looks for, and from where on it warns and fails."""

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
        0.8, "records are near-duplicates that share this part of the k-mers of the shorter one", above=0, maximum=1
    )
    kmer: int | None = setting(None, "length of the k-mers " + by_alphabet(KMER_LENGTHS), minimum=2, maximum=32)
    inside_warn: float = setting(
        0.01, "warn where more than this share of the records has a twin in their split", minimum=0, maximum=1
    )
    inside_fail: float = setting(
        0.2, "fail where more than this share of the records has a twin in their split", minimum=0, maximum=1
    )
    across_warn: float = setting(
        0.0, "warn where more than this share of the held-out records has a twin in another split", minimum=0, maximum=1
    )
    across_fail: float = setting(
        0.01,
        "fail where more than this share of the held-out records has a twin in another split",
        minimum=0,
        maximum=1,
    )
    contradictory_warn: float = setting(
        0.0, "warn where more than this share of the records has a twin of another class", minimum=0, maximum=1
    )
    contradictory_fail: float = setting(
        0.01, "fail where more than this share of the records has a twin of another class", minimum=0, maximum=1
    )
    names_warn: float = setting(
        0.0, "warn where more than this share of the records has a name that occurred before", minimum=0, maximum=1
    )
    names_fail: float = setting(
        1.0, "fail where more than this share of the records has a name that occurred before", minimum=0, maximum=1
    )
    rarest_warn: float = setting(
        0.2,
        "warn where the rarest class has less than this part of an equal share of the records, 1 / number of classes",
        minimum=0,
        maximum=1,
    )
    rarest_fail: float = setting(
        0.02,
        "fail where the rarest class has less than this part of an equal share of the records, 1 / number of classes",
        minimum=0,
        maximum=1,
    )
    drift_warn: float = setting(
        0.05,
        "warn where the share of a class in a split is off its share of all by more than this",
        minimum=0,
        maximum=1,
    )
    drift_fail: float = setting(
        0.2,
        "fail where the share of a class in a split is off its share of all by more than this",
        minimum=0,
        maximum=1,
    )
    shortcut_warn: float = setting(
        0.6, "warn where length, composition or positions have more than this AUROC", minimum=0.5, maximum=1
    )
    shortcut_fail: float = setting(
        0.9, "fail where length, composition or positions have more than this AUROC", minimum=0.5, maximum=1
    )
    tag_warn: float = setting(0.51, "warn where a tag or an adapter has more than this AUROC", minimum=0.5, maximum=1)
    tag_fail: float = setting(0.9, "fail where a tag or an adapter has more than this AUROC", minimum=0.5, maximum=1)
    records: int = setting(
        20_000, "training records that shortcuts are measured on, at most", minimum=10, maximum=MOST_RECORDS
    )
    symbols: int = setting(
        100_000_000,
        "symbols of the records among which near-duplicates are looked for, at most; 40 bytes of memory for each",
        minimum=1,
        maximum=MOST_RECORDS,
    )
    seed: int = setting(0, "seed of samples and folds", minimum=0, maximum=LARGEST_SEED)
