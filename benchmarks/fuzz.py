"""Random and mutated input for every reader and parser, by hypothesis, and by atheris where that is installed.

    python -m benchmarks.fuzz [--seconds N] [--only TARGET] [--seed N]

Only an error of the user's kind (`SeqnetError`, `OSError` with an error number) or a sound result may come out, within
seconds and without taking much memory. The time is shared by all targets. Atheris is guided by which lines are
reached; each of its targets runs in a process of its own.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from benchmarks.faults.inputs import ROOT, make_inputs, make_model
from benchmarks.machine import describe_machine
from benchmarks.racing import RESULTS

__all__ = ["TARGETS", "BadError", "mutated", "tried"]

_SECONDS, _MEGABYTES = 10.0, 700
_EXAMPLES = 100
_DESCRIBED = ("d.safetensors", "m.safetensors", "m.checkpoint.safetensors")
_TEXTS: dict[str, bytes] = {
    "labels": b"r1\tyes\nr2\tno\n",
    "clusters": b">Cluster 0\n0\t40aa, >r1... *\n1\t40aa, >r2... at 95.00%\n",
    "config": b'description = "x"\n[network]\nname = "cnn"\nfilters = [4]\nkernels = [5]\n[training]\nepochs = 2\n',
    "space": b"[training]\nlearning_rate = { low = 0.01, high = 1, log = true }\nbatch_size = { choices = [64, 9] }\n",
    "set": b"training.learning_rate=0.01",
    "options": b"human=reads.bam|10-20|chr1:1,000-2,000|^(\\d+):|30:|@uniform",
}
_FILES = (
    "reads.fa", "reads.fq", "reads.fa.gz", "reads.fa.bgz", "reads.fa.bz2", "reads.fa.xz", "reads.fa.zst", "reads.sam",
    "reads.bam", "reads.cram", "proteins.tsv", "proteins.csv", "proteins.xlsx", "proteins.parquet", "proteins.npz",
)  # fmt: skip
TARGETS = (*_FILES, *_TEXTS, *(f"description of {name}" for name in _DESCRIBED))
"""What is fuzzed: the reader of a file, a parser of text, or the check of what a container says of itself."""


class BadError(Exception):
    """What may not come out."""


def tried(target: str, data: bytes, folder: Path) -> str:
    """Returns what came out of data: `sound`, or the kind of error.

    Raises:
        BadError: it is an error that nobody foresaw, or it took too long or too much memory.
    """
    from seqnet.core.errors import SeqnetError
    from seqnet.core.printable import printable

    started, before = time.monotonic(), _peak()
    try:
        _use(target, data, folder)
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
    seconds, grown = time.monotonic() - started, _peak() - before
    if seconds > _SECONDS or grown > _MEGABYTES:
        raise BadError(f"it took {seconds:.1f} s, and {grown:.0f} MB more")
    return outcome


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _where(error: BaseException) -> str:
    """Returns an error with the place in seqnet that it came through."""
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if "/seqnet/" in frame.filename]
    place = f"{Path(places[-1].filename).name}:{places[-1].lineno}" if places else ""
    return f"{type(error).__name__} at {place}: {error}"[:300]


def _use(target: str, data: bytes, folder: Path) -> None:
    """Does with data what the program does."""
    if target.startswith("description of "):
        _use_description(target.removeprefix("description of "), data, folder)
    elif target in _TEXTS:
        _PARSERS[target](data, folder)
    else:
        _read(target, data, folder)


def _written(name: str, data: bytes, folder: Path) -> Path:
    path = folder / f"fuzzed-{name}"
    path.write_bytes(data)
    return path


def _read(name: str, data: bytes, folder: Path) -> None:
    from seqnet.configs.readers import ReadOptions
    from seqnet.readers.opening import open_here

    reference = str(folder / "reference.fa") if name.endswith(".cram") else None
    with open_here(str(_written(name, data, folder)), ReadOptions(reference=reference)) as reader:
        for batch in reader:
            if not len(batch.names) == len(batch.symbols) == len(batch):
                raise BadError("columns of different lengths")
            batch.names.text()


def _labels(data: bytes, folder: Path) -> None:
    from seqnet.datasets.encoding.labelling import LabelFile

    LabelFile(str(_written("labels.tsv", data, folder)))


def _clusters(data: bytes, folder: Path) -> None:
    from seqnet.datasets.encoding.labelling import grouper

    grouper(str(_written("clusters.tsv", data, folder)))


def _config(data: bytes, folder: Path) -> None:
    from seqnet.configs.run import compose
    from seqnet.configs.toml import run_toml

    run = compose(config=_written("run.toml", data, folder))
    if compose(config=_written("again.toml", run_toml(run, "", "").encode(), folder)) != run:
        raise BadError("other settings once they are written and read")


def _space(data: bytes, folder: Path) -> None:
    from seqnet.configs.run import compose
    from seqnet.training.tuning.space import read_space

    read_space(_written("space.toml", data, folder), compose("dna-cnn"))


def _set(data: bytes, folder: Path) -> None:
    from seqnet.configs.run import compose

    compose(assignments=[data.decode(errors="surrogateescape")])


def _options(data: bytes, folder: Path) -> None:
    from seqnet.configs.encoding import EncodeOptions
    from seqnet.configs.readers import ReadOptions
    from seqnet.core.errors import SeqnetError
    from seqnet.datasets.encoding.class_sources import ClassSource
    from seqnet.datasets.encoding.labelling import grouper, label_by_regex
    from seqnet.datasets.encoding.selection import LengthRange

    text = data.decode(errors="surrogateescape")
    readers = (
        ClassSource.parse, LengthRange.parse, grouper, lambda text: label_by_regex(text, ""),
        lambda text: EncodeOptions(split=text), lambda text: ReadOptions(region=text),
    )  # fmt: skip
    for reader in readers:
        if "\0" not in text:
            try:
                reader(text)
            except SeqnetError:
                continue


_PARSERS: dict[str, Callable[[bytes, Path], None]] = {
    "labels": _labels, "clusters": _clusters, "config": _config, "space": _space, "set": _set, "options": _options,
}  # fmt: skip


def _use_description(name: str, data: bytes, folder: Path) -> None:
    """Opens a sound container with another description: data are a seed of changes, or JSON."""
    from benchmarks.faults.damage import use
    from seqnet.core.containers import read_container, write_container

    held = read_container(folder / name, ["dataset", "model", "checkpoint"], "")
    kind = str(held.description["kind"])
    about = _changed(held.description, random.Random(data))
    about.pop("kind", None)
    about.pop("version", None)
    path = folder / f"fuzzed-{name}"
    write_container(path, kind, about, held.tensors)
    use(name, path)


def _changed(value: Any, rng: random.Random) -> Any:
    """Returns a description with one to three values changed, removed or added, anywhere in it."""
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        place, key = _place(value, rng)
        if isinstance(place, dict) and rng.random() < 0.2:
            del place[key]
        else:
            place[key] = _value(place[key], rng)
    return value


def _place(value: Any, rng: random.Random) -> tuple[Any, Any]:
    """Returns a container in a value, and a key or index of it."""
    while True:
        key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        if not (isinstance(value[key], dict | list) and value[key]) or rng.random() < 0.1:
            return value, key
        value = value[key]


def _value(former: Any, rng: random.Random) -> Any:
    """Returns a value that may stand in place of another one."""
    values: list[Any] = [
        None, True, False, 0, -1, 1, 2, 10**9, 2**31, 2**63, -(2**63), 10**30, 0.5, -0.0, 1e-300, 1e300, "", "x",
        "\x00", "\ud800", "a\tb\nc", "é" * 1000, [], [None], {}, {"": 0}, [[]], [former] * 3, {"x": former}, "nan",
        "Infinity",
    ]  # fmt: skip
    if isinstance(former, int | float) and not isinstance(former, bool):
        values += [former + 1, former - 1, former * 10**6, -former, str(former), float(former)]
    if isinstance(former, str):
        values += [former * 2, former[:-1], former.upper(), former + "\u202e"]
    return rng.choice(values)


@st.composite
def mutated(draw: st.DrawFn, sample: bytes) -> bytes:
    """Returns data that is a sample with a few pieces changed, or anything at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=300))
    data = bytearray(sample)
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([0, 1, 1, 2, 4, 8, 100]))
        piece = draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from(
                    [b"\xff\xff\xff\xff", b"\0\0\0\x80", b"\t", b"\n", b"\r", b'"', b">", b"@", b"1e999", b"-1"]
                ),
                st.just(bytes(data[start : start + length]) * 3),
            )
        )
        data[start : start + length] = piece
    return bytes(data)


