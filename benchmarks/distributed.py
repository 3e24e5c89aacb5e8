"""`make bench`: training on two processes, seconds of an epoch, beside one process with one and with two threads."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.racing import Race, options, python, report, seqnet, write_reads

__all__ = ["main"]

_SETTINGS = {"dna-cnn": 2_048, "dna-hybrid": 512}
"""Preset → batch size, of the whole batch."""


def main(smoke: bool, repeats: int) -> None:
    """Prints the tables, and writes them unless this is a smoke test."""
    count, epochs = (2_000, "2") if smoke else (40_000, "3")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "reads.safetensors"
        classes = [f"{label}={write_reads(folder / f'{label}.fa', count // 2, seed=seed)}"
                   for seed, label in enumerate("ab", 1)]  # fmt: skip
        words = [word for one in classes for word in ("--class", one)]
        seqnet("encode", *words, "--alphabet", "dna", "--split", "100/0/0", "-o", data)()

        def own(preset: str, threads: int, processes: int = 1) -> Callable[[], float | None]:
            batch = f"training.batch_size={_SETTINGS[preset]}"
            run = ("benchmarks.epochs", preset, data, epochs, str(threads), "float32", batch)
            if processes == 1:
                return python(*run)
            launcher = ("torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), "-m")
            return python(*launcher, *run)

        races = [
            Race(
                f"{preset}, {count:,} reads, batches of {size}, one epoch",
                "reads",
                count,
                {
                    "1 process, 1 thread": own(preset, 1),
                    "2 processes, 1 thread each": own(preset, 1, 2),
                    "1 process, 2 threads": own(preset, 2),
                },
                "1 process, 1 thread",
            )
            for preset, size in (list(_SETTINGS.items())[:1] if smoke else _SETTINGS.items())
        ]
        report("distributed", "Training on two processes", races, repeats, 2, write=not smoke)


if __name__ == "__main__":
    found = options(__doc__, repeats=3)
    main(found.smoke, found.repeats)
