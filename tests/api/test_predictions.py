from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seqnet.api.models import Model
from seqnet.api.predictions import Predictions
from seqnet.core.errors import SymbolError
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.prediction.rows import PredictedRows
from seqnet.prediction.writers import opened_writer
from tests.building import make_bundle, random_strings

SEQUENCES = [*random_strings([12, 40, 7]), None, "", "ACG!T", "NNNN"]
WORDS = ["ok", "ok", "ok", "missing", "empty", "invalid_symbol", "all_ambiguous"]


@pytest.mark.parametrize("members", [1, 3])
def test_the_table_has_the_columns_and_the_numbers_of_the_command(members: int, tmp_path: Path) -> None:
    found = Model(make_bundle(members=members)).predict(SEQUENCES, names=["a", "b\tc", *"defgh"])
    frame = found.to_pandas()
    path = tmp_path / "rows.tsv"
    with opened_writer(path, "tsv", found.classes, ensemble=members > 1) as writer:
        writer.write(writer.render(RecordBatch.concatenate([]), found.rows))
    written = pd.read_csv(io.StringIO(path.read_text()), sep="\t")
    assert list(frame.columns) == list(written.columns)
    assert list(frame["name"].str.replace("\t", r"\t")) == list(written["name"])
    for column in ("label", "status"):
        assert frame[column].fillna("").tolist() == written[column].fillna("").tolist()
    numbers = frame.columns.drop(["name", "label", "status"])
    assert ("sd" in numbers) == (members > 1)
    np.testing.assert_allclose(frame[numbers].to_numpy(), written[numbers].to_numpy(), atol=5.1e-7)
    assert frame["p_signal"].to_numpy().tobytes() == np.ascontiguousarray(found.probabilities[:, 1]).tobytes()


def test_attributes_are_columns() -> None:
    found = Model(make_bundle()).predict(SEQUENCES)
    assert len(found) == 7
    assert found.names.tolist() == list("1234567")
    assert found.status.tolist() == WORDS
    assert found.classes == ("noise", "signal")
    assert (found.probabilities.dtype, found.probabilities.shape) == (np.dtype(np.float64), (7, 2))
    assert np.isnan(found.probabilities[3:]).all()
    expected = [found.classes[row] for row in found.probabilities[:3].argmax(axis=1)]
    assert found.labels.tolist() == [*expected, None, None, None, None]
    assert found.deviations is None
    assert found.counts == {"ok": 3, "empty": 1, "invalid_symbol": 1, "all_ambiguous": 1, "missing": 1}


def test_the_first_unknown_symbol_is_an_error_with_its_facts() -> None:
    model = Model(make_bundle())
    error = model.predict(SEQUENCES).first_invalid
    assert isinstance(error, SymbolError)
    assert (error.record, error.position, error.symbol, error.alphabet) == ("6", 4, "!", "dna")
    assert str(error).endswith("""symbol '!' is not in the dna alphabet; correct it, or pass unknown="mask\"""")
    assert "gap" in str(model.predict(["AC-G"]).first_invalid)
    masked = model.predict(SEQUENCES, unknown="mask")
    assert (masked.first_invalid, masked.masked, masked.status[5]) == (None, 1, "ok")
    assert Model(make_bundle(name="protein")).predict(["MKV*", "MKV"]).stops == 1


def test_doubtful_labels_and_what_is_shown() -> None:
    status = np.array([RecordStatus.OK, RecordStatus.OK, RecordStatus.EMPTY], dtype=np.uint8)
    probabilities = np.array([[0.1, 0.9], [0.45, 0.55], [np.nan, np.nan]])
    labels, uncertain = np.array([1, 1, -1]), np.array([False, True, False])
    rows = PredictedRows(Ragged.from_strings(["a", "b", "c"]), status, labels, probabilities, None, uncertain)
    found = Predictions(rows, ("noise", "signal"))
    assert found.labels.tolist() == ["signal", "uncertain", None]
    assert repr(found) == "<seqnet.Predictions: 3 records; status: 2 ok, 1 empty; labels: 1 signal, 1 uncertain>"
    assert repr(Model(make_bundle()).predict([])) == "<seqnet.Predictions: 0 records>"
