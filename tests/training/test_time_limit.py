from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest

from seqnet.training import train_ensemble
from seqnet.training.fit import NetworkJob, train
from seqnet.training.members import TrainingJob
from seqnet.training.time_limit import OutOfTimeError, TimedObserver, TimeLimit
from tests.building import CPU, Recorder, planted, run_config


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def test_each_network_has_an_equal_share_of_what_is_left() -> None:
    clock = Clock()
    limit = TimeLimit(60, 3, clock)
    limit.begin(0)
    clock.now += 4
    # The first of three has 20 s, of which 16 are left.
    assert limit.epochs(1, 100) == 5
    clock.now += 2
    assert limit.epochs(2, 100) == 9
    clock.now += 1
    assert limit.epochs(3, 6) == 6
    clock.now = 110
    limit.begin(1)
    clock.now += 5
    # 50 s are left for two.
    assert limit.epochs(1, 100) == 5
    limit.begin(2)
    clock.now += 30
    assert limit.epochs(3, 100) == 3
    assert limit.left == 15


def test_a_short_first_epoch_is_not_the_last_while_there_is_time() -> None:
    for duration, epochs in ((6, 2), (11, 1), (20, 1)):
        clock = Clock()
        limit = TimeLimit(duration + 1, 1, clock)
        limit.begin(0)
        clock.now += duration
        assert limit.epochs(1, 100) == epochs
    clock.now += 5
    assert limit.epochs(2, 100) == 2


def test_a_resumed_network_keeps_the_epochs_that_it_has() -> None:
    clock = Clock()
    limit = TimeLimit(10, 1, clock)
    limit.begin(0)
    clock.now += 2
    assert limit.epochs(8, 20) == 12
    clock.now += 20
    assert limit.epochs(9, 20) == 9


def test_only_a_later_network_without_an_epoch_is_stopped() -> None:
    clock, recorder = Clock(), Recorder()
    limit = TimeLimit(1, 2, clock)
    observer = TimedObserver(recorder, limit)
    clock.now += 5
    limit.begin(0)
    observer.step(1, 1, 2, 0.5)
    limit.begin(1)
    observer.step(2, 1, 2, 0.5)
    with pytest.raises(OutOfTimeError):
        observer.step(1, 1, 2, 0.5)
    assert len(recorder.steps) == 3


def test_no_time_gives_one_network_of_one_epoch() -> None:
    recorder = Recorder()
    job = TrainingJob(planted((60, 60, 0)), run_config({"epochs": 50}), CPU, (None, None, None), seconds=1e-6)
    result = train_ensemble(job, recorder)
    assert [len(run.rows) for run in result.runs] == [1]
    assert len(result.bundle.members) == 1
    assert "the time limit allowed 1 epoch, not 50" in recorder.notes
    assert "the time limit is reached; left out: 2 networks" in recorder.notes
    assert result.bundle.config.training.epochs == 1


def test_enough_time_changes_nothing() -> None:
    dataset, config = planted((60, 60, 0)), run_config({"epochs": 2})
    one, other = (
        train_ensemble(TrainingJob(dataset, config, CPU, (None, None), seconds=seconds), Recorder()).bundle
        for seconds in (None, 600)
    )
    for ours, theirs in zip(one.members, other.members, strict=True):
        for name, weight in ours.state_dict().items():
            assert weight.equal(theirs.state_dict()[name])


def test_the_learning_rate_falls_to_its_end() -> None:
    seconds = itertools.count()
    limit = TimeLimit(100, 1, lambda: float(next(seconds)))
    limit.begin(0)
    found = train(NetworkJob(planted((60, 60, 0)), run_config({"epochs": 1_000}), CPU, limit=limit), Recorder())
    rates = [row.learning_rate for row in found.rows]
    assert 10 < len(rates) < 100
    assert rates[-1] < 0.01 * max(rates)
    assert found.bundle.config.training.epochs == len(rates)
