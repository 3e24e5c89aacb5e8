"""seqnet's own training on random sequences: prints the seconds of an epoch after the first.

`python -m benchmarks.epochs PRESET DATASET EPOCHS THREADS PRECISION`
"""

from __future__ import annotations

import statistics
import sys
import time
from itertools import pairwise
from pathlib import Path

from seqnet.cli.process import set_up_process
from seqnet.configs.run import RunConfig, compose
from seqnet.datasets.dataset import open_dataset
from seqnet.nn.devices import choose_device
from seqnet.training import train
from seqnet.training.history import EpochRow


class _Clock:
    def __init__(self) -> None:
        self.marks: list[float] = []

    def begin(self, config: RunConfig) -> None:
        pass

    def note(self, text: str) -> None:
        pass

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        pass

    def epoch(self, row: EpochRow, best: bool) -> None:
        self.marks.append(time.perf_counter())


def main(preset: str, dataset: str, epochs: str, threads: str, precision: str) -> None:
    """Fits the preset to the dataset."""
    set_up_process(int(threads))
    settings = [f"training.epochs={epochs}", f'training.precision="{precision}"']
    clock = _Clock()
    train(open_dataset(Path(dataset)), compose(preset, None, None, None, settings), clock,
          device=choose_device("cpu"))  # fmt: skip
    print(statistics.median(after - before for before, after in pairwise(clock.marks)))


if __name__ == "__main__":
    main(*sys.argv[1:])
