from __future__ import annotations

import numpy as np
from hypothesis import given
from sklearn.calibration import calibration_curve

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.evaluation import score
from seqnet.evaluation.calibration import expected_calibration_error
from seqnet.evaluation.reliability import BINS, reliability
from tests.evaluation.examples import Records, records, separated

NONE = EvaluationOptions(replicates=0)


def test_the_shares_are_those_of_scikit_learn() -> None:
    data = separated(2000, 2)
    found = reliability(score(data.labels, data.probabilities), groups=None, options=NONE)
    share, mean = calibration_curve(data.labels == 1, data.probabilities[:, 1], n_bins=BINS)
    np.testing.assert_allclose(found.share, share)
    np.testing.assert_allclose(found.mean, mean)
    assert found.count.sum() == 2000
    assert np.isnan(found.low).all()


@given(records(3))
def test_the_calibration_error_of_one_class_is_the_mean_gap(data: Records) -> None:
    two = np.stack([1 - data.probabilities[:, 0], data.probabilities[:, 0]], axis=1)
    labels = (data.labels == 0).astype(np.int64)
    found = reliability(score(labels, two), groups=None, options=NONE)
    gap = float((np.abs(found.share - found.mean) * found.count).sum() / len(labels))
    which = np.minimum((two * BINS).astype(int), BINS - 1)
    if (which.sum(axis=1) == BINS - 1).all():  # else a probability at the end of a bin is in another bin for one class
        assert abs(gap - expected_calibration_error(labels, two)) < 1e-9


def test_every_class_of_a_record_counts_if_there_are_several() -> None:
    data = separated(500, 4)
    found = reliability(score(data.labels, data.probabilities), groups=None, options=NONE)
    assert found.count.sum() == 2000
    assert abs((found.share * found.count).sum() - 500) < 1e-9


def test_intervals_hold_the_share_and_narrow_with_records() -> None:
    widths = []
    for count in (300, 30000):
        data = separated(count, 2)
        options = EvaluationOptions(replicates=200)
        found = reliability(score(data.labels, data.probabilities), groups=None, options=options)
        assert (found.low <= found.share).all()
        assert (found.share <= found.high).all()
        widths.append(np.nanmean(found.high - found.low))
    assert widths[1] < widths[0] / 5


def test_a_bin_without_a_record_of_the_class_has_an_exact_interval() -> None:
    p = np.full((10, 2), 0.0)
    p[:, 1] = 0.1
    p[:, 0] = 0.9
    p[0] = [0.1, 0.9]
    labels = np.zeros(10, dtype=np.int64)
    labels[0] = 1
    found = reliability(score(labels, p), groups=None, options=EvaluationOptions(replicates=100))
    assert found.share.tolist() == [0, 1]
    assert found.low[0] == 0
    assert abs(found.high[0] - (1 - 0.025 ** (1 / 9))) < 1e-9  # Clopper and Pearson, 0 of 9


def test_whole_groups_are_drawn() -> None:
    data = separated(1000, 2)
    data = Records(np.repeat(data.labels, 5), np.repeat(data.probabilities, 5, axis=0), np.ones(5000))
    scored, options = score(data.labels, data.probabilities), EvaluationOptions(replicates=200)
    grouped = reliability(scored, groups=np.repeat(np.arange(1000), 5), options=options)
    single = reliability(scored, groups=None, options=options)
    assert np.nanmean(grouped.high - grouped.low) > 1.7 * np.nanmean(single.high - single.low)
