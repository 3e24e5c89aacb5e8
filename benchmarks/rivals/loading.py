"""The textbook network fitted in plain PyTorch with a DataLoader: prints the seconds of an epoch after the first.

`python -m benchmarks.rivals.loading COUNT BATCH EPOCHS THREADS`
"""

from __future__ import annotations

import statistics
import sys
import time
from itertools import pairwise

import torch
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.rivals.networks import textbook


def main(count: int, batch: int, epochs: int, threads: int) -> None:
    """Fits to random reads."""
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    features = functional.one_hot(torch.randint(0, 4, (count, 36)), 4).float().transpose(1, 2).contiguous()
    loader = DataLoader(TensorDataset(features, torch.randint(0, 2, (count,))), batch_size=batch, shuffle=True)
    network = textbook()
    marks: list[float] = []
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(epochs):
        for inputs, labels in loader:
            optimizer.zero_grad()
            functional.cross_entropy(network(inputs), labels).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        marks.append(time.perf_counter())
    print(statistics.median(after - before for before, after in pairwise(marks)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
