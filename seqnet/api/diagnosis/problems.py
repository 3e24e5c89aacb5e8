"""What is wrong on a machine, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Problem"]


@dataclass(frozen=True)
class Problem:
    """Something that does not work, or does not work as well as it could.

    Attributes:
        level: `failed` if seqnet does not work because of it, else `warning`.
        about: what it is about, such as "packages".
        problem: what is wrong.
        remedy: what the user can do.
    """

    level: Literal["failed", "warning"]
    about: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.about}: {self.problem}; {self.remedy}"
