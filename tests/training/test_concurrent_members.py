from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np
import pytest
import torch

from seqnet.configs.run import RunConfig
from seqnet.core.errors import ResourceError
from seqnet.datasets.dataset import Dataset
from seqnet.training.concurrent_members import Lanes
from seqnet.training.fit import NetworkJob, TrainingResult, train
from seqnet.training.history import EpochRow
from seqnet.training.member_training import train_members
from seqnet.training.members import Member
from tests.building import CPU, Recorder, fit, planted, run_config, same_weights, saved
from tests.training.examples import FINDER
from tests.training.workers import always_at_once, needs_proc, workers_of

SMALL = run_config({"epochs": 3})
LARGE = run_config({"epochs": 3}, FINDER)


def members_of(dataset: Dataset, *configs: RunConfig, folder: Path | None = None) -> list[Member]:
    return [
        Member(
            f"network {number} of {len(configs)}",
            f"network {number}",
            dataset,
            config,
            folder / f"{number}.safetensors" if folder else None,
            "abc",
        )
        for number, config in enumerate(configs, 1)
    ]


def seeded(config: RunConfig, seed: int, **others: Any) -> RunConfig:
    return replace(config, training=replace(config.training, seed=seed, **others))


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Has networks trained at the same time, with two threads."""
    always_at_once(monkeypatch)
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


class Watching(Recorder):
    """Keeps the progress of each network, and does something after the first epoch of one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.members: dict[str, Watching] = {}
        self.name = ""

    def member(self, label: str) -> Watching:
        self.members[label] = type(self)()
        self.members[label].name = label
        return self.members[label]


def at_once(members: list[Member], observer: Watching, **options: Any) -> tuple[list[TrainingResult], object]:
    return train_members(members, observer, device=CPU, **{"resume": False, **options})


def test_threads_are_shared_by_number_of_networks_and_the_slowest_kind_begins() -> None:
    epochs = 10_000_000 // (64 * 24 * 4) + 1
    data = planted((64, 16, 8), 24)
    configs = [seeded(kind, seed, epochs=epochs) for kind in (SMALL, LARGE) for seed in (1, 2)]
    members = members_of(data, *configs)
    assert Lanes.of(members, 2) == Lanes(2, (2, 3, 0, 1), (1, 1, 1, 1))
    assert Lanes.of(members, 3) == Lanes(3, (2, 3, 0, 1), (1, 1, 1, 1))
    assert Lanes.of(members, 11) == Lanes(4, (2, 3, 0, 1), (3, 2, 3, 3))
    assert Lanes.of(members, 2, timed=True) == Lanes(2, (0, 1, 2, 3), (1, 1, 1, 1))
    assert Lanes.of(members, 1).workers == 1
    assert Lanes.of(members[:1], 8) == Lanes(1, (0,), (8,))
    fewer = [replace(member, config=seeded(member.config, 1, epochs=epochs - 1)) for member in members]
    assert Lanes.of(fewer, 2).workers == 1
    targets = replace(data, targets=np.full((len(data), 2), 0.5, dtype=np.float32))
    assert Lanes.of(members_of(targets, *configs), 2).workers == 1
    compiled = [replace(one, training=replace(one.training, compile=True)) for one in configs]
    assert Lanes.of(members_of(data, *compiled), 2).workers == 1
    windows = members_of(replace(data, crop=12), *[seeded(one, 1, epochs=1, epoch_size=250_000) for one in configs])
    assert Lanes.of(windows, 2).workers == 2


