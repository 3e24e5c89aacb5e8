"""All checks of a machine, one after the other; one that fails does not end the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import seqnet
from seqnet.api.diagnosis.machine import device_facts, disk_facts, fast_path_facts, system, thread_facts
from seqnet.api.diagnosis.models import model_facts
from seqnet.api.diagnosis.packages import EXTRAS, package_problems, packages
from seqnet.api.diagnosis.problems import Problem
from seqnet.api.diagnosis.trial import run_trial
from seqnet.api.keywords import checked_threads
from seqnet.api.python_words import python_words
from seqnet.core.errors import SettingError
from seqnet.core.printable import counted

__all__ = ["Diagnosis", "diagnose"]

_REINSTALL = "reinstall seqnet and PyTorch in a new environment"

Facts = tuple[dict[str, Any], list[Problem]]


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Attributes:
        facts: name of a check → JSON values; a check that could not be made is left out.
        problems: what is wrong, the worst first.
    """

    facts: dict[str, dict[str, Any]]
    problems: tuple[Problem, ...]

    @property
    def passed(self) -> bool:
        """Whether seqnet works here; there may be warnings."""
        return all(problem.level != "failed" for problem in self.problems)

    def to_json(self) -> dict[str, Any]:
        """Returns everything as JSON values: what `seqnet doctor --json` prints."""
        listed = [
            {"level": one.level, "about": one.about, "problem": one.problem, "remedy": one.remedy}
            for one in self.problems
        ]
        return {"passed": self.passed, **self.facts, "problems": listed}

    def lines(self) -> Iterator[str]:
        """Yields everything as text: facts, warnings, and PASS or FAIL last."""
        for name, words in _WORDS.items():
            if name in self.facts:
                yield from words(self.facts[name])
        for problem in self.problems:
            yield f"{'FAIL' if problem.level == 'failed' else 'warning'}: {problem}"
        yield "PASS" if self.passed else "FAIL"


def diagnose(device: str = "auto", threads: int | None = None, *, trial: bool = True) -> Diagnosis:
    """Returns what seqnet finds on this machine.

    Args:
        device: device that is checked: auto, cpu, cuda, cuda:N or mps.
        threads: of the CPU, for the trial; None for all that may be used.
        trial: whether a small network is trained and used.

    Raises:
        SettingError: this machine does not have the device, or the number of threads is not allowed or has no effect.
    """
    with python_words():
        if threads is not None and not trial:
            raise SettingError("threads", threads, problem="needs trial")
        count = checked_threads(threads)
    checks: dict[str, Callable[[], Facts]] = {
        "versions": _versions,
        "device": lambda: device_facts(device),
        "threads": thread_facts,
        "fast_paths": fast_path_facts,
        "disk": disk_facts,
        "models": model_facts,
        **({"trial": lambda: run_trial(device, count)} if trial else {}),
    }
    facts, problems = {}, []
    for name, check in checks.items():
        try:
            facts[name], found = check()
            problems += found
        except SettingError:
            raise
        except Exception as error:  # of a library that is broken in any way
            words = " ".join(str(error).split()) or type(error).__name__
            problems.append(Problem("failed", name.replace("_", " "), words, _REINSTALL))
    return Diagnosis(facts, tuple(sorted(problems, key=lambda one: one.level != "failed")))


def _versions() -> Facts:
    found = packages()
    listed = {extra: {one.name: one.installed for one in found if one.extra == extra} for extra in (None, *EXTRAS)}
    required = listed.pop(None)
    return (
        {"seqnet": seqnet.__version__, "system": system(), "required": required, "optional": listed},
        package_problems(found),
    )


def _version_lines(facts: dict[str, Any]) -> Iterator[str]:
    yield f"seqnet {facts['seqnet']}, {facts['system']}"
    required = [f"{name} {version or 'not installed'}" for name, version in facts["required"].items()]
    yield f"packages: {', '.join(required) or 'unknown, because seqnet runs from a folder without being installed'}"
    for extra, listed in facts["optional"].items():
        there = [f"{name} {version or 'not installed'}" for name, version in listed.items()]
        missing = None in listed.values()
        remedy = f"; python -m pip install 'seqnet[{extra}]' adds it" if missing else ""
        if there:
            yield f"optional, for {EXTRAS[extra]}: {', '.join(there)}{remedy}"


def _device_lines(facts: dict[str, Any]) -> Iterator[str]:
    others = ", ".join(facts["gpus"]) or ("MPS" if facts["mps"] else "none")
    yield f"device: {facts['used']} is used; GPUs: {others}"
    fast = facts["fast_bfloat16"]
    yield f"bfloat16: {'faster than float32 on it' if fast else 'not faster than float32 on it, so float32 is used'}"


def _thread_lines(facts: dict[str, Any]) -> Iterator[str]:
    limits = ", ".join(f"{name} {limit}" for name, limit in facts["limits"].items())
    usable, machine = counted(facts["usable"], "threads"), facts["machine"]
    yield f"threads: {usable} on a machine with {machine} CPUs; limits: {limits}"
    if facts["address_space_bytes"] is not None:
        yield f"memory: the limit is {facts['address_space_bytes'] / 1e6:,.0f} MB (ulimit -v)"


def _fast_path_lines(facts: dict[str, Any]) -> Iterator[str]:
    for word, wanted in (("used", True), ("not available here, slower ones are used", False)):
        names = [name for name, there in facts.items() if there is wanted]
        if names:
            yield f"fast operations, {word}: {', '.join(names)}"


def _disk_lines(facts: dict[str, Any]) -> Iterator[str]:
    for name, one in facts.items():
        ending = "" if one["exists"] else ", not made yet"
        yield f"{name}: {one['path']}, {one['free_bytes'] / 1e9:,.1f} GB free{ending}"


def _model_lines(facts: dict[str, Any]) -> Iterator[str]:
    yield f"models of the package: {', '.join(facts)}"


def _trial_lines(facts: dict[str, Any]) -> Iterator[str]:
    yield (
        f"trial: trained a network on {facts['device']} and predicted {counted(facts['predicted'], 'records')} in "
        f"{facts['seconds']} s; {facts['right']:.0%} of the labels are right"
    )


_WORDS: dict[str, Callable[[dict[str, Any]], Iterator[str]]] = {
    "versions": _version_lines,
    "device": _device_lines,
    "threads": _thread_lines,
    "fast_paths": _fast_path_lines,
    "disk": _disk_lines,
    "models": _model_lines,
    "trial": _trial_lines,
}
"""Check → what turns its values into text, in the order of the lines."""
