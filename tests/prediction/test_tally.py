from __future__ import annotations

import numpy as np

from seqnet.core.errors import SymbolError
from seqnet.core.ragged import Ragged
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.prediction.rows import PredictedRows
from seqnet.prediction.tally import Tally


def rows(
    *status: RecordStatus, uncertain: list[bool] | None = None, invalid: str = "", masked: int = 0
) -> PredictedRows:
    count = len(status)
    return PredictedRows(
        names=Ragged.from_strings(["x"] * count),
        status=np.array(status, dtype=np.uint8),
        labels=np.zeros(count, dtype=np.int64),
        probabilities=np.full((count, 2), 0.5),
        uncertain=None if uncertain is None else np.array(uncertain),
        invalid=SymbolError("", invalid, 1, "!", "dna") if invalid else None,
        masked=masked,
        stops=count,
    )


def test_counts_are_those_of_all_rows_and_the_first_symbol_stays() -> None:
    parts = [
        rows(RecordStatus.OK, RecordStatus.EMPTY, uncertain=[True, False]),
        rows(),
        rows(RecordStatus.OK, RecordStatus.INVALID_SYMBOL, invalid="first", masked=2),
        rows(RecordStatus.INVALID_SYMBOL, invalid="second", masked=3),
    ]
    tally = Tally()
    for part in parts:
        tally.add(Tally.of(part))
    assert tally.counts == {RecordStatus.OK: 2, RecordStatus.EMPTY: 1, RecordStatus.INVALID_SYMBOL: 2}
    assert (tally.uncertain, tally.masked, tally.stops) == (1, 5, 5)
    assert tally.invalid is not None
    assert tally.invalid.record == "first"
    assert set(Tally.of(parts[0]).counts) == {RecordStatus.OK, RecordStatus.EMPTY}
