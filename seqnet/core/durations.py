"""Durations as text, such as 90s or 10m."""

from __future__ import annotations

import re

from seqnet.core.errors import SettingError

__all__ = ["duration_text", "seconds_of"]

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 10_000_000.0


def seconds_of(name: str, value: str | float) -> float:
    """Returns a duration in seconds.

    Args:
        name: of the setting, for errors.
        value: a number with a unit, such as 90s, 10m or 1.5h; or the seconds.

    Raises:
        SettingError: it is not a duration, not positive, or longer than 10,000,000 seconds.
    """
    seconds = value if isinstance(value, float | int) and not isinstance(value, bool) else None
    if isinstance(value, str) and (found := re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([smh])", value.strip().lower())):
        seconds = float(found[1]) * _UNITS[found[2]]
    if seconds is None or not 0 < seconds <= _LONGEST:
        raise SettingError(name, value, "a number and a unit, such as 90s, 10m or 1.5h")
    return float(seconds)


def duration_text(seconds: float) -> str:
    """Returns a duration in the largest unit in which it is at least 1, such as 1.5 h, 10 min or 45 s."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
