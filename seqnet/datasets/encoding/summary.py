"""Summary of a dataset for the user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.core.containers import drop_pages
from seqnet.core.printable import counted
from seqnet.datasets.dataset import Description
from seqnet.datasets.encoding.collection import EncodedRecords
from seqnet.datasets.encoding.selection import COUNTED
from seqnet.datasets.splits import SPLITS
from seqnet.similarity import Clusters
from seqnet.similarity.duplicates import Duplicates

__all__ = ["EncodeSummary", "Grouping", "IngestionReport", "length_quantiles"]

_QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)
_LARGE_GROUP = 0.1
_PIECE = 1 << 20
"""Number of records that are counted at once."""


@dataclass(frozen=True)
class Grouping:
    """What keeps records in one split.

    Attributes:
        named: whether these are the user's groups, blocks of a genome or clusters; False if these are pairs of reads.
        windowed: whether records are windows, and those of one sequence may be in different splits.
        largest: share of the records from files that are in the largest group; 0 without clusters.
        ungrouped: records that --group-by finds no group of; each is a group of its own.
        clusters: clusters of similar records; None if they were not searched.
        pairs: pairs of reads whose mates are in one split.
        parted: pairs of reads whose mates are in two.
        divided: groups of the user that have records in two given splits.
    """

    named: bool
    windowed: bool
    largest: float = 0.0
    ungrouped: int = 0
    clusters: Clusters | None = None
    pairs: int = 0
    parted: int = 0
    divided: int = 0


@dataclass(frozen=True)
class IngestionReport:
    """What was found in the input.

    Attributes:
        left_out: reason → number of records (or symbols, as the reason says) that were not kept.
        label_warnings: one line for each thing about the labels that looks like a mistake.
        notes: a line for each input that has no records.
    """

    left_out: Mapping[str, int]
    label_warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class EncodeSummary:
    """Counts of a new dataset.

    Attributes:
        about: alphabet, classes, the positive one, generators and crop.
        fractions: (3,) requested share of each split; empty if the input gives the splits.
        counts: (K, 3) int64, records of each class in each split.
        lengths: (5,) int64, lengths at the quantiles 0, 5, 50, 95 and 100 %.
        groups: number of groups, or None where records are not grouped.
        grouping: what keeps records in one split.
        ingestion: what was found in the input.
        duplicates: exact duplicates.
    """

    about: Description
    fractions: tuple[float, ...]
    counts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    groups: int | None
    grouping: Grouping
    ingestion: IngestionReport
    duplicates: Duplicates

    @classmethod
    def of(
        cls,
        examples: EncodedRecords,
        split: NDArray[np.uint8],
        about: Description,
        fractions: Sequence[float],
        *,
        grouping: Grouping,
        ingestion: IngestionReport,
        duplicates: Duplicates,
    ) -> EncodeSummary:
        """Returns the summary of N examples and their split (N,) uint8; see the class for the other arguments."""
        counts = np.zeros(len(about.classes) * len(SPLITS), dtype=np.int64)
        for start in range(0, len(split), _PIECE):
            piece = slice(start, start + _PIECE)
            kinds = examples.labels[piece].astype(np.int64) * len(SPLITS) + split[piece]
            counts += np.bincount(kinds, minlength=len(counts))
            drop_pages(examples.labels[piece])
        return cls(
            about=about,
            fractions=tuple(fractions),
            counts=counts.reshape(len(about.classes), len(SPLITS)),
            lengths=length_quantiles(examples.tokens.offsets),
            groups=len(np.unique(examples.groups)) if grouping.named else None,
            grouping=grouping,
            ingestion=ingestion,
            duplicates=duplicates,
        )

    def to_json(self) -> dict[str, Any]:
        """Returns the counts and what was found in the input as JSON values."""
        about = self.about
        return {
            "alphabet": about.alphabet.name,
            "positive": None if about.positive is None else about.classes[about.positive],
            "counts": {
                name: dict(zip(SPLITS, map(int, row), strict=True))
                for name, row in zip(about.classes, self.counts, strict=True)
            },
            "length_quantiles": dict(zip(map(str, _QUANTILES), map(int, self.lengths), strict=True)),
            "groups": self.groups,
            "left_out": dict(self.ingestion.left_out),
            "notes": list(self.ingestion.notes),
        }

    def warnings(self) -> list[str]:
        """Returns one line for each problem that could make metrics optimistic or misleading."""
        found, grouping = self.duplicates, self.grouping
        lines = list(self.ingestion.label_warnings)
        if found.across_splits:
            lines.append(f"{counted(found.across_splits, 'records have')} an exact duplicate in another split")
        if found.contradictory:
            lines.append(f"{counted(found.contradictory, 'records have')} an exact duplicate with another label")
        if found.repeated_names:
            lines.append(f"{counted(found.repeated_names, 'records have')} a name that occurred before; all are kept")
        lines += self._split_warnings()
        if grouping.clusters:
            lines += grouping.clusters.limits
            if grouping.largest > _LARGE_GROUP:
                lines.append(
                    f"{grouping.largest:.0%} of the records are one group, linked by chains of similar records; a "
                    "higher --similarity divides it"
                )
        if grouping.parted:
            reason = "because --group-by separates them" if self.fractions else "as the given splits say"
            lines.append(f"mates of {counted(grouping.parted, 'pairs')} of reads are in two splits, {reason}")
        if grouping.divided:
            lines.append(f"{counted(grouping.divided, 'groups have')} records in two of the given splits")
        if grouping.windowed:
            lines.append("windows of one record may be in different splits; --group-by keeps them together")
        return lines

    def _split_warnings(self) -> list[str]:
        """Returns a line for each split that is empty though it was wanted, or that lacks a class."""
        lines = []
        for index, name in enumerate(SPLITS):
            # If training draws windows, it also generates records, so none are stored in the train split.
            drawn = self.about.generators if self.about.crop and name == "train" else {}
            present = dict(zip(self.about.classes, self.counts[:, index], strict=True))
            missing = [label for label, count in present.items() if not count and label not in drawn]
            if not self.counts[:, index].any() and self.fractions and self.fractions[index]:
                lines.append(f"the {name} split is empty: there are too few records or groups")
            elif missing and self.counts[:, index].any():
                lines.append(f"the {name} split has no record of {', '.join(missing)}")
        return lines

    def left_out_lines(self) -> list[str]:
        """Returns one line for each reason why records were not kept, or symbols were masked."""
        lines = {reason: counted(count, reason) for reason, count in self.ingestion.left_out.items()}
        return [line if reason in COUNTED else f"not kept: {line}" for reason, line in lines.items()]

    def lines(self) -> list[str]:
        """Returns the lines of the summary table."""
        about, grouping = self.about, self.grouping
        width = max(len(name) for name in (*about.classes, "total"))
        rows = [(name, self.counts[index]) for index, name in enumerate(about.classes)]
        rows.append(("total", self.counts.sum(axis=0)))
        out = [f"{'class':{width}}  " + "  ".join(f"{name:>10}" for name in (*SPLITS, "all"))]
        for name, counts in rows:
            out.append(f"{name:{width}}  " + "  ".join(f"{count:>10,}" for count in (*counts, counts.sum())))
        quantiles = ", ".join(f"{length:,}" for length in self.lengths)
        positive = "" if about.positive is None else f"; positive class {about.classes[about.positive]}"
        out.append(f"alphabet {about.alphabet.name}{positive}")
        out.append(f"length percentiles 0, 5, 50, 95, 100: {quantiles}")
        if self.groups is not None:
            groups = self.groups - grouping.divided
            out.append(counted(groups, "groups") + ("" if grouping.divided else ", none in two splits"))
        if grouping.pairs:
            out.append(f"{counted(grouping.pairs, 'pairs')} of reads, mates kept in one split")
        if grouping.ungrouped:
            out.append(f"{counted(grouping.ungrouped, 'records')} without a group, each in a group of its own")
        if grouping.clusters:
            found = grouping.clusters
            out.append(
                f"{counted(len(found.sizes), 'clusters')} of records with {found.threshold:g} of their "
                f"{found.k}-mers in common, the largest of {found.sizes.max():,} ({found.largest_share:.1%})"
            )
        if about.crop:
            out.append(f"training draws windows of {about.crop} from the sequences of the train split")
        out += [f"generated: {label} by @{generator}" for label, generator in about.generators.items()]
        return out + self.left_out_lines()


def length_quantiles(offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns the lengths (5,) int64 at the quantiles of a summary, of N sequences with offsets (N + 1,) int64.

    Lengths are counted, because most datasets have few different ones.
    """
    lengths, times = np.empty(0, np.int64), np.empty(0, np.int64)
    for start in range(0, len(offsets) - 1, _PIECE):
        piece = offsets[start : start + _PIECE + 1]
        new, count = np.unique(np.diff(piece), return_counts=True)
        drop_pages(piece)
        lengths, where = np.unique(np.concatenate([lengths, new]), return_inverse=True)
        times = np.bincount(where, weights=np.concatenate([times, count])).astype(np.int64)
    places = np.around((len(offsets) - 2) * np.array(_QUANTILES)).astype(np.int64)
    return np.asarray(lengths[np.searchsorted(np.cumsum(times), places, side="right")])
