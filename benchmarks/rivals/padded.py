"""A model of the package in eager float32, batches of 256 in the order of the file, padded to the longest of all.

`python -m benchmarks.rivals.padded MODEL INPUT OUTPUT THREADS`
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

from seqnet.configs.readers import ReadOptions
from seqnet.datasets.tokenizing import tokenize
from seqnet.models.bundles import open_bundle
from seqnet.models.shipped import find_model
from seqnet.readers import open_records


def main(model: str, source: str, target: str, threads: str) -> None:
    """Writes name and probabilities of every sequence."""
    torch.set_num_threads(int(threads))
    bundle = open_bundle(find_model(Path(model)))
    names: list[str] = []
    rows = []
    with open_records(source, ReadOptions()) as reader:
        for batch in reader:
            tokens = tokenize(batch.symbols, bundle.alphabet).tokens
            names += batch.names.text()
            rows += [tokens.data[a:b] for a, b in zip(tokens.offsets[:-1], tokens.offsets[1:], strict=True)]
    longest = min(max(map(len, rows)), bundle.window)
    with torch.no_grad(), open(target, "w") as file:
        for start in range(0, len(rows), 256):
            part = [row[:longest] for row in rows[start : start + 256]]
            padded = np.stack([np.pad(row, (0, longest - len(row))) for row in part])
            lengths = torch.tensor([len(row) for row in part])
            found = [one.strand_logits(torch.from_numpy(padded), lengths).softmax(dim=1) for one in bundle.members]
            for name, row in zip(names[start:], torch.stack(found).mean(dim=0).tolist(), strict=False):
                file.write("\t".join([name, *(f"{value:.6f}" for value in row)]) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
