from __future__ import annotations

import math

import pytest

from seqnet.evaluation import Estimate
from seqnet.reporting.wording import estimate_text, number_text, sentence


def test_numbers() -> None:
    assert number_text(1234.5678, 1) == "1,234.6"
    assert number_text(math.nan) == "n/a"
    assert estimate_text(Estimate(0.5)) == "0.500"
    assert estimate_text(Estimate(0.5, 0.25, 0.75), 2) == "0.50 [0.25, 0.75]"


@pytest.mark.parametrize("text", ["the model is good", "The model is good.", "the model is good."])
def test_a_line_becomes_a_sentence(text: str) -> None:
    assert sentence(text) == "The model is good."
