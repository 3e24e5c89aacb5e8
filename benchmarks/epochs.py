"""seqnet's own training on random sequences: prints the seconds of an epoch after the first.

`python -m benchmarks.epochs PRESET DATASET EPOCHS THREADS PRECISION [SETTING=VALUE …]`, also by torchrun.
"""

from __future__ import annotations

import statistics
import sys
import time
from itertools import pairwise
from pathlib import Path

from seqnet.cli.process import set_up_process
from seqnet.configs.run import RunConfig, compose
from seqnet.core.launch import this_launch
from seqnet.datasets.dataset import open_dataset
from seqnet.training import NetworkJob, train
from seqnet.training.history import EpochRow
from seqnet.training.launching import training_processes

__all__ = ["Clock"]


class Clock:
    """An observer that measures the seconds of epochs."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._marks: list[float] = []

    def mark(self) -> None:
        """Notes the end of an epoch."""
        self._marks.append(time.perf_counter())

    def seconds(self) -> float:
        """Returns the median seconds of the epochs after the first."""
        return statistics.median(after - before for before, after in pairwise(self._marks))

    def first(self) -> float:
        """Returns the seconds from the creation of the clock to the end of the first epoch."""
        return self._marks[0] - self._start

    def begin(self, config: RunConfig) -> None:
        """See `seqnet.training.observer.Observer`."""

    def note(self, text: str) -> None:
        """See `Observer`."""

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        """See `Observer`."""

    def epoch(self, row: EpochRow, best: bool) -> None:
        """See `Observer`."""
        self.mark()


def main(preset: str, dataset: str, epochs: str, threads: str, precision: str, *more: str) -> None:
    """Fits the preset to the dataset."""
    set_up_process(int(threads))
    settings = [f"training.epochs={epochs}", f'training.precision="{precision}"', *more]
    clock, data, launch = Clock(), open_dataset(Path(dataset)), this_launch()
    with training_processes(launch, "cpu", 300) as (processes, device):
        train(NetworkJob(data, compose(preset, None, None, None, settings), device, processes=processes), clock)
    if launch.first:
        print(clock.seconds())


if __name__ == "__main__":
    main(*sys.argv[1:])
