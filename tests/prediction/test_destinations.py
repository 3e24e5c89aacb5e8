from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from seqnet.configs.prediction import PredictOptions, SortingOptions
from seqnet.core.errors import SettingError
from seqnet.core.originals import Beginning, Form, Originals
from seqnet.core.ragged import Ragged
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.prediction.decision import Decider
from seqnet.prediction.destinations import Destinations, Sorter
from seqnet.prediction.outputs import Start
from seqnet.prediction.rows import PredictedRows
from seqnet.readers.originals import nothing_but
from tests.building import make_bundle

BUNDLE = make_bundle()
SORTED = b"BAM\1\x1c\0\0\0@HD\tVN:1.6\tSO:coordinate\n\0\0\0\0\0"


def rows_of(signal: Sequence[float]) -> PredictedRows:
    """Returns rows with these probabilities of the second class; NaN for no prediction."""
    values = np.array([[1 - one, one] for one in signal]).reshape(-1, 2)
    missing = np.isnan(values[:, 0])
    status = np.where(missing, RecordStatus.EMPTY, RecordStatus.OK).astype(np.uint8)
    labels = np.where(missing, -1, (values[:, 1] >= 0.5).astype(np.int64))
    return PredictedRows(Ragged.from_strings(["x"] * len(values)), status, labels, values)


def destinations(
    names: str, mates: Sequence[int], records: Sequence[int], signal: Sequence[float], *, form: Form = "bam",
    header: bytes = b"BAM\1" + bytes(8), **options: Any,
) -> Destinations:  # fmt: skip
    column = Ragged.from_strings(list(names))
    originals = Originals(form, column, np.array(records), column, np.array(mates, dtype=np.uint8))
    start = Start(BUNDLE, nothing_but(Beginning(form, True, header)))
    decider = Decider(BUNDLE, PredictOptions())
    return Sorter(SortingOptions(**options), decider, start).destinations(originals, rows_of(signal))


def test_the_mean_decides_for_a_pair_and_its_further_alignments() -> None:
    # Template a: two mates and a secondary alignment of each; b: a single read.
    found = destinations("aaaab", [1, 1, 2, 2, 0], [0, -1, 1, -1, 2], [0.9, 0.3, 0.1])
    assert (found.classes.tolist(), found.alone) == ([1, 1, 1, 1, 0], 0)


def test_separate_mates_have_their_own_further_alignments() -> None:
    found = destinations("aaaab", [2, 1, 1, 2, 0], [0, -1, 1, -1, 2], [0.9, 0.3, 0.1], pairs="separate")
    assert found.classes.tolist() == [1, 0, 0, 1, 0]


def test_alignments_without_their_record_have_no_class() -> None:
    found = destinations("ab", [0, 0], [-1, 0], [0.9])
    assert found.classes.tolist() == [2, 1]


def test_a_mate_without_a_prediction_follows_the_other_one() -> None:
    found = destinations("aabb", [1, 2, 1, 2], [0, 1, 2, 3], [np.nan, 0.9, np.nan, np.nan], form="fastq")
    assert found.classes.tolist() == [1, 1, 2, 2]


def test_mates_that_are_alone_are_counted() -> None:
    assert destinations("abbc", [1, 1, 2, 2], [0, 1, 2, 3], [0.9] * 4).alone == 2
    assert destinations("abbc", [1, 1, 2, 2], [0, 1, 2, 3], [0.9] * 4, pairs="separate").alone == 0


def test_the_least_probability_is_that_of_the_label_of_the_template() -> None:
    signal = [0.95, 0.6, 0.05, 0.5]
    found = destinations("abcd", [0] * 4, range(4), signal, min_probability=0.9)
    assert found.classes.tolist() == [1, 2, 0, 2]
    assert destinations("aab", [1, 2, 0], range(3), [1.0, 0.7, 0.7], min_probability=0.85).classes.tolist() == [1, 1, 2]


def test_pairs_can_not_be_together_in_alignments_by_position() -> None:
    with pytest.raises(SettingError, match="samtools collate"):
        destinations("ab", [1, 2], [0, 1], [0.9, 0.9], header=SORTED)
    assert destinations("ab", [0, 0], [0, 1], [0.9, 0.1], header=SORTED).classes.tolist() == [1, 0]
    assert destinations("ab", [1, 2], [0, 1], [0.9, 0.1], header=SORTED, pairs="separate").classes.tolist() == [1, 0]


def test_no_records_give_no_output() -> None:
    for pairs in ("together", "separate"):
        assert len(destinations("", [], [], [], pairs=pairs).classes) == 0
