"""What a check says: passed, warned or failed, with the number and one line of why, and the records it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Check", "CheckStatus", "Finding", "Offenders", "graded"]

CheckStatus = Literal["pass", "warn", "fail"]


@dataclass(frozen=True)
class Offenders:
    """M records that a check is about.

    Attributes:
        records: (M,) int64, index in the dataset.
        others: (M,) int64, the record that each is like.
        similarity: (M,) float64, share of the shorter one's k-mers that the other has; 1 for the same sequence, NaN
            where sequences were not compared.
    """

    records: NDArray[np.int64]
    others: NDArray[np.int64]
    similarity: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.records)


@dataclass(frozen=True)
class Finding:
    """What was found, before it is judged.

    Attributes:
        value: the number; None where it could not be measured.
        text: one line that says what it is.
        offenders: the records that it is about; None where it is about no single ones.
        by_chance: whether the number may have come about by chance alone, so that it passes.
    """

    value: float | None
    text: str
    offenders: Offenders | None = None
    by_chance: bool = False


@dataclass(frozen=True)
class Check:
    """One line of an audit.

    Attributes:
        name: which check, a row of `CHECKS`.
        title: the same for people.
        status: `pass`, `warn` or `fail`.
        value: the number that decided; None where it could not be measured.
        message: one line: what was found.
        offenders: the records that it is about; None where it is about no single ones.
    """

    name: str
    title: str
    status: CheckStatus
    value: float | None
    message: str
    offenders: Offenders | None = None

    @property
    def line(self) -> str:
        """One line for people."""
        return f"{self.title}: {self.message}"


def graded(value: float | None, warn: float, fail: float, *, low: bool = False) -> CheckStatus:
    """Returns how a number stands to its bounds; what could not be measured passes.

    Args:
        value: the number.
        warn: it warns beyond this.
        fail: it fails beyond this.
        low: whether less is worse.
    """
    if value is None:
        return "pass"
    beyond = [value < bound if low else value > bound for bound in (fail, warn)]
    return "fail" if beyond[0] else "warn" if beyond[1] else "pass"
