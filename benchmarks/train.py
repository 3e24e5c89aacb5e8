"""`make bench`: training, seconds of an epoch, against other programs in the same run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.racing import Race, available, options, python, report, seqnet, write_reads
from seqnet.core.processors import usable_processors

__all__ = ["main"]


def main(smoke: bool, repeats: int) -> None:
    """Prints the tables, and writes them unless this is a smoke test."""
    reads, proteins, workers = (2_000, 320, usable_processors()) if smoke else (200_000, 16_000, usable_processors())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_reads(folder / "a.fa", reads // 2)
        write_reads(folder / "b.fa", reads // 2, seed=2)
        rng = np.random.default_rng(3)
        tokens = rng.integers(1, 21, (2, proteins // 2, 200)).astype(np.int64)
        np.savez(folder / "proteins.npz", positives=tokens[0], negatives=tokens[1])
        two = ("--class", f"a={folder / 'a.fa'}", "--class", f"b={folder / 'b.fa'}", "--alphabet", "dna")
        for words in (two, (folder / "proteins.npz",)):
            target = folder / ("reads.safetensors" if words is two else "proteins.safetensors")
            # All to train on: no program's seconds have a validation.
            seqnet("encode", *words, "--split", "100/0/0", "-o", target)()

        def own(preset: str, data: str, precision: str) -> Callable[[], float | None]:
            return python("benchmarks.epochs", preset, folder / f"{data}.safetensors", "3", str(workers), precision)

        textbook = {
            "seqnet": own("dna-cnn", "reads", "float32"),
            "seqnet, bfloat16": own("dna-cnn", "reads", "bfloat16"),
            "PyTorch's DataLoader": python("benchmarks.rivals.loading", str(reads), "256", "3", str(workers)),
        }
        solubility = {"seqnet": own("solubility-cnn", "proteins", "float32")}
        if available("keras", "tensorflow", "Bio"):
            keras = "benchmarks.rivals.keras_reads"
            textbook["Keras"] = python(keras, "train", "textbook", str(reads), "256", "3", str(workers))
            solubility["Keras"] = python(keras, "train", "solubility", str(proteins), "16", "3", str(workers))
        races = [
            Race(f"dna-cnn, {reads:,} reads, batches of 256, one epoch", "reads", reads, textbook, "seqnet"),
            Race(f"solubility-cnn, {proteins:,} proteins, batches of 16, one epoch", "proteins", proteins, solubility,
                 "seqnet"),
        ]  # fmt: skip
        report("train", "Speed of train", races, repeats, workers, write=not smoke)


if __name__ == "__main__":
    found = options(__doc__)
    main(found.smoke, found.repeats)
