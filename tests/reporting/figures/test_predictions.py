from __future__ import annotations

import numpy as np

from seqnet.prediction.distributions import PROBABILITY_BINS
from seqnet.reporting.figures.pictures import inline_svg
from seqnet.reporting.figures.predictions import label_picture, probability_picture


def test_labels_have_counts_and_shares() -> None:
    picture = label_picture(["a<b", "c"], np.array([1500, 500]))
    assert picture.description == "Number of records with each label. a<b: 1,500; c: 500."
    svg = inline_svg(picture)
    assert ">1,500 (75.0%)</text>" in svg
    assert ">a&lt;b</text>" in svg


def test_only_the_most_frequent_of_many_labels_are_drawn() -> None:
    picture = label_picture([f"class {number:02}" for number in range(30)], np.arange(30))
    assert "Without 10 rarer labels." in picture.caption
    svg = inline_svg(picture)
    assert ">class 29</text>" in svg
    assert ">class 09</text>" not in svg


def test_no_records_are_drawn_as_none() -> None:
    assert ">0 (0.0%)</text>" in inline_svg(label_picture(["a", "b"], np.zeros(2, dtype=np.int64)))


def test_probabilities_are_divided_by_label_with_the_threshold() -> None:
    counts = np.zeros((2, PROBABILITY_BINS), dtype=np.int64)
    counts[0, 3], counts[1, 40] = 7, 5
    picture = probability_picture("signal", counts, 0.3, number=1)
    assert picture.key == "probability-1"
    assert "5 records with this label, 7 with other label; the line is the threshold 0.300" in picture.description
    svg = inline_svg(picture)
    assert all(f">{word}</text>" in svg for word in ("labelled signal", "other label", "probability of signal"))
    unsure = probability_picture("signal", counts, None, unsure=True)
    assert "threshold" not in unsure.caption
    assert ">other label or uncertain</text>" in inline_svg(unsure)
