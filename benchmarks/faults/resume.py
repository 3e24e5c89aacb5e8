"""Miniature training runs that are killed once or several times at random moments, and go on to the same weights.

Each run is a child of this process, so that starting it costs nothing, and is ended by SIGKILL.
"""

from __future__ import annotations

import gc
import hashlib
import os
import random
import select
import shutil
import signal
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.faults.inputs import make_model
from benchmarks.faults.processes import PART_FILE
from benchmarks.faults.verdicts import Part, Verdict

if TYPE_CHECKING:
    from seqnet.datasets.dataset import Dataset

__all__ = ["PART"]

_NETWORKS: dict[str, dict[str, dict[str, Any]]] = {
    "dense": {"network": {"name": "dense", "dense": [3]}, "training": {"optimizer": "sgd", "momentum": 0.9}},
    "cnn": {
        "network": {"name": "cnn", "filters": [4], "kernels": [5], "pools": [2], "dense": [3], "dropout_conv": 0.3},
        "training": {"schedule": "cosine"},
    },
    "recurrent": {"network": {"name": "recurrent", "units": 3}, "training": {"clip_norm": 1.0}},
    "hybrid": {
        "network": {"name": "hybrid", "filters": [4], "kernels": [5], "pools": [2], "units": 3},
        "training": {"label_smoothing": 0.1},
    },
    "augmented": {
        "network": {"name": "cnn", "filters": [4], "kernels": [5], "pools": [2], "dense": [3]},
        "augmentation": {"mutation_rate": 0.05},
    },
}
_TRAINING = {"epochs": 4, "batch_size": 16}
_MOST_KILLS = 3


@cache
def _dataset(folder: Path) -> Dataset:
    import torch

    from seqnet.datasets.dataset import open_dataset

    torch.set_num_threads(1)
    return open_dataset(folder / "d.safetensors")


def _trained(kind: str, folder: Path, checkpoint: Path) -> str:
    """Returns a digest of the weights and the course that a run comes to, going on from its checkpoint."""
    import torch

    from seqnet.configs.run import RunConfig
    from seqnet.training.fit import NetworkJob, train

    settings = {**_NETWORKS[kind], "training": {**_TRAINING, **_NETWORKS[kind].get("training", {})}}
    config = RunConfig.from_dict(settings)
    job = NetworkJob(_dataset(folder), config, torch.device("cpu"), checkpoint, resume=True, identity="d")
    result = train(job, _Silent())
    digest = hashlib.sha256(repr((result.rows, result.best_epoch)).encode())
    for name, tensor in sorted(result.bundle.classifier.state_dict().items()):
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


class _Silent:
    """An observer that is told, and says nothing."""

    def begin(self, config: object) -> None:
        """See `Observer`."""

    def note(self, text: str) -> None:
        """See `Observer`."""

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        """See `Observer`."""

    def epoch(self, row: object, best: bool) -> None:
        """See `Observer`."""


def _child(kind: str, folder: Path, checkpoint: Path, seconds: float | None) -> str:
    """Returns the digest of a run in a child process, or nothing if it was killed after so many seconds."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            gc.freeze()
            os.write(writing, _trained(kind, folder, checkpoint).encode())
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {error}"[:500].encode())
        os._exit(0)
    os.close(writing)
    select.select([reading], [], [], seconds)
    if seconds is not None:
        os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    said = os.read(reading, 1 << 12).decode()
    os.close(reading)
    return said


@cache
def _unbroken(kind: str, folder: Path) -> tuple[str, float]:
    """Returns the digest of a run that nobody kills, and how long it takes."""
    own = folder / f"unbroken-{os.getpid()}"
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    # Here, so that no child has to import or to try anything.
    digest = _trained(kind, folder, own / "here.safetensors")
    started = time.monotonic()
    if _child(kind, folder, own / "child.safetensors", None) != digest:
        raise RuntimeError("a child comes to other weights than this process")
    return digest, time.monotonic() - started


def _attempt(kind: str, seed: int, folder: Path) -> Verdict:
    rng = random.Random(f"{kind} {seed}")
    expected, seconds = _unbroken(kind, folder)
    own = folder / f"resumed-{os.getpid()}"
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    checkpoint = own / "c.safetensors"
    moments = [rng.uniform(0, seconds) for _ in range(rng.randint(1, _MOST_KILLS))]
    for moment in moments:
        said = _child(kind, folder, checkpoint, moment)
        others = {path.name for path in own.iterdir()} - {checkpoint.name}
        if said not in ("", expected) or not all(PART_FILE.fullmatch(name) for name in others):
            return Verdict("bad", f"killed at {moments}: {said} {others}")
    found = _child(kind, folder, checkpoint, None)
    if found != expected:
        return Verdict("bad", f"killed at {moments}: other weights, or {found}")
    return Verdict("right")


PART = Part(
    "Training that is killed and resumed",
    dict.fromkeys(_NETWORKS, 100),
    make_model,
    _attempt,
    smoke=1,
    seconds=60,
    chunk=50,
)
