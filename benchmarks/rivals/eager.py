"""FASTA → TSV in plain PyTorch: `python -m benchmarks.rivals.eager textbook|hybrid INPUT OUTPUT THREADS`."""

from __future__ import annotations

import sys

import torch

from benchmarks.rivals.networks import Hybrid, textbook
from benchmarks.rivals.parsing import batches, onehot


def main(kind: str, source: str, target: str, threads: str) -> None:
    """Writes name and probabilities of every read."""
    torch.set_num_threads(int(threads))
    network = {"textbook": textbook, "hybrid": Hybrid}[kind]().eval()
    with torch.no_grad(), open(target, "w") as file:
        for names, columns in batches(source, 1024):
            features = torch.from_numpy(onehot(columns)).transpose(1, 2)
            probabilities = network(features).softmax(dim=1).tolist()
            for name, (no, yes) in zip(names, probabilities, strict=True):
                file.write(f"{name}\t{no:.6f}\t{yes:.6f}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
