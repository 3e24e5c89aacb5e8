"""Required and optional packages: their versions, and whether they are new enough.

Names and oldest versions are those of the installed seqnet, so that they are written once, in pyproject.toml.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from seqnet.api.diagnosis.problems import Problem

__all__ = ["EXTRAS", "Package", "package_problems", "packages"]

EXTRAS = {
    "tune": "seqnet tune",
    "plm": "the encoder plm (language models)",
    "explain": "seqnet explain --logos, --motifs and --known",
    "tracks": "predict --track FILE.bw (bigWig)",
}
"""Optional dependencies of users, and what they are for."""


@dataclass(frozen=True)
class Package:
    """A package that seqnet uses.

    Attributes:
        name: of the package.
        installed: its version; None if it is not installed.
        oldest: the oldest version that works; None for any.
        extra: the optional dependencies that it belongs to, a name in `EXTRAS`; None for a required package.
    """

    name: str
    installed: str | None
    oldest: str | None
    extra: str | None

    @property
    def is_old(self) -> bool:
        """Whether the installed version is too old."""
        return bool(self.installed and self.oldest and _numbers(self.installed) < _numbers(self.oldest))


def packages(requirements: Iterable[str] | None = None) -> list[Package]:
    """Returns the required packages and those of `EXTRAS`.

    Args:
        requirements: lines such as "torch>=2.6" or 'optuna>=4; extra == "tune"'; None for those of the installed
            seqnet, which are none if it runs from a folder without being installed.
    """
    if requirements is None:
        try:
            requirements = requires("seqnet") or ()
        except PackageNotFoundError:
            requirements = ()
    found = []
    for line in requirements:
        requirement, _, condition = line.partition(";")
        name, oldest = re.match(r"[\w.-]+", requirement), re.search(r">=\s*([\d.]+)", requirement)
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", condition)
        if name and (extra is None or extra[1] in EXTRAS):
            found.append(
                Package(name[0], _version(name[0]), oldest[1] if oldest else None, extra[1] if extra else None)
            )
    return found


def package_problems(found: Iterable[Package]) -> list[Problem]:
    """Returns the packages that are missing or too old; a missing optional one is no problem."""
    problems = []
    for one in found:
        target = "seqnet" if one.extra is None else f"seqnet[{one.extra}]"
        remedy = f"install it: python -m pip install --upgrade '{target}'"
        if one.is_old:
            problem = f"{one.name} {one.installed} is too old; the oldest that works is {one.oldest}"
            problems.append(Problem("failed" if one.extra is None else "warning", "packages", problem, remedy))
        elif one.extra is None and one.installed is None:
            problems.append(Problem("failed", "packages", f"{one.name} is not installed", remedy))
    return problems


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _numbers(text: str) -> tuple[int, ...]:
    """Returns the numbers at the start of a version: 2.6.0+cpu is (2, 6, 0)."""
    found = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(number) for number in found[0].split(".")) if found else ()
