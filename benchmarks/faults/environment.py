"""A machine that has too little of something, streams that nobody reads, files that change while they are read.

Each run gives the result of an undisturbed one, or one line that says what is wrong, exit code 1 and no output.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from benchmarks.faults.damage import KINDS as DAMAGES
from benchmarks.faults.damage import damaged
from benchmarks.faults.inputs import ROOT, WITHOUT_CHECKSUM, call
from benchmarks.faults.processes import COMMANDS, Done, judged, names, prepare, run, work_folder
from benchmarks.faults.verdicts import Part, Verdict

__all__ = ["PART"]

_PREDICT = ("predict", "m.safetensors", "many.fa", "--threads", "2")
_BROKEN_PIPE = 141


def _prepare(folder: Path) -> None:
    prepare(folder)
    call("predict", "m.safetensors", "reads.fa", "-o", "few.tsv", folder=folder)


def _any(rng: random.Random) -> str:
    return rng.choice(list(COMMANDS))


def _limited(kind: int, low: int, high: int) -> Callable[[random.Random, Path], Verdict]:
    """Returns what tries a command with a random limit, each magnitude equally likely."""

    def attempt(rng: random.Random, folder: Path) -> Verdict:
        name = _any(rng)
        most = round(low * (high / low) ** rng.random())
        work = _work(folder, COMMANDS[name].inputs)
        done = run(COMMANDS[name].words, work, preexec_fn=lambda: resource.setrlimit(kind, (most, most)))
        return _about(f"{name}, limit {most:,}", judged(done, folder, name, work))

    return attempt


def _about(said: str, verdict: Verdict) -> Verdict:
    return Verdict(verdict.result, f"{said}: {verdict.said}" if verdict.said else "")


def _work(folder: Path, inputs: tuple[str, ...]) -> Path:
    return work_folder(folder, f"work-{os.getpid()}", inputs)


@contextmanager
def _mounted(place: Path, options: str) -> Iterator[bool]:
    """Puts a small file system in memory at a place, where that is allowed; yields whether it is."""
    words = ["mount", "-t", "tmpfs", "-o", options, "faults", str(place)]
    done = subprocess.run(words, check=False, capture_output=True)
    try:
        yield done.returncode == 0
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", "-l", str(place)], check=False)


def _full_disk(rng: random.Random, folder: Path) -> Verdict:
    name = _any(rng)
    command = COMMANDS[name]
    work = _work(folder, ())
    needed = sum(file.stat().st_size for file in (folder / f"undisturbed-{name}").rglob("*") if file.is_file())
    size = round(needed * rng.uniform(0.3, 1.3)) + 16384
    with _mounted(work, f"size={size}") as mounted:
        if not mounted:
            return Verdict("untold", "no file system can be mounted here")
        try:
            for one in command.inputs:
                shutil.copy(folder / one, work / one)
        except OSError:
            return Verdict("untold", "no room for the inputs")
        return _about(f"{name}, {size:,} bytes", judged(run(command.words, work), folder, name, work))


def _read_only(rng: random.Random, folder: Path) -> Verdict:
    name = _any(rng)
    command = COMMANDS[name]
    work = _work(folder, ())
    with _mounted(work, "size=64m") as mounted:
        if not mounted:
            return Verdict("untold", "no file system can be mounted here")
        for one in command.inputs:
            shutil.copy(folder / one, work / one)
        subprocess.run(["mount", "-o", "remount,ro", str(work)], check=True)
        return _about(name, judged(run(command.words, work), folder, name, work))


def _temporary(rng: random.Random, folder: Path) -> Verdict:
    """Has no, a full or a read-only folder for temporary files."""
    name = _any(rng)
    work = _work(folder, COMMANDS[name].inputs)
    place = folder / f"temporary-{os.getpid()}"
    place.mkdir(exist_ok=True)
    options = rng.choice(["size=4k", "size=64k", "ro,size=1m"])
    with _mounted(place, options) as mounted:
        there = place if mounted and rng.random() < 0.8 else folder / "nowhere"
        environment = {**os.environ, "TMPDIR": str(there), "PYTHONPATH": str(ROOT)}
        done = run(COMMANDS[name].words, work, env=environment)
        return _about(f"{name}, TMPDIR {there.name} {options}", judged(done, folder, name, work))


def _closed(rng: random.Random, folder: Path) -> Verdict:
    name = _any(rng)
    work = _work(folder, COMMANDS[name].inputs)
    streams = rng.choice([(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)])

    def close() -> None:
        for number in streams:
            os.close(number)

    return _about(f"{name}, {streams}", judged(run(COMMANDS[name].words, work, preexec_fn=close), folder, name, work))


def _reader_leaves(rng: random.Random, folder: Path) -> Verdict:
    work = _work(folder, COMMANDS["predict"].inputs)
    size = rng.choice([0, 1, 1 << 12, 1 << 16, rng.randrange(1 << 20)])

    def leave(process: subprocess.Popen[str]) -> bool:
        assert process.stdout
        os.read(process.stdout.fileno(), size or 1) if size else None
        process.stdout.close()
        process.stdout = None
        return False

    done = run(_PREDICT, work, leave, stdout=subprocess.PIPE)
    said = done.code == _BROKEN_PIPE and "Traceback" not in done.said
    return Verdict("right") if said else Verdict("bad", f"after {size} bytes: {done.code} {done.said[-300:]}")


def _slow(rng: random.Random, folder: Path) -> Verdict:
    """Reads slowly from a process that is written to slowly."""
    work = _work(folder, COMMANDS["predict"].inputs)
    pause, piece = rng.uniform(0, 0.02), 1 << rng.randrange(12, 18)
    text = (work / "many.fa").read_text()
    found = []

    def feed(process: subprocess.Popen[str]) -> None:
        assert process.stdin
        with process.stdin:
            for start in range(0, len(text), piece):
                process.stdin.write(text[start : start + piece])
                process.stdin.flush()
                time.sleep(pause)

    def take(process: subprocess.Popen[str]) -> bool:
        feeder = Thread(target=feed, args=(process,), daemon=True)
        feeder.start()
        assert process.stdout
        while got := os.read(process.stdout.fileno(), piece):
            found.append(got)
            time.sleep(pause)
        feeder.join()
        process.stdin = None
        return False

    words = ("predict", "m.safetensors", "-", "--threads", "2")
    done = run(words, work, take, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if done.code or b"".join(found) != (folder / "undisturbed-predict" / "out.tsv").read_bytes():
        return Verdict("bad", f"exit code {done.code}: {done.said[-300:]}")
    return Verdict("right")


def _changing(rng: random.Random, folder: Path) -> Verdict:
    """Has the input grow, shrink, vanish or become another one while it is read."""
    work = _work(folder, COMMANDS["predict"].inputs)
    way = rng.choice(["grow", "shrink", "vanish", "empty"])
    seconds = rng.uniform(0.2, 3)
    path = work / "many.fa"

    def change(process: subprocess.Popen[str]) -> bool:
        time.sleep(seconds)
        if way == "vanish":
            path.unlink()
        elif way == "grow":
            with path.open("ab") as file:
                file.write(b">more\nACGTACGTACGT\n" * 10_000)
        else:
            os.truncate(path, 0 if way == "empty" else path.stat().st_size // 2)
        return False

    done = run(COMMANDS["predict"].words, work, change)
    said = f"{way} after {seconds:.2f} s"
    if done.code == 0:
        rows = (work / "out.tsv").read_text().splitlines()
        sound = (folder / "undisturbed-predict" / "out.tsv").read_text().splitlines()
        shared = min(len(rows), len(sound)) - 1  # the last may be of a sequence that was cut
        if rows == sound or (way == "grow" and rows[: len(sound)] == sound):
            return Verdict("right")
        return Verdict("untold") if rows[:shared] == sound[:shared] else Verdict("bad", f"{said}: other rows")
    left = names(work) - set(COMMANDS["predict"].inputs)
    return _about(said, Verdict("bad", f"{left} left")) if left else _about(said, _error_only(done))


def _error_only(done: Done) -> Verdict:
    """Returns the verdict on a run that should say one line and end with exit code 1."""
    lines = [line for line in done.said.splitlines() if line.startswith("seqnet: error: ")]
    clear = done.code == 1 and len(lines) == 1 and "Traceback" not in done.said
    return Verdict("error") if clear else Verdict("bad", f"exit code {done.code}: {done.said[-300:]}")


_USES: dict[str, tuple[str, ...]] = {
    "d.safetensors": ("evaluate", "m.safetensors", "d.safetensors", "--threads", "1", "-o", "out"),
    "m.safetensors": ("predict", "m.safetensors", "reads.fa", "-o", "out.tsv"),
    "m.checkpoint.safetensors": (*COMMANDS["train"].words[:-2], "-o", "m.safetensors", "--resume"),
}


def _damaged(rng: random.Random, folder: Path) -> Verdict:
    """Gives a command a file that was cut or has a wrong bit; the cases of `damage`, as processes."""
    kind = rng.choice([kind for kind in DAMAGES if "reads." in kind or "safetensors" in kind])
    how, _, name = kind.partition(" ")
    inputs = ("d.safetensors", "reads.fa", "reference.fa", "reference.fa.fai")
    work = _work(folder, inputs if "checkpoint" in name else (*inputs, "m.safetensors"))
    reference = ("--reference", "reference.fa") if name.endswith(".cram") else ()
    words = _USES.get(name, ("predict", "m.safetensors", name, *reference, "-o", "out.tsv"))
    seed = rng.randrange(1 << 30)
    (work / name).write_bytes(damaged((folder / name).read_bytes(), how, seed)[0])
    done = run(words, work)
    said = f"{kind}, {seed}"
    if done.code:
        return _about(said, _error_only(done))
    if name.endswith(".safetensors"):
        return Verdict("bad", f"{said}: damage is not seen")
    if (work / "out.tsv").read_bytes() == (folder / "few.tsv").read_bytes():
        return Verdict("right")
    return Verdict("untold" if name in WITHOUT_CHECKSUM else "bad", f"{said}: another result")


_KINDS: dict[str, Callable[[random.Random, Path], Verdict]] = {
    "full disk": _full_disk,
    "limit of file size": _limited(resource.RLIMIT_FSIZE, 100, 1 << 22),
    "read-only folder": _read_only,
    # With four, Python itself does not start.
    "limit of open files": _limited(resource.RLIMIT_NOFILE, 5, 60),
    "limit of address space": _limited(resource.RLIMIT_AS, 1 << 28, 1 << 32),
    "no, full or read-only TMPDIR": _temporary,
    "closed standard streams": _closed,
    "reader of a pipe leaves": _reader_leaves,
    "slow pipes": _slow,
    "file changes while it is read": _changing,
    "damaged file on the command line": _damaged,
}


def _attempt(kind: str, seed: int, folder: Path) -> Verdict:
    return _KINDS[kind](random.Random(f"{kind} {seed}"), folder)


PART = Part(
    "Machine, streams and changing files",
    dict.fromkeys(_KINDS, 30),
    _prepare,
    _attempt,
    smoke=1,
    seconds=180,
    chunk=10,
)