@pytest.mark.usefixtures("_at_once")
def test_each_network_is_as_if_it_were_trained_alone_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    data = saved(planted((64, 32, 8)), tmp_path / "d.safetensors")
    configs = [seeded(SMALL, 1), seeded(SMALL, 2), seeded(LARGE, 1)]
    members = members_of(data, *configs, folder=tmp_path)
    torch.set_num_threads(1)
    alone = [fit(data, config) for config in configs]
    # One network is complete, one has an epoch, and one has not begun.
    for member, last in zip(members, (None, 1), strict=False):
        train(NetworkJob(data, member.config, CPU, member.checkpoint, identity="abc"), Recorder(stop_at_epoch=last))
    torch.set_num_threads(2)
    observer = Watching()
    runs, stop = at_once(members, observer, resume=True)
    assert stop is None
    assert [run.rows for run in runs] == [run.rows for run in alone]
    assert [run.best_epoch for run in runs] == [run.best_epoch for run in alone]
    assert [run.fitted for run in runs] == [0, 2, 3]
    assert all(same_weights(one, other) for one, other in zip(runs, alone, strict=True))
    assert runs[2].validation is not None
    assert alone[2].validation is not None
    assert runs[2].validation.tobytes() == alone[2].validation.tobytes()
    begun = ["network 3 of 3", "network 1 of 3", "network 2 of 3"]
    assert observer.notes == ["training 2 networks at a time, each with 1 thread", *begun]
    seen = observer.members
    assert list(seen) == ["network 1", "network 2", "network 3"]
    assert seen["network 1"].notes == ["the run is complete: 3 of 3 epochs"]
    assert seen["network 2"].notes == ["continuing after epoch 1 of 3"]
    assert seen["network 3"].notes == ["there is no checkpoint; starting at epoch 1"]
    assert [seen[label].rows for label in seen] == [[], alone[1].rows[1:], alone[2].rows]
    assert seen["network 3"].steps == [(epoch, 4, 4) for epoch in (1, 2, 3)]
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "1.safetensors", "2.safetensors", "3.safetensors", "d.safetensors",
    ]  # fmt: skip


@pytest.mark.usefixtures("_at_once")
def test_if_the_time_is_over_the_first_network_of_each_process_has_an_epoch_and_the_others_are_left_out() -> None:
    data, observer = planted((64, 32, 8)), Watching()
    runs, stop = at_once(members_of(data, *[seeded(SMALL, seed) for seed in (1, 2, 3)]), observer, seconds=0.01)
    assert stop is None
    assert [(run.bundle.config.training.seed, len(run.rows)) for run in runs] == [(1, 1), (2, 1)]
    assert observer.notes[-1] == "the time limit is reached; left out: 1 network"
    assert observer.members["network 2"].notes == ["the time limit allowed 1 epoch, not 3"]


class Killing(Watching):
    """Kills the process of a network after its first epoch."""

    def epoch(self, row: EpochRow, best: bool) -> None:
        super().epoch(row, best)
        if self.name == "network 1" and row.epoch == 1:
            os.kill(workers_of(os.getpid())[0], signal.SIGKILL)


@needs_proc
@pytest.mark.usefixtures("_at_once")
def test_a_process_that_is_killed_is_an_error_that_names_its_network(tmp_path: Path) -> None:
    members = members_of(
        planted((64, 32, 8)), *[seeded(SMALL, seed, epochs=100_000) for seed in (1, 2)], folder=tmp_path
    )
    with pytest.raises(ResourceError) as caught:
        at_once(members, Killing())
    assert str(caught.value) == (
        "network 1 of 2: the process that trains it was stopped by a signal (killed); continue with --resume; with "
        "--threads 1, one network is trained at a time, which takes less memory"
    )
    assert workers_of(os.getpid()) == []
    assert (tmp_path / "1.safetensors").exists()


class StoppedTwice(Watching):
    """Interrupts after the first epoch of a network, and again half a second later, when no process can answer."""

    def epoch(self, row: EpochRow, best: bool) -> None:
        for worker in workers_of(os.getpid()):
            os.kill(worker, signal.SIGSTOP)
        Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        raise KeyboardInterrupt


@needs_proc
@pytest.mark.usefixtures("_at_once")
def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    configs = [seeded(SMALL, seed, epochs=100_000) for seed in (1, 2)]
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        at_once(members_of(planted((64, 32, 8)), *configs, folder=tmp_path), StoppedTwice())
    assert time.monotonic() - begun > 0.5
    assert workers_of(os.getpid()) == []
