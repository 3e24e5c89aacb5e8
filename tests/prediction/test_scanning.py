from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from seqnet.configs.prediction import PredictOptions
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.models.bundles import Bundle
from seqnet.prediction import windows
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.rows import PredictedRows
from seqnet.prediction.scanning import Located, ScannedPiece, ScannedRecords, Scanner
from seqnet.prediction.scans import Scan
from seqnet.prediction.windows import Grid, WindowStatus
from tests.building import make_bundle, random_strings

BUNDLE = make_bundle()


def batch_of(records: Mapping[str, str]) -> RecordBatch:
    names = Ragged.from_strings(list(records))
    return RecordBatch(names, Ragged.from_strings(list(records.values())), names)


def scanned(
    records: Mapping[str, str], scan: Scan, bundle: Bundle = BUNDLE, threads: int = 1, **options: Any
) -> tuple[list[ScannedPiece], PredictedRows, Scanner]:
    """Returns the windows and the rows of records."""
    scanner = Scanner(Predictor(bundle, PredictOptions(**options)), scan)
    found = list(scanner.scanned([Located.whole("x.fa", batch_of(records))], threads))
    *pieces, last = found
    assert isinstance(last, ScannedRecords)
    return [one for one in pieces if isinstance(one, ScannedPiece)], last.rows, scanner


def predicted(strings: Mapping[str, str], bundle: Bundle = BUNDLE, **options: Any) -> PredictedRows:
    return Predictor(bundle, PredictOptions(**options)).predict_batch(batch_of(strings), "x.fa")


LONG = dict(zip("abc", random_strings([200, 31, 90]), strict=True))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("members", [1, 3])
def test_a_row_is_made_of_the_windows_and_these_are_predicted_as_records(
    threads: int, members: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "_WINDOWS", 4)
    bundle = make_bundle(members=members)
    mix = ("signal=0.2",)
    pieces, rows, _ = scanned(LONG, Scan(Grid(12, 5), "mean", 1), bundle, threads, expected_fraction=mix)
    assert len(pieces) > 10
    parts = {f"{name}{start}": LONG[name][start : start + 12] for name in LONG
             for start in range(0, len(LONG[name]) - 11, 5)}  # fmt: skip
    alone = predicted(parts, bundle, expected_fraction=mix)
    found = np.concatenate([piece.probabilities for piece in pieces])
    np.testing.assert_allclose(found, alone.probabilities, atol=1e-6)
    of = np.array([name[0] for name in parts])
    for index, name in enumerate(LONG):
        np.testing.assert_allclose(rows.probabilities[index], alone.probabilities[of == name].mean(axis=0), atol=1e-6)
        assert rows.labels[index] == (rows.probabilities[index, 1] >= 0.5)
    assert rows.status.tolist() == [RecordStatus.OK] * 3
    if members > 1:
        every = np.concatenate([piece.members for piece in pieces], axis=1)
        means = [every[:, of == name].mean(axis=1).std(axis=0) for name in LONG]
        assert rows.deviations is not None
        np.testing.assert_allclose(rows.deviations, means, atol=1e-9)


def test_short_records_are_predicted_as_before_and_stay_in_place() -> None:
    records = {"long": LONG["a"], "short": "ACGTT", "none": "", "other": LONG["c"], "bad": "AC!"}
    _, rows, _ = scanned(records, Scan(Grid(12, 12), "mean", 1))
    before = predicted(records)
    assert rows.status.tolist() == before.status.tolist()
    np.testing.assert_allclose(rows.probabilities[[1, 2, 4]], before.probabilities[[1, 2, 4]], atol=1e-6)
    assert rows.invalid is not None
    assert (rows.invalid.record, rows.invalid.position) == ("bad", 3)


