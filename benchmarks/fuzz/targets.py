"""What is fuzzed, and what may come out of it.

Only an error of the user's kind (`SeqnetError`, `OSError` with an error number) or a sound result may come out, within
seconds of processor time and without taking much memory.
"""

from __future__ import annotations

import random
import resource
import time
import traceback
import warnings
from pathlib import Path

from benchmarks.faults.inputs import CONTAINERS, WITH_CHECKSUM, WITHOUT_CHECKSUM, make_inputs, make_model
from benchmarks.fuzz.mutations import changed
from benchmarks.fuzz.parsers import PARSERS, TEXTS, written

__all__ = ["MOST_SECONDS", "TARGETS", "BadError", "make_samples", "sample", "tried", "use"]

MOST_SECONDS = 10.0
_MEGABYTES = 700
_FILES = (*WITHOUT_CHECKSUM, *WITH_CHECKSUM)
TARGETS = (*_FILES, *TEXTS, *(f"description of {name}" for name in CONTAINERS))
"""The reader of a file, a parser of text or arguments, or the check of what a container says of itself."""


class BadError(Exception):
    """What may not come out."""


def make_samples(folder: Path) -> None:
    """Writes the files that are mutated."""
    make_inputs(folder)
    make_model(folder)


def sample(target: str, folder: Path) -> bytes:
    """Returns the sound data of a target."""
    if target in TEXTS:
        return TEXTS[target]
    return (folder / target).read_bytes() if target in _FILES else b"0"


def tried(target: str, data: bytes, folder: Path) -> str:
    """Returns what came out of data: `sound`, or the kind of error.

    Raises:
        BadError: it is an error that nobody foresaw, or it took too long or too much memory.
    """
    from seqnet.core.errors import SeqnetError
    from seqnet.core.printable import printable

    started, before = time.process_time(), _peak()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            use(target, data, folder)
        outcome = "sound"
    except SeqnetError as error:
        outcome = type(error).__name__
        if "\n" in printable(str(error)):
            raise BadError(f"several lines: {str(error)!r}") from error
    except OSError as error:
        if not error.errno:
            raise BadError(_where(error)) from error
        outcome = "OSError"
    except Exception as error:
        raise BadError(_where(error)) from error
    seconds, grown = time.process_time() - started, _peak() - before
    if seconds > MOST_SECONDS or grown > _MEGABYTES:
        raise BadError(f"it took {seconds:.1f} s, and {grown:.0f} MB more")
    return outcome


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _where(error: BaseException) -> str:
    """Returns an error with the place in seqnet that it came through."""
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if "/seqnet/" in frame.filename]
    place = f"{Path(places[-1].filename).name}:{places[-1].lineno}" if places else ""
    return f"{type(error).__name__} at {place}: {error}"[:300]


def use(target: str, data: bytes, folder: Path) -> None:
    """Does with data what the program does; any error may come out."""
    if target.startswith("description of "):
        _use_description(target.removeprefix("description of "), data, folder)
    elif target in TEXTS:
        PARSERS[target](data, folder)
    else:
        _read(target, data, folder)


def _read(name: str, data: bytes, folder: Path) -> None:
    from seqnet.configs.readers import ReadOptions
    from seqnet.readers.opening import open_here

    reference = str(folder / "reference.fa") if name.endswith(".cram") else None
    feature = "CDS" if name in ("genome.gb", "genome.embl") and len(data) % 2 else None
    options = ReadOptions(reference=reference, feature=feature, translate=feature is not None and len(data) % 3 == 0)
    with open_here(str(written(name, data, folder)), options) as reader:
        for batch in reader:
            if not len(batch.names) == len(batch.symbols) == len(batch):
                raise BadError("columns of different lengths")
            batch.names.text()


def _use_description(name: str, data: bytes, folder: Path) -> None:
    """Opens a sound container with another description: data are a seed of changes, or JSON."""
    from benchmarks.faults import damage
    from seqnet.core.containers import read_container, write_container

    held = read_container(folder / name, ["dataset", "model", "checkpoint"], "")
    kind = str(held.description["kind"])
    about = changed(held.description, random.Random(data))
    about.pop("kind", None)
    about.pop("version", None)
    path = folder / f"fuzzed-{name}"
    write_container(path, kind, about, held.tensors)
    damage.use(name, path)
