"""Summary of a dataset for the user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.core.printable import counted
from seqnet.datasets.encoding.collection import EncodedRecords
from seqnet.datasets.encoding.selection import COUNTED
from seqnet.datasets.splits import SPLITS
from seqnet.similarity import Clusters
from seqnet.similarity.duplicates import Duplicates

__all__ = ["EncodeSummary"]

_QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)
_LARGE_GROUP = 0.1
_PIECE = 1 << 20
"""Number of records that are counted at once."""


@dataclass(frozen=True)
class EncodeSummary:
    """Counts of a new dataset.

    Attributes:
        alphabet: name of the alphabet.
        classes: the K class names.
        positive: positive class of binary metrics; None for more than two classes.
        generators: class → generator of its records.
        crop: length of the windows that training draws; None if it draws none.
        counts: (K, 3) int64, records of each class in each split.
        lengths: (5,) int64, lengths at the quantiles 0, 5, 50, 95 and 100 %.
        groups: number of groups; None if records are not grouped.
        fractions: (3,) requested share of each split.
        windowed: whether records are windows and windows of one sequence may be in different splits.
        left_out: reason → number of records (or symbols, depending on the reason) that were left out.
        duplicates: exact duplicates.
        label_warnings: one line for each likely mistake in the labels.
        largest_group: share of the read records that are in the largest group.
        ungrouped: records for which --group-by finds no group; each forms its own group.
        clusters: clusters of similar records; None without clustering.
        pairs: read pairs whose mates are in one split.
        parted: read pairs whose mates are in different splits.
        notes: a line for each input that has no records.
    """

    alphabet: str
    classes: tuple[str, ...]
    positive: str | None
    generators: Mapping[str, str]
    crop: int | None
    counts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    groups: int | None
    fractions: tuple[float, ...]
    windowed: bool
    left_out: Mapping[str, int]
    duplicates: Duplicates
    label_warnings: tuple[str, ...] = ()
    largest_group: float = 0.0
    ungrouped: int = 0
    clusters: Clusters | None = None
    pairs: int = 0
    parted: int = 0
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        examples: EncodedRecords,
        split: NDArray[np.uint8],
        alphabet: str,
        classes: Sequence[str],
        positive: int | None,
        generators: Mapping[str, str],
        crop: int | None,
        left_out: Mapping[str, int],
        duplicates: Duplicates,
        *,
        fractions: Sequence[float],
        grouped: bool,
        windowed: bool,
        label_warnings: Sequence[str] = (),
        largest_group: float = 0.0,
        ungrouped: int = 0,
        clusters: Clusters | None = None,
        pairs: int = 0,
        parted: int = 0,
        notes: Sequence[str] = (),
    ) -> EncodeSummary:
        """Returns the summary of N examples and their split (N,) uint8."""
        counts = np.zeros(len(classes) * len(SPLITS), dtype=np.int64)
        for start in range(0, len(split), _PIECE):
            piece = slice(start, start + _PIECE)
            kinds = examples.labels[piece].astype(np.int64) * len(SPLITS) + split[piece]
            counts += np.bincount(kinds, minlength=len(counts))
        lengths = np.diff(examples.tokens.offsets)  # (N,), a copy that `quantile` may overwrite
        return cls(
            alphabet=alphabet,
            classes=tuple(classes),
            positive=None if positive is None else classes[positive],
            generators=generators,
            crop=crop,
            counts=counts.reshape(len(classes), len(SPLITS)),
            lengths=np.quantile(lengths, _QUANTILES, method="nearest", overwrite_input=True).astype(np.int64),
            groups=len(np.unique(examples.groups)) if grouped else None,
            fractions=tuple(fractions),
            windowed=windowed,
            left_out=left_out,
            duplicates=duplicates,
            label_warnings=tuple(label_warnings),
            largest_group=largest_group,
            ungrouped=ungrouped,
            clusters=clusters,
            pairs=pairs,
            parted=parted,
            notes=tuple(notes),
        )

    def warnings(self) -> list[str]:
        """Returns one line for each problem that could make metrics optimistic or misleading."""
        found = self.duplicates
        lines = list(self.label_warnings)
        if found.across_splits:
            lines.append(f"{counted(found.across_splits, 'records have')} an exact duplicate in another split")
        if found.contradictory:
            lines.append(f"{counted(found.contradictory, 'records have')} an exact duplicate with another label")
        if found.repeated_names:
            lines.append(f"{counted(found.repeated_names, 'records have')} a name that occurred before; all are kept")
        for index, name in enumerate(SPLITS):
            # If training draws windows, it also generates records, so none are stored in the train split.
            drawn = self.generators if self.crop and name == "train" else {}
            present = dict(zip(self.classes, self.counts[:, index], strict=True))
            missing = [label for label, count in present.items() if not count and label not in drawn]
            if not self.counts[:, index].any() and self.fractions[index]:
                lines.append(f"the {name} split is empty: there are too few records or groups")
            elif missing and self.counts[:, index].any():
                lines.append(f"the {name} split has no record of {', '.join(missing)}")
        if self.clusters:
            lines += self.clusters.limits
            if self.largest_group > _LARGE_GROUP:
                lines.append(
                    f"{self.largest_group:.0%} of the records are one group: similarity chains; a higher --similarity "
                    "breaks it up"
                )
        if self.parted:
            lines.append(
                f"mates of {counted(self.parted, 'pairs')} of reads are in two splits, since --group-by separates them"
            )
        if self.windowed:
            lines.append("windows are split without --group-by: neighbours of one record may be in two splits")
        return lines

    def lines(self) -> list[str]:
        """Returns the lines of the summary table."""
        width = max(len(name) for name in (*self.classes, "total"))
        rows = [(name, self.counts[index]) for index, name in enumerate(self.classes)]
        rows.append(("total", self.counts.sum(axis=0)))
        out = [f"{'class':{width}}  " + "  ".join(f"{name:>10}" for name in (*SPLITS, "all"))]
        for name, counts in rows:
            out.append(f"{name:{width}}  " + "  ".join(f"{count:>10,}" for count in (*counts, counts.sum())))
        quantiles = ", ".join(f"{length:,}" for length in self.lengths)
        out.append(f"alphabet {self.alphabet}" + (f"; positive class {self.positive}" if self.positive else ""))
        out.append(f"lengths at 0, 5, 50, 95, 100 %: {quantiles}")
        if self.groups is not None:
            out.append(f"{counted(self.groups, 'groups')}, none in two splits")
        if self.pairs:
            out.append(f"{counted(self.pairs, 'pairs')} of reads, mates kept in one split")
        if self.ungrouped:
            out.append(f"{counted(self.ungrouped, 'records')} without a group, each one of its own")
        if self.clusters:
            found = self.clusters
            out.append(
                f"{counted(len(found.sizes), 'clusters')} of records that share {found.threshold:g} of their "
                f"{found.k}-mers, the largest of {found.sizes.max():,} ({found.largest_share:.1%})"
            )
        if self.crop:
            out.append(f"training draws windows of {self.crop} from the sequences of the train split")
        out += [f"generated: {label} by @{generator}" for label, generator in self.generators.items()]
        for reason, count in self.left_out.items():
            out.append(counted(count, reason) if reason in COUNTED else f"not kept: {counted(count, reason)}")
        return out