@pytest.mark.parametrize(("stride", "rest"), [(12, 8), (5, 3), (20, 0), (15, 5), (40, 0)])
def test_the_symbols_of_incomplete_windows_are_counted(stride: int, rest: int) -> None:
    scanner = Scanner(Predictor(BUNDLE), Scan(Grid(12, stride), "mean", 1))
    *_, last = scanner.scanned([Located.whole("x.fa", batch_of({"a": LONG["a"], "tiny": "ACGT"}))], 1)
    assert isinstance(last, ScannedRecords)
    assert (last.long, last.rest) == (1, rest)


def test_a_record_without_any_score_has_a_reason() -> None:
    records = {"n": "N" * 40, "bad": "ACGT!ACGTACG" * 3, "some": "N" * 12 + "ACGT" * 6}
    pieces, rows, _ = scanned(records, Scan(Grid(12, 12), "max", 1))
    assert [RecordStatus(status).word for status in rows.status] == ["all_ambiguous", "invalid_symbol", "ok"]
    assert np.isnan(rows.probabilities[:2]).all()
    assert rows.labels.tolist()[:2] == [-1, -1]
    (piece,) = pieces
    assert np.isnan(piece.probabilities[piece.status != WindowStatus.SCORED]).all()
    assert piece.invalid is not None
    assert (piece.invalid.record, piece.invalid.position) == ("bad", 5)
    _, masked, _ = scanned(records, Scan(Grid(12, 12, mask=True), "max", 1), unknown="mask")
    assert (masked.masked, masked.invalid) == (3, None)
    lower = {"low": "acgt" * 9}
    assert scanned(lower, Scan(Grid(12, 12, skips_softmasked=True), "mean", 1))[1].status[0] == (
        RecordStatus.NO_PREDICTION
    )


def test_a_track_has_the_scored_windows_where_they_are_in_the_genome() -> None:
    bundle = dataclasses.replace(BUNDLE, calibration=dataclasses.replace(BUNDLE.calibration, confidences={"0.1": 0.9}))
    scanner = Scanner(Predictor(bundle, PredictOptions(max_error=0.1)), Scan(Grid(12, 12), "mean", 0))
    chromosomes = Ragged.from_strings(["chr1", "chr2"])
    batch = batch_of({"one": "N" * 12 + LONG["a"], "two": LONG["c"]})
    located = Located("x.fa", batch, chromosomes, np.array([1_000, 7]))
    piece = next(scanner.scanned([located], 1))
    assert isinstance(piece, ScannedPiece)
    found = scanner.scored_windows(piece)
    assert found.starts.tolist() == [*range(1_012, 1_204, 12), *range(7, 91, 12)]
    assert found.chromosome.tolist() == [0] * 16 + [1] * 7
    scored = piece.probabilities[piece.status == WindowStatus.SCORED]
    np.testing.assert_array_equal(found.values, scored[:, 0])
    sure = scored.max(axis=1) >= 0.9
    assert 0 < sure.sum() < len(sure)
    np.testing.assert_array_equal(found.labels == 2, ~sure)


def test_a_protein_has_windows_of_residues_without_its_stop() -> None:
    bundle = make_bundle(name="protein", window=12)
    (string,) = random_strings([36], "ACDEFGHIKLMNPQRSTVWY")
    pieces, rows, _ = scanned({"p": string + "*"}, Scan(Grid(12, 12), "mean", 1), bundle)
    assert (len(pieces[0].start), rows.stops) == (3, 1)
    expected = predicted({str(at): string[at : at + 12] for at in (0, 12, 24)}, bundle).probabilities
    np.testing.assert_allclose(pieces[0].probabilities, expected, atol=1e-6)


def test_an_overflow_is_not_a_score() -> None:
    broken = make_bundle()
    with torch.no_grad():
        for parameter in broken.classifier.parameters():
            parameter.fill_(float("inf"))
    pieces, rows, _ = scanned(LONG, Scan(Grid(12, 12), "mean", 1), broken)
    assert {WindowStatus(status) for piece in pieces for status in piece.status} == {WindowStatus.NO_PREDICTION}
    assert set(rows.status) == {RecordStatus.NO_PREDICTION}
