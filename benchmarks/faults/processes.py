"""Commands of seqnet as processes in folders of their own, and what they have to leave behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.inputs import MODEL, ROOT, SEQNET, call, make_inputs, make_model
from benchmarks.faults.verdicts import Verdict

__all__ = [
    "COMMANDS",
    "PART_FILE",
    "Command",
    "Done",
    "content",
    "judged",
    "names",
    "prepare",
    "run",
    "same",
    "work_folder",
]

PART_FILE = re.compile(r"\.(?P<stem>.+)\.[0-9a-f]{16}\.(?:part|ready)")
"""Name of a file that a killed run may leave, and the next one removes."""

_LIMIT = 120.0
_AGAIN = (b" --force", b" --resume")
"""Options with which a command is given again; files say which command made them."""


@dataclass(frozen=True)
class Command:
    """A command whose outputs are known.

    Attributes:
        words: of its command line.
        inputs: files of the folder of `prepare` that it reads.
        outputs: files that it writes, the one that appears last at the end.
        kept: what of them a run that was ended may leave behind, whole: a checkpoint.
    """

    words: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    kept: tuple[str, ...] = ()


COMMANDS: Mapping[str, Command] = {
    "encode": Command(
        ("encode", "--class", "human=reads.bam", "--class", "random=@uniform", "-o", "out.safetensors"),
        ("reads.bam",),
        ("out.safetensors",),
    ),
    "train": Command(
        ("train", "d.safetensors", *MODEL, "-o", "out.safetensors"),
        ("d.safetensors",),
        ("out.checkpoint.safetensors", "out.history.tsv", "out.curves.svg", "out.safetensors"),
        ("out.checkpoint.safetensors",),
    ),
    "predict": Command(
        ("predict", "m.safetensors", "many.fa", "--threads", "2", "-o", "out.tsv"),
        ("m.safetensors", "many.fa"),
        ("out.tsv",),
    ),
    "evaluate": Command(
        ("evaluate", "m.safetensors", "d.safetensors", "--threads", "1", "-o", "out"),
        ("m.safetensors", "d.safetensors"),
        ("out/predictions.tsv", "out/metrics.json"),
    ),
    "audit": Command(("audit", "d.safetensors", "-o", "out.tsv"), ("d.safetensors",), ("out.tsv",)),
}


@dataclass(frozen=True)
class Done:
    """What a process came to.

    Attributes:
        code: exit code, negative for a signal.
        said: its standard error.
        early: whether a signal was sent before the first line of the program was run; Python has it its own way then.
    """

    code: int
    said: str
    early: bool = False


def prepare(folder: Path) -> None:
    """Writes inputs, the outputs of undisturbed runs, and how long these took; unless they are there."""
    make_inputs(folder)
    make_model(folder)
    if (folder / "seconds.json").exists():
        return
    text = (folder / "reads.fa").read_text()
    (folder / "many.fa").write_text("".join(text.replace(">r", f">{index}r") for index in range(400)))
    seconds = {}
    for name, command in COMMANDS.items():
        work = work_folder(folder, f"undisturbed-{name}", command.inputs)
        started = time.monotonic()
        call(*command.words, folder=work)
        seconds[name] = time.monotonic() - started
    (folder / "seconds.json").write_text(json.dumps(seconds))


def work_folder(folder: Path, name: str, inputs: Iterable[str]) -> Path:
    """Returns a folder that holds copies of inputs and nothing else."""
    work = folder / name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    for one in inputs:
        shutil.copy(folder / one, work / one)
    return work


def run(
    words: Sequence[str],
    work: Path,
    disturb: Callable[[subprocess.Popen[str]], bool] = lambda process: False,
    **options: object,
) -> Done:
    """Returns what a command came to; `disturb` is called while it runs, and returns whether it was too early.

    Args:
        words: of the command.
        work: folder to run it in.
        disturb: what is done to it.
        options: further arguments of `subprocess.Popen`.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    arguments = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "env": environment, **options}
    with subprocess.Popen([*SEQNET, *words], cwd=work, stderr=subprocess.PIPE, text=True, **arguments) as process:  # type: ignore[call-overload]
        try:
            early = disturb(process)
            _, said = process.communicate(timeout=_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            _, said = process.communicate()
            return Done(-9, f"{said}\nit hung", early=False)
    return Done(process.returncode, said or "", early)


def names(work: Path) -> set[str]:
    """Returns the names of all files in a folder and those below."""
    return {path.relative_to(work).as_posix() for path in work.rglob("*") if not path.is_dir()}


def content(path: Path) -> object:
    """Returns what a file holds, without the options with which its command was given again."""
    if path.suffix != ".safetensors":
        found = path.read_bytes()
        for option in _AGAIN:
            found = found.replace(option, b"")
        return found
    from seqnet.core.containers import read_container

    held = read_container(path, ["dataset", "model", "checkpoint"], "")
    about = json.dumps(held.description)
    for option in _AGAIN:
        about = about.replace(option.decode(), "")
    return about, {name: array.tobytes() for name, array in held.tensors.items()}


def same(folder: Path, name: str, work: Path, files: Iterable[str]) -> str:
    """Returns the first of the files that differs from that of the undisturbed run; empty for none."""
    undisturbed = folder / f"undisturbed-{name}"
    return next((one for one in files if content(work / one) != content(undisturbed / one)), "")


def judged(done: Done, folder: Path, name: str, work: Path, *, right: Sequence[int] = (0,)) -> Verdict:
    """Returns the verdict on a run that nobody killed.

    Args:
        done: what it came to.
        folder: that of `prepare`.
        name: of the command.
        work: where it ran.
        right: exit codes with which its outputs are to be those of an undisturbed run.
    """
    command = COMMANDS[name]
    there = names(work) - set(command.inputs)
    lines = [line for line in done.said.splitlines() if line.startswith("seqnet: error: ")]
    if "Traceback" in done.said or "hung" in done.said:
        return Verdict("bad", f"{done.code}: {done.said[-300:]}")
    if done.code in right:
        if there != set(command.outputs):
            return Verdict("bad", f"exit code {done.code}, and there are {sorted(there)}")
        differs = same(folder, name, work, command.outputs)
        return Verdict("bad", f"{differs} differs") if differs else Verdict("right")
    if done.code != 1 or len(lines) > 1 or not (lines or not done.said):
        return Verdict("bad", f"exit code {done.code}: {done.said[-300:]}")
    if there - set(command.kept):
        return Verdict("bad", f"after an error there are {sorted(there)}")
    return Verdict("error")
