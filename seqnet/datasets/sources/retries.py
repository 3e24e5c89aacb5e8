"""Retries, time-outs and size limit of a download, and the type of its progress callback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["DEFAULT_RETRIES", "ProgressCallback", "RetryPolicy"]

# (bytes so far, total bytes or None if unknown); called at the start of each try and after each piece.
ProgressCallback: TypeAlias = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to stop retrying.

    Attributes:
        retries: number of retries after a failure; starts again when a try gets further than all tries before.
        pause: seconds before the first retry; doubles with each retry.
        longest_pause: maximum pause, seconds.
        timeout: seconds to wait for a connection, and for each piece of the response.
        max_size: maximum bytes of a file; a response without a length might never end.
    """

    retries: int = 5
    pause: float = 1.0
    longest_pause: float = 30.0
    timeout: float = 30.0
    max_size: int = 64 << 30

    def delay(self, failures: int) -> float:
        """Returns the pause in seconds after this number of failures in a row (1 for the first)."""
        return float(min(self.pause * 2 ** (failures - 1), self.longest_pause))


DEFAULT_RETRIES = RetryPolicy()
