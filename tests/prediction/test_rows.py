from __future__ import annotations

import numpy as np

from seqnet.core.errors import SymbolError
from seqnet.core.ragged import Ragged
from seqnet.prediction.rows import PredictedRows


def rows(names: list[str], label: int, *, invalid: str | None = None) -> PredictedRows:
    """Returns rows with one label."""
    count = len(names)
    return PredictedRows(
        names=Ragged.from_strings(names),
        status=np.zeros(count, dtype=np.uint8),
        labels=np.full(count, label),
        probabilities=np.full((count, 2), label / 4),
        uncertain=np.full(count, label == 1),
        invalid=None if invalid is None else SymbolError("x", invalid, 1, "!", "dna"),
        masked=2,
        stops=1,
    )


def test_parts_are_one_after_the_other_and_counts_are_added() -> None:
    parts = [rows(["a", "b"], 0), rows([], 0), rows(["c"], 1, invalid="c"), rows(["d"], 1, invalid="d")]
    found = PredictedRows.concatenate(parts)
    assert len(found) == 4
    assert found.names.text() == ["a", "b", "c", "d"]
    assert found.labels.tolist() == [0, 0, 1, 1]
    assert found.probabilities[:, 1].tolist() == [0, 0, 0.25, 0.25]
    assert found.uncertain is not None
    assert found.uncertain.tolist() == [False, False, True, True]
    assert found.deviations is None
    assert found.invalid is not None
    assert found.invalid.record == "c"
    assert (found.masked, found.stops) == (8, 4)


def test_a_single_part_is_as_it_is() -> None:
    part = rows(["a"], 1)
    assert PredictedRows.concatenate([part]) is part
