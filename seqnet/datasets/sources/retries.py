"""How long a download keeps trying, how much it takes, and whom it tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["DEFAULT_RETRIES", "ProgressCallback", "RetryPolicy"]

# (bytes done, bytes in all or None where unknown); called at the start of each try and after each piece.
ProgressCallback: TypeAlias = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to give up.

    Attributes:
        retries: further tries after one that failed; one that got further than any before starts the count anew.
        pause: seconds before the first further try; doubles with each.
        longest_pause: seconds, the bound of that doubling.
        timeout: seconds to wait for a connection, and for each piece of the answer.
        max_size: bytes of a file, at most: an answer that does not say its length need not end.
    """

    retries: int = 5
    pause: float = 1.0
    longest_pause: float = 30.0
    timeout: float = 30.0
    max_size: int = 64 << 30

    def delay(self, failures: int) -> float:
        """Returns the seconds to wait after that many failures in a row (1 for the first)."""
        return float(min(self.pause * 2 ** (failures - 1), self.longest_pause))


DEFAULT_RETRIES = RetryPolicy()
