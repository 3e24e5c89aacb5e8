from __future__ import annotations

import math

from seqnet.evaluation import Estimate
from seqnet.reporting.pages.cells import count, estimate, number, percent


def test_numbers_are_shown_rounded_and_sorted_exactly() -> None:
    assert (count(12345).text, count(12345).value) == ("12,345", 12345.0)
    assert (number(0.12345).text, number(0.12345).value) == ("0.123", 0.12345)
    assert (percent(0.1234).text, percent(0.1234).value) == ("12.3 %", 0.1234)
    assert estimate(Estimate(0.5, 0.4, 0.6)).text == "0.500 [0.400, 0.600]"


def test_what_is_undefined_is_not_a_number() -> None:
    for cell in (count(math.nan), number(math.nan), percent(math.nan), estimate(Estimate(math.nan))):
        assert cell.text == "n/a"
        assert math.isnan(cell.value)
    assert estimate(Estimate(0.5)).text == "0.500"
