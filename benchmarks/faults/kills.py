"""SIGKILL, SIGTERM and SIGINT at random moments, from the first millisecond of a run to past its end, and the next run.

After the kill: no traceback, the exit code of the signal, every output whole or not there. The next run of the same
command removes what the killed one has left and says so, and gives what an undisturbed run gives.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

from benchmarks.faults.processes import COMMANDS, PART_FILE, Done, names, prepare, run, same, work_folder
from benchmarks.faults.verdicts import Part, Verdict

__all__ = ["PART"]

_CODES = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}
_PAST = 1.15
"""Kills come up to so many times the undisturbed time."""


def _is_early(process: subprocess.Popen[str]) -> bool:
    """Returns whether the program has not come to its first line, where it begins to mind signals."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except FileNotFoundError:
        return False
    caught = re.findall(r"SigCgt:\s*(\w+)", status)
    return bool(caught) and not int(caught[0], 16) >> (signal.SIGTERM - 1) & 1 and not _has_ended(status)


def _has_ended(status: str) -> bool:
    return bool(re.search(r"State:\s*Z", status))


def _attempt(kind: str, seed: int, folder: Path) -> Verdict:
    rng = random.Random(f"{kind} {seed}")
    command = COMMANDS[kind]
    number = list(_CODES)[seed % 3]
    wait = max(0.001, rng.uniform(0, _PAST) * json.loads((folder / "seconds.json").read_text())[kind])
    work = work_folder(folder, f"work-{os.getpid()}", command.inputs)

    def kill(process: subprocess.Popen[str]) -> bool:
        time.sleep(wait)
        early = _is_early(process)
        process.send_signal(number)
        return early

    done = run(command.words, work, kill)
    problem = _after_kill(done, number, kind, work, folder)
    if problem == "early":
        return Verdict("untold")
    problem = problem or _next_run(done, kind, seed, work, folder)
    return Verdict("bad", f"{number.name} after {wait:.3f} s: {problem}") if problem else Verdict("right")


def _after_kill(done: Done, number: signal.Signals, kind: str, work: Path, folder: Path) -> str:
    """Returns what is wrong after a kill."""
    command = COMMANDS[kind]
    allowed = {0, _CODES[number]} | ({-number} if done.early else set())
    there = names(work) - set(command.inputs)
    if done.early and "Traceback" in done.said and not there:
        return "early"
    # Python drops a signal that comes while it reads its own settings, and says so; the run goes on to its end.
    dropped = done.early and done.code == 0
    if ("Traceback" in done.said and not dropped) or done.code not in allowed:
        return f"exit code {done.code}: {done.said[-400:]}"
    parts = {name for name in there if PART_FILE.fullmatch(Path(name).name)}
    if parts and number != signal.SIGKILL:
        return f"{sorted(parts)} left"
    if there - parts - set(command.outputs):
        return f"{sorted(there - parts)} left"
    whole = there - parts
    # A training run that is stopped keeps what it has come to.
    if kind == "train" and done.code:
        whole -= set(command.outputs[:-1] if number == signal.SIGKILL else command.outputs)
    if done.code == 0 and whole != set(command.outputs):
        return f"exit code 0, and there are only {sorted(whole)}"
    differs = same(folder, kind, work, whole)
    return f"{differs} is not whole" if differs else ""


def _next_run(done: Done, kind: str, seed: int, work: Path, folder: Path) -> str:
    """Returns what is wrong with the run after a killed one."""
    command = COMMANDS[kind]
    there = names(work) - set(command.inputs)
    parts = {name for name in there if PART_FILE.fullmatch(Path(name).name)}
    more: tuple[str, ...] = ()
    if kind == "train":
        more = ("--resume",) if seed // 3 % 2 else ("--force",)
    elif there - parts and not any(name.endswith(".ready") for name in parts):
        more = ("--force",)
    if done.code == 0:
        return ""
    again = run((*command.words, *more), work)
    if again.code or "Traceback" in again.said:
        return f"then exit code {again.code}: {again.said[-400:]}"
    silent = [name for name in parts if f"removed {name}" not in again.said]
    if silent:
        return f"then {silent} is removed without a word"
    left = names(work) - set(command.inputs)
    if left != set(command.outputs):
        return f"then there are {sorted(left)}"
    differs = same(folder, kind, work, command.outputs)
    return f"then {differs} differs" if differs else ""


PART = Part(
    "Kills",
    dict.fromkeys(COMMANDS, 100),
    prepare,
    _attempt,
    smoke=1,
    seconds=300,
    chunk=25,
)
