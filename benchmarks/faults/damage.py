"""Cuts and bit errors in files of every format that is read.

Where a format has a checksum, what comes out is what the sound file gives, or an error. Where it has none, a bit error
makes another sound file of FASTA, say, and nobody can tell.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path

from benchmarks.faults.inputs import CONTAINERS, WITH_CHECKSUM, WITHOUT_CHECKSUM, make_inputs, make_model
from benchmarks.faults.verdicts import Part, Verdict

__all__ = ["KINDS", "PART", "damaged", "use"]

_NAMES = (*WITHOUT_CHECKSUM, *WITH_CHECKSUM, *CONTAINERS)
KINDS = tuple(f"{how} {name}" for name in _NAMES for how in ("cut", "flip"))
_CASES = 500


def _prepare(folder: Path) -> None:
    make_inputs(folder)
    make_model(folder)


def _records(path: Path) -> object:
    """Returns all that a reader tells of a file."""
    from seqnet.configs.readers import ReadOptions
    from seqnet.readers.opening import open_here

    reference = str(path.with_name("reference.fa")) if path.name.endswith(".cram") else None
    with open_here(str(path), ReadOptions(reference=reference)) as reader:
        return [
            pair for batch in reader for pair in zip(batch.names.text(), batch.symbols.text(), strict=True)
        ], reader.skipped


def _dataset(path: Path) -> object:
    from seqnet.datasets.dataset import open_dataset

    data = open_dataset(path)
    arrays = (data.tokens.data, data.tokens.offsets, data.names.data, data.labels, data.groups, data.split)
    return [array.tobytes() for array in arrays], data.classes, data.positive, data.provenance


def _model(path: Path) -> object:
    from seqnet.models.bundles import open_bundle

    bundle = open_bundle(path)
    weights = {name: tensor.numpy().tobytes() for name, tensor in bundle.classifier.state_dict().items()}
    fitted = {name: repr(bundle.baselines[name]) for name in bundle.baselines}
    about = (bundle.classes, bundle.positive, bundle.window, bundle.config, bundle.calibration, bundle.provenance)
    return weights, fitted, repr(about)


def _checkpoint(path: Path) -> object:
    from seqnet.configs.run import RunConfig
    from seqnet.core.containers import read_container
    from seqnet.datasets.dataset import open_dataset
    from seqnet.training.checkpoints import restore
    from seqnet.training.fit import make_classifier
    from seqnet.training.optimization import make_optimizer

    # Of the sound one: they are what the run that goes on knows of itself.
    about = read_container(_home(path) / "m.checkpoint.safetensors", ["checkpoint"], "").description
    config = RunConfig.from_dict(about["config"])
    classifier = make_classifier(open_dataset(_home(path) / "d.safetensors"), config)
    optimizer = make_optimizer(classifier, config.training)
    progress = restore(path, classifier, optimizer, config, about["dataset"])
    weights = {name: tensor.numpy().tobytes() for name, tensor in classifier.state_dict().items()}
    best = {name: tensor.numpy().tobytes() for name, tensor in (progress.best_weights or {}).items()}
    moments = [
        value.numpy().tobytes() for state in optimizer.state_dict()["state"].values() for value in state.values()
    ]
    return weights, best, moments, progress.rows, progress.best_epoch, progress.best_value


def _home(path: Path) -> Path:
    """Returns the folder of the sound files."""
    return path.parent.parent if path.parent.name.startswith("damaged-") else path.parent


_READ: dict[str, Callable[[Path], object]] = {
    "d.safetensors": _dataset,
    "m.safetensors": _model,
    "m.checkpoint.safetensors": _checkpoint,
}


def use(name: str, path: Path) -> object:
    """Returns all that is read from a file, as from the sound one of that name; other sound ones lie beside it."""
    return _READ.get(name, _records)(path)


def _digest(name: str, path: Path) -> str:
    return hashlib.sha256(repr(use(name, path)).encode()).hexdigest()


@cache
def _sound(folder: Path, name: str) -> tuple[bytes, str]:
    """Returns the bytes of a sound file, and what is read from it."""
    return (folder / name).read_bytes(), _digest(name, folder / name)


def damaged(content: bytes, kind: str, seed: int) -> tuple[bytes, int]:
    """Returns a file that was cut, or has one wrong bit, and at which byte."""
    rng = random.Random(seed)
    place = rng.randrange(len(content))
    if kind == "cut":
        return content[:place], place
    changed = bytearray(content)
    changed[place] ^= 1 << rng.randrange(8)
    return bytes(changed), place


def _attempt(kind: str, seed: int, folder: Path) -> Verdict:
    from seqnet.core.errors import SeqnetError

    how, _, name = kind.partition(" ")
    content, sound = _sound(folder, name)
    there, place = damaged(content, how, seed)
    own = folder / f"damaged-{os.getpid()}"
    own.mkdir(exist_ok=True)
    if name.endswith(".cram"):
        for reference in ("reference.fa", "reference.fa.fai"):
            with contextlib.suppress(FileExistsError):
                (own / reference).symlink_to(folder / reference)
    path = own / name
    path.write_bytes(there)
    try:
        found = _digest(name, path)
    except (SeqnetError, OSError) as error:
        said = str(error)
        clear = said and "\n" not in said and isinstance(error, SeqnetError)
        return Verdict("error") if clear else Verdict("bad", f"byte {place}: {type(error).__name__}: {said!r}")
    except Exception as error:  # what is looked for
        return Verdict("bad", f"byte {place}: {type(error).__name__}: {error}")
    if found == sound:
        return Verdict("right")
    if name in WITHOUT_CHECKSUM or _is_outside_checksums(name, content, place):
        return Verdict("untold")
    return Verdict("bad", f"byte {place} of {len(content)}: another result, without an error")


def _is_outside_checksums(name: str, content: bytes, place: int) -> bool:
    """Returns whether a byte of a format with checksums is covered by none of them."""
    if name.endswith(".parquet"):  # pages have checksums, the footer has none
        (length,) = struct.unpack("<i", content[-8:-4])
        return place >= len(content) - 8 - int(length)
    return False


PART = Part(
    "Damaged files",
    dict.fromkeys(KINDS, _CASES),
    _prepare,
    _attempt,
    smoke=4,
    seconds=30,
    chunk=250,
)