def _sample(target: str, folder: Path) -> bytes:
    return _TEXTS[target] if target in _TEXTS else (folder / target).read_bytes() if target in _FILES else b"0"


def _by_hypothesis(target: str, folder: Path, seconds: float, first: int) -> tuple[Counter[str], dict[str, str]]:
    """Returns how often what came out in so many seconds, and bad outcomes with what brings them about."""
    counts: Counter[str] = Counter()
    bad: dict[str, str] = {}
    until = time.monotonic() + seconds
    number = first
    latest: list[bytes] = []
    while time.monotonic() < until:

        @seed(number)
        @settings(max_examples=_EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(mutated(_sample(target, folder)))
        def attempt(data: bytes) -> None:
            latest[:] = [data]
            counts[tried(target, data, folder)] += 1

        try:
            attempt()
        except BadError as error:
            bad.setdefault(re.sub(r"\d+", "N", str(error)), f"{target}: {error}: {latest[0]!r:.2000}")
            counts["bad"] += 1
        number += 1
    return counts, bad


def _by_atheris(target: str, folder: Path, seconds: float) -> tuple[int, str]:
    """Returns how many inputs were tried in a process of atheris, and what was bad."""
    corpus = folder / f"corpus-{target.replace(' ', '-')}"
    corpus.mkdir(exist_ok=True)
    (corpus / "sample").write_bytes(_sample(target, folder))
    words = [
        sys.executable,
        "-m",
        "benchmarks.fuzz",
        "--atheris",
        target,
        "--folder",
        str(folder),
        "--seconds",
        str(seconds),
    ]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    runs = re.findall(r"(?:Done |#)(\d+)", done.stderr)
    if done.returncode == 0:
        return int(runs[-1]) if runs else 0, ""
    said = re.findall(
        r"^(?:benchmarks\.fuzz\.|__main__\.)?BadError: .*|ALARM: .*|.*ERROR: libFuzzer: .*", done.stderr, re.M
    )
    return int(runs[-1]) if runs else 0, f"{target}: {said[:2] or done.stderr[-500:]}"


def _run_atheris(target: str, folder: Path, seconds: float) -> None:
    """Fuzzes a target in this process, and ends it."""
    import atheris

    with atheris.instrument_imports(include=["seqnet"]):
        import seqnet.configs.run
        import seqnet.datasets.encoding.labelling
        import seqnet.models.bundles
        import seqnet.readers.opening
        import seqnet.training.checkpoints
        import seqnet.training.tuning.space  # noqa: F401 - instrumented as they are imported
    words = [sys.argv[0], str(folder / f"corpus-{target.replace(' ', '-')}"), f"-max_total_time={max(1, int(seconds))}"]
    words += [f"-timeout={int(_SECONDS)}", "-rss_limit_mb=4096", f"-artifact_prefix={folder}/bad-", "-max_len=65536"]
    atheris.Setup(words, lambda data: tried(target, data, folder) and None)
    atheris.Fuzz()


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="time for all targets together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=TARGETS)
    parser.add_argument("--atheris", choices=TARGETS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.atheris:
        _run_atheris(options.atheris, options.folder, options.seconds)
    targets, guided = options.only or TARGETS, find_spec("atheris") is not None
    share = options.seconds / len(targets) / (2 if guided else 1)
    rows: list[str] = []
    worst: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="fuzz-") as made:
        folder = Path(made)
        make_inputs(folder)
        make_model(folder)
        for target in targets:
            counts, bad = _by_hypothesis(target, folder, share, options.seed)
            runs, said = _by_atheris(target, folder, share) if guided else (0, "")
            bad |= {said: said} if said else {}
            errors = sum(counts.values()) - counts["sound"] - counts["bad"]
            rows.append(f"| {target} | {counts['sound']:,} | {errors:,} | {runs:,} | {len(bad)} |")
            print(rows[-1], *bad.values(), sep="\n", flush=True)
            worst |= bad
    if not options.only:
        _write(rows, list(worst.values()), options, guided)
    return bool(worst)


def _write(rows: list[str], bad: list[str], options: argparse.Namespace, guided: bool) -> None:
    lines = ["# Fuzzing", "", *describe_machine(1), ""]
    way = "hypothesis and atheris, half of the time each" if guided else "hypothesis; atheris is not installed"
    lines += [f"Made by `make fuzz`, seed {options.seed}, {options.seconds:.0f} seconds in all: {way}.", ""]
    lines += [
        "| | sound result | clear error | tried by atheris | different bad outcomes |",
        "|---|---|---|---|---|",
        *rows,
        "",
    ]
    lines += [f"- bad: {json.dumps(one)}" for one in bad]
    (RESULTS / "fuzz.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(_main())
