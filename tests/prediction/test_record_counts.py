from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from seqnet.core.alphabets import alphabet
from seqnet.core.errors import SymbolError
from seqnet.core.schema import SchemaError
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.record_counts import RecordCounts
from seqnet.prediction.run_identity import run_identity
from seqnet.prediction.tally import Tally
from seqnet.prediction.writers import TableOutput
from tests.prediction.shards import READ, make_inputs, make_predictor


def counts(records: int) -> RecordCounts:
    invalid = SymbolError("a.fa", "r1", 3, "J", "dna")
    tally = Tally(Counter({RecordStatus.OK: records, RecordStatus.INVALID_SYMBOL: 1}), 2, 3, 4, invalid)
    notes = [("a.fa", "odd")]
    return RecordCounts(
        alphabet("dna"), Counter({"a.fa": records}), Counter({"secondary": 5}), notes, [("b.fa", "empty")], [], tally
    )


def test_counts_are_stored_and_added() -> None:
    stored = RecordCounts.from_json(json.loads(json.dumps(counts(7).to_json())))
    assert stored.to_json() == counts(7).to_json()
    stored.add(counts(2))
    assert stored.records == {"a.fa": 9}
    assert stored.skipped == {"secondary": 10}
    assert stored.notes == [("a.fa", "odd")]
    assert stored.empty == [("b.fa", "empty")]
    assert stored.tally.counts == {RecordStatus.OK: 9, RecordStatus.INVALID_SYMBOL: 2}
    assert str(stored.tally.invalid) == str(counts(7).tally.invalid)


@pytest.mark.parametrize("name", ["records", "tally", "notes"])
def test_what_has_another_form_is_refused(name: str) -> None:
    with pytest.raises(SchemaError):
        RecordCounts.from_json(counts(1).to_json() | {name: {"counts": {"good": 1}}})


def test_the_identity_of_a_run_is_that_of_its_bytes(tmp_path: Path) -> None:
    predictor, (first, second) = make_predictor(tmp_path), make_inputs(tmp_path)
    model, source, table = tmp_path / "m.safetensors", PredictionInputs(READ, None), TableOutput(tmp_path / "x.tsv")
    found = run_identity(predictor, model, source, [first], table)
    (tmp_path / "elsewhere").mkdir()
    copy = tmp_path / "elsewhere" / "a.fa"
    copy.write_bytes(Path(first).read_bytes())
    assert run_identity(predictor, model, source, [str(copy)], table) == found
    assert run_identity(predictor, model, source, [first, second], table) != found
    copy.write_bytes(copy.read_bytes()[:-2] + b"N\n")
    assert run_identity(predictor, model, source, [str(copy)], table)["inputs"] != found["inputs"]
