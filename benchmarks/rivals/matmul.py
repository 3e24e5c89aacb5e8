"""The bare matrix product of the textbook network's dense layer in float32: prints the seconds for COUNT reads.

`python -m benchmarks.rivals.matmul COUNT THREADS`
"""

from __future__ import annotations

import sys
import time

import torch


def main(count: int, threads: int) -> None:
    """Multiplies (B, 1024) with (1024, 256) until COUNT rows are through."""
    torch.set_num_threads(threads)
    features, weight = torch.randn(4096, 1024), torch.randn(1024, 256)
    with torch.inference_mode():
        features @ weight
        started = time.perf_counter()
        for _ in range(max(count // 4096, 1)):
            features @ weight
        print((time.perf_counter() - started) * count / (max(count // 4096, 1) * 4096))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
