from __future__ import annotations

import math

import pytest

from seqnet.core.durations import duration_text, seconds_of
from seqnet.core.errors import SettingError


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400), (" 2M ", 120), (30, 30), (0.5, 0.5)]
)
def test_seconds(text: str | float, seconds: float) -> None:
    assert seconds_of("time", text) == seconds


@pytest.mark.parametrize(
    "text", ["", "10", "m", "-5m", "0s", "1e3s", "10 m", "5d", "9999999h", 0, -1, math.nan, math.inf, True]
)
def test_invalid_durations_are_refused(text: str | float) -> None:
    with pytest.raises(SettingError, match="a number and a unit, such as 90s"):
        seconds_of("time", text)


def test_text() -> None:
    assert [duration_text(value) for value in (45, 60, 600, 5400)] == ["45 s", "1 min", "10 min", "1.5 h"]
