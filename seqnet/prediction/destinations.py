"""The class to whose file each entry is written; mates of a pair and further alignments of a read stay together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.prediction import SortingOptions
from seqnet.core.errors import SettingError
from seqnet.core.originals import Originals
from seqnet.prediction.bam_headers import is_sorted_by_position
from seqnet.prediction.decision import Decider
from seqnet.prediction.outputs import Start
from seqnet.prediction.rows import PredictedRows

__all__ = ["Destinations", "Sorter"]


class Destinations(NamedTuple):
    """The destinations of the M entries of a batch.

    Attributes:
        classes: (M,) int64, index of a class; K, the number of classes, for entries without one.
        alone: number of templates with one mate, without the other one next to it.
    """

    classes: NDArray[np.int64]
    alone: int


class Sorter:
    """Decides for templates: entries with one name that are neighbours (see `Originals.templates`).

    With `pairs = "together"`, all entries of a template get the class with the mean probabilities of its records. With
    "separate", each mate gets its own class, and further alignments of a read get that of the read. Templates without a
    prediction, uncertain ones, and those below the minimum probability have no class.

    Args:
        options: how pairs are treated, and the minimum probability.
        decider: makes labels of probabilities.
        start: has the classes, and whether alignments are sorted by position.
    """

    def __init__(self, options: SortingOptions, decider: Decider, start: Start) -> None:
        self._options, self._decider = options, decider
        self._classes = len(start.bundle.classes)
        originals = None if start.batch is None else start.batch.originals
        beginning = None if originals is None else originals.beginning
        self._by_position = (
            beginning is not None and beginning.form == "bam" and is_sorted_by_position(beginning.header)
        )

    def destinations(self, originals: Originals, rows: PredictedRows) -> Destinations:
        """Returns the destinations of M entries, given the rows (N) of their records.

        Raises:
            SettingError: pairs are to be kept together, and the file is sorted by position.
        """
        templates, alone = originals.templates(), 0
        if self._options.pairs == "separate":
            _, templates = np.unique(4 * templates + originals.mates, return_inverse=True)
        elif originals.mates.any():
            if self._by_position:
                problem = "can't keep mates together in alignments that are sorted by position: group them by name "
                problem += "first with samtools collate, or use --pairs separate"
                raise SettingError("predict.pairs", "together", problem=problem)
            alone = _alone(templates, originals)
        count = int(templates.max(initial=-1)) + 1
        if count == len(rows) == len(originals):
            return Destinations(self._decided(rows.probabilities, rows.labels), alone)
        own = originals.records >= 0
        of, record = templates[own], originals.records[own]
        known = rows.labels[record] >= 0
        of, found = of[known], rows.probabilities[record[known]]
        number = np.bincount(of, minlength=count)
        with np.errstate(invalid="ignore"):
            sums = [np.bincount(of, weights=column, minlength=count) / number for column in found.T]
        means = np.stack(sums, axis=1)  # (T, K)
        labels = np.full(count, -1, dtype=np.int64)
        labels[number > 0] = self._decider.labels(means[number > 0])
        return Destinations(self._decided(means, labels)[templates], alone)

    def _decided(self, probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns the class (T,) int64 of each template, from its probabilities (T, K) and its label (T,)."""
        unsure = self._decider.too_unsure(probabilities, labels)
        none = labels < 0 if unsure is None else (labels < 0) | unsure
        if self._options.min_probability is not None:
            with np.errstate(invalid="ignore"):
                none |= ~(probabilities[np.arange(len(labels)), labels] >= self._options.min_probability)
        return np.where(none, self._classes, labels)


def _alone(templates: NDArray[np.int64], originals: Originals) -> int:
    """Returns the number of templates that have the record of one mate and not that of the other."""
    own = originals.records >= 0
    count = int(templates[-1]) + 1
    one, two = (np.bincount(templates[own & (originals.mates == mate)], minlength=count) > 0 for mate in (1, 2))
    return int(np.count_nonzero(one != two))
