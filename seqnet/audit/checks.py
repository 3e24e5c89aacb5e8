"""Result of a check: pass, warn or fail, with the number, a one-line message, and the records concerned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Check", "CheckStatus", "Finding", "Offenders", "graded"]

CheckStatus = Literal["pass", "warn", "fail"]


@dataclass(frozen=True)
class Offenders:
    """M records that a check complains about.

    Attributes:
        records: (M,) int64, index in the dataset.
        others: (M,) int64, the duplicate of each record.
        similarity: (M,) float64, share of the shorter sequence's k-mers that the other one has; 1 for equal sequences,
            NaN if sequences were not compared.
    """

    records: NDArray[np.int64]
    others: NDArray[np.int64]
    similarity: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.records)


@dataclass(frozen=True)
class Finding:
    """What a check measured, before it is compared with its bounds.

    Attributes:
        value: the number; None if it could not be measured.
        text: description in one line.
        offenders: the records concerned; None if the check is not about single records.
        by_chance: whether the number may be due to chance alone; then the check passes.
    """

    value: float | None
    text: str
    offenders: Offenders | None = None
    by_chance: bool = False


@dataclass(frozen=True)
class Check:
    """Result of one check of an audit.

    Attributes:
        name: name of the check, a row of `CHECKS`.
        title: name for people.
        status: `pass`, `warn` or `fail`.
        value: the number that decided; None if it could not be measured.
        message: description of the result in one line.
        offenders: the records concerned; None if the check is not about single records.
    """

    name: str
    title: str
    status: CheckStatus
    value: float | None
    message: str
    offenders: Offenders | None = None

    @property
    def line(self) -> str:
        """Summary in one line."""
        return f"{self.title}: {self.message}"


def graded(value: float | None, warn: float, fail: float, *, low: bool = False) -> CheckStatus:
    """Returns the status of a number by its bounds; a number that could not be measured passes.

    Args:
        value: the number.
        warn: bound for a warning.
        fail: bound for a failure.
        low: whether lower values are worse.
    """
    if value is None:
        return "pass"
    beyond = [value < bound if low else value > bound for bound in (fail, warn)]
    return "fail" if beyond[0] else "warn" if beyond[1] else "pass"
