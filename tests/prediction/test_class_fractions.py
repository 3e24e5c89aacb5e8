from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seqnet.configs.prediction import PredictOptions
from seqnet.core.errors import SettingError
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.evaluation.calibration import Calibration, ValidationScores, for_fractions, reweighted
from seqnet.models.probabilities import bundle_probabilities
from seqnet.prediction.class_fractions import ScoreSample, check_read_twice, fitted_to_records, sample_records
from seqnet.prediction.predictor import Predictor
from tests.building import encoded, make_bundle, random_strings


def batches(count: int, size: int = 50, length: int = 4) -> list[tuple[str, RecordBatch]]:
    found = []
    for start in range(0, count, size):
        names = Ragged.from_strings([f"r{index}" for index in range(start, min(start + size, count))])
        symbols = Ragged.from_strings(random_strings([length] * len(names), seed=start))
        found.append(("f", RecordBatch(names, symbols, names)))
    return found


def names_of(sample: list[tuple[str, RecordBatch]]) -> list[str]:
    return [name for _, batch in sample for name in batch.names.text()]


def test_a_sample_of_records_is_uniform_in_order_and_bounded() -> None:
    every = batches(1_000)
    assert names_of(sample_records(every, 1_000)) == [f"r{index}" for index in range(1_000)]
    hits = np.zeros(1_000)
    for seed in range(200):
        numbers = [int(name[1:]) for name in names_of(sample_records(every, 100, seed=seed))]
        assert len(numbers) == 100
        assert numbers == sorted(numbers)
        hits[numbers] += 1
    # 20 expected, standard deviation 4.2.
    assert np.abs(hits.reshape(10, 100).mean(axis=1) - 20).max() < 1.5
    assert names_of(sample_records(every, 100, seed=3)) == names_of(sample_records(every, 100, seed=3))
    # Batches do not matter.
    assert names_of(sample_records(batches(1_000, 1_000), 100)) == names_of(sample_records(every, 100))
    few = sample_records(every, 100, most_symbols=40)
    assert sum(len(batch.symbols.data) for _, batch in few) == 40
    assert len(names_of(sample_records(every, 100, most_symbols=1))) == 1
    assert sample_records([]) == []


def test_a_sample_of_scores_is_uniform_and_bounded() -> None:
    hits = np.zeros(1_000)
    rng = np.random.default_rng(0)
    for _ in range(50):
        sample = ScoreSample(100)
        order = rng.permutation(1_000)
        for part in np.split(order, 20):
            sample.add(np.column_stack([part, part]).astype(float))
        assert sample.count == 1_000
        assert sample.probabilities is not None
        assert 100 <= len(sample.probabilities) <= 200
        hits[sample.probabilities[:, 0].astype(int)] += 1
    assert hits.max() < 25
    assert ScoreSample().probabilities is None


def test_probabilities_threshold_and_confidences_follow_the_records() -> None:
    bundle = make_bundle()
    strings = random_strings([12] * 4_000, seed=1)
    scores = bundle_probabilities(bundle, encoded(strings)).probabilities
    labels = (np.random.default_rng(2).random(len(scores)) < scores[:, 1]).astype(np.int64)
    seen = np.bincount(labels) / len(labels)
    calibration = Calibration(criterion="mcc", shares=tuple(seen.tolist()))
    kept = ValidationScores.keep(labels[:2_000], scores[:2_000], seed=1)
    object.__setattr__(bundle, "calibration", calibration)
    object.__setattr__(bundle, "validation", kept)
    rest = np.arange(2_000, 4_000)
    rare = np.concatenate([rest[labels[rest] == 0], rest[labels[rest] == 1][:100]])
    names = Ragged.from_strings([str(index) for index in rare])
    batch = RecordBatch(names, Ragged.from_strings([strings[index] for index in rare]), names)
    predictor = Predictor(bundle, PredictOptions(expected_fraction=("auto",)))
    own, shift = fitted_to_records(predictor, [("f", batch)], 1)
    assert shift.sure
    assert shift.low[1] <= 100 / len(rare) <= shift.high[1]
    found = own.predict_batch(batch)
    np.testing.assert_allclose(found.probabilities, reweighted(scores[rare], seen, shift.shares), atol=1e-6)
    expected = for_fractions(calibration, kept, seen, shift.shares, 1)
    assert own.threshold == expected.threshold != predictor.threshold
    ones = rest[labels[rest] == 1]
    fewer = np.concatenate([rest[labels[rest] == 0], np.delete(ones, np.s_[::4])])  # three quarters of class 1
    names = Ragged.from_strings([str(index) for index in fewer])
    batch = RecordBatch(names, Ragged.from_strings([strings[index] for index in fewer]), names)
    partly, shift = fitted_to_records(predictor, [("f", batch)], 1)
    assert not shift.sure
    assert shift.shares[1] < shift.applied[1] < seen[1]
    expected_probabilities = reweighted(scores[fewer], seen, shift.applied)
    np.testing.assert_allclose(partly.predict_batch(batch).probabilities, expected_probabilities, atol=1e-6)
    same, shift = fitted_to_records(predictor, [("f", batch)][:0], 1)
    assert same is predictor
    assert shift.doubt.startswith("it has 0 records")


def test_only_regular_files_are_read_twice(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    check_read_twice(str(tmp_path / "f"))
    with pytest.raises(
        SettingError, match="auto reads its input twice, and standard input can be read only once; give a file"
    ):
        check_read_twice("-")
    with pytest.raises(SettingError, match="/dev/null can be read only once"):
        check_read_twice("/dev/null")
    with pytest.raises(FileNotFoundError):
        check_read_twice(str(tmp_path / "g"))
    with pytest.raises(SettingError, match="CLASS=F with F between 0 and 1, or auto alone"):
        PredictOptions(expected_fraction=("auto", "a=0.1")).fractions()
