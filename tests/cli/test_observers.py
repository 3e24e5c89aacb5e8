from __future__ import annotations

import pytest

from seqnet.cli.observers import SearchObserver, TrainingObserver
from seqnet.cli.progress import Meter
from seqnet.training.tuning import Trial
from tests.building import Recorder, run_config


class Recording(Meter):
    """A meter that keeps what it is reported."""

    def __init__(self) -> None:
        super().__init__("train", "batches")
        self.reported: list[tuple[object, ...]] = []

    def begin(self, done: int) -> None:
        self.reported.append(("begin", done))

    def reach(self, done: int, total: int | None = None, note: str = "", share: float | None = None) -> None:
        self.reported.append((done, total, note))


def test_batches_of_all_epochs_are_counted_and_anew_for_another_network() -> None:
    meter, lines = Recording(), Recorder()
    observer = TrainingObserver(meter, lines)
    observer.begin(run_config({"epochs": 2}))
    for epoch, done in ((1, 50), (1, 60), (2, 50), (1, 50)):
        observer.step(epoch, done, 60, 0.25)
    observer.note("a fact")
    assert lines.notes == ["a fact"]
    assert meter.reported == [
        ("begin", 50),
        (50, 120, "epoch 1 of 2, loss 0.2500"),
        (60, 120, "epoch 1 of 2, loss 0.2500"),
        (110, 120, "epoch 2 of 2, loss 0.2500"),
        ("begin", 50),
        (50, 120, "epoch 1 of 2, loss 0.2500"),
    ]


def test_batches_of_networks_that_are_trained_at_the_same_time_are_counted_together() -> None:
    meter, lines = Recording(), Recorder()
    observer = TrainingObserver(meter, lines)
    observer.note("both")
    one, other, complete = (observer.member(f"network {number}") for number in (1, 2, 3))
    one.begin(run_config({"epochs": 2}))
    other.begin(run_config({"epochs": 6}))
    complete.begin(run_config({"epochs": 4}))
    complete.begin(run_config({"epochs": 4}))  # complete before it was resumed
    one.step(1, 50, 60, 0.25)
    other.step(5, 50, 60, 0.5)  # resumed after four epochs
    other.note("a fact")
    other.begin(run_config({"epochs": 5}))  # ended early, or is to end early
    one.step(2, 30, 60, 0.125)
    assert meter.reported == [
        (50, 120 * 3 // 2, "network 1: epoch 1 of 2, loss 0.2500"),
        (100, 240, "network 2: epoch 5 of 6, loss 0.5000"),
        (140, 180, "network 1: epoch 2 of 2, loss 0.1250"),
    ]
    assert lines.steps == [(1, 50, 60), (5, 50, 60), (2, 30, 60)]
    assert lines.notes == ["both", "a fact"]


def test_a_line_for_each_trial(capsys: pytest.CaptureFixture[str]) -> None:
    meter = Recording()
    observer = SearchObserver(meter, 10, "auroc")
    for trial, epoch, done in ((1, 1, 50), (1, 1, 60), (1, 2, 50)):
        observer.step(trial, epoch, done, 60, 0.5)
    assert [count for count, *_ in meter.reported] == [50, 60, 110]
    settings = {"training.learning_rate": 0.012345678, "network.filters": [4]}
    observer.trial(Trial(3, "complete", 0.75, 2, 4, 1.2, settings, ""), True)
    observer.trial(Trial(4, "pruned", None, 0, 1, 0.2, {}, "as trial 1"), False)
    assert capsys.readouterr().err.splitlines() == [
        "trial  3 of 10  complete  auroc 0.7500 at epoch 2  1 s  training.learning_rate=0.01235  network.filters=[4]"
        "  best",
        "trial  4 of 10  pruned after epoch 1  0 s  (as trial 1)",
    ]
