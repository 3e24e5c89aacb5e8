from __future__ import annotations

import pytest

from seqnet.audit.checks import Check, graded


@pytest.mark.parametrize(
    ("value", "status"),
    [(0.0, "pass"), (0.1, "pass"), (0.1001, "warn"), (0.5, "warn"), (0.51, "fail"), (None, "pass")],
)
def test_more_is_worse(value: float | None, status: str) -> None:
    assert graded(value, 0.1, 0.5) == status


@pytest.mark.parametrize(("value", "status"), [(0.5, "pass"), (0.1, "pass"), (0.09, "warn"), (0.0, "fail")])
def test_less_is_worse(value: float, status: str) -> None:
    assert graded(value, 0.1, 0.01, low=True) == status


def test_beyond_the_second_bound_is_a_failure_whatever_the_first() -> None:
    assert graded(0.3, 0.5, 0.2) == "fail"


def test_a_check_is_one_line() -> None:
    assert Check("names", "repeated names", "pass", 0.0, "none").line == "repeated names: none"
