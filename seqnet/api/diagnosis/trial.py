"""A small training and prediction: the whole way from sequence files to predictions, in seconds."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from seqnet.api.diagnosis.problems import Problem
from seqnet.core.errors import SeqnetWarning

__all__ = ["run_trial"]

_MOTIF = "TTATAAATACGC"
_LENGTH = 40
_TRAINED, _PREDICTED = 240, 100
"""Sequences of each class."""
_RIGHT = 0.95
"""Least share of right labels: the motif is in all sequences of one class, and in none of the other by chance."""
_SAME = 1e-3
"""Largest difference of a probability between a GPU and the CPU."""
_SETTINGS = {
    "network.filters": [16],
    "network.kernels": [12],
    "network.dense": [16],
    "training.epochs": 6,
    "training.batch_size": 16,
    "training.learning_rate": 0.01,
}


def run_trial(device: str, threads: int) -> tuple[dict[str, Any], list[Problem]]:
    """Trains a network on simulated DNA, writes and opens the model, predicts a file, and returns what came of it.

    Args:
        device: name of the device, or auto.
        threads: of the CPU.

    Returns:
        JSON values: device, seconds, records that were predicted, share of right labels, and, on a GPU, the largest
        difference from the probabilities on the CPU; and the problems.
    """
    started = time.monotonic()
    with TemporaryDirectory(prefix="seqnet-doctor-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", SeqnetWarning)
        values = _trained_and_predicted(Path(folder), device, threads)
    values["seconds"] = round(time.monotonic() - started, 1)
    problems = []
    if values["right"] < _RIGHT:
        problem = f"only {values['right']:.0%} of the labels are right, of at least {_RIGHT:.0%} on a working machine"
        problems.append(Problem("failed", "trial", problem, "reinstall PyTorch, or try --device cpu"))
    if values["difference"] > _SAME:
        problem = f"probabilities on {values['device']} differ from those on the CPU by {values['difference']:.3f}"
        problems.append(Problem("failed", "trial", problem, "update driver and PyTorch, or use --device cpu"))
    return values, problems


def _trained_and_predicted(folder: Path, device: str, threads: int) -> dict[str, Any]:
    from seqnet.api.encoding import encode
    from seqnet.api.loading import load
    from seqnet.api.training import run_request_of, trained_alone, training_request

    random = np.random.default_rng(1)
    for name, count in (("train", _TRAINED), ("new", _PREDICTED)):
        for label, motif in (("motif", _MOTIF), ("random", "")):
            _write(folder / f"{name}-{label}.fa", _sequences(random, count, motif))
    classes = {label: str(folder / f"train-{label}.fa") for label in ("motif", "random")}
    dataset = encode(classes=classes, output=folder / "dataset.safetensors")
    requested = run_request_of(None, "cnn", None, None, _SETTINGS, 1)
    trained = trained_alone(dataset, training_request(requested, threads), device)
    trained.save(folder / "model.safetensors")
    used = str(trained.bundle.classifier.device)
    right, tables = 0, []
    for where in dict.fromkeys((used, "cpu")):
        model = load(folder / "model.safetensors", device=where, threads=threads, precision="float32")
        found = [(label, [*model.predict_file(folder / f"new-{label}.fa")]) for label in classes]
        right = right or sum(int((part.labels == label).sum()) for label, parts in found for part in parts)
        tables.append(np.concatenate([part.probabilities for _, parts in found for part in parts]))
    return {
        "device": used,
        "predicted": len(tables[0]),
        "right": right / len(tables[0]),
        "difference": float(np.abs(tables[0] - tables[-1]).max()),
    }


def _sequences(random: np.random.Generator, count: int, motif: str) -> list[str]:
    """Returns random DNA with a motif at a random place."""
    found = []
    for _ in range(count):
        text = "".join(random.choice(list("ACGT"), _LENGTH))
        place = int(random.integers(0, _LENGTH - len(motif) + 1))
        found.append(text[:place] + motif + text[place + len(motif) :])
    return found


def _write(path: Path, sequences: Sequence[str]) -> None:
    path.write_text("".join(f">r{number}\n{text}\n" for number, text in enumerate(sequences)))
