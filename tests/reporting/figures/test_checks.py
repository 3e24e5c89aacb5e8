from __future__ import annotations

import re

import numpy as np

from seqnet.reporting.figures.checks import CheckLevel, auroc_picture, share_picture, similarity_picture
from seqnet.reporting.figures.pictures import SERIES, inline_svg

SHARES = [
    CheckLevel("duplicates", 0.0, 0.01, 0.2, "pass"),
    CheckLevel("near-duplicates", 0.05, 0.01, 0.2, "warn"),
    CheckLevel("contradictions", 0.3, 0.0, 0.01, "fail"),
]
AUROCS = [CheckLevel("length alone", 0.95, 0.6, 0.9, "fail"), CheckLevel("His tag", 0.45, 0.51, 0.9, "pass")]


def test_each_check_has_its_number_and_verdict_in_words_and_in_colour() -> None:
    picture = share_picture(SHARES)
    assert "duplicates: 0.00%, pass; near-duplicates: 5.00%, warn; contradictions: 30.00%, fail" in picture.description
    svg = inline_svg(picture)
    assert all(f">{level.title}</text>" in svg for level in SHARES)
    for colour in (2, 4, 1):
        assert f"var(--c{colour})" in svg
    assert f"var(--c{len(SERIES) - 1})" not in svg


def test_aurocs_below_one_half_are_on_the_axis() -> None:
    picture = auroc_picture(AUROCS)
    assert "length alone: 0.950, fail; His tag: 0.450, pass" in picture.description
    assert re.search(r">0\.[45]</text>", inline_svg(picture))


def test_similarities_are_counted_from_the_least_to_one() -> None:
    picture = similarity_picture(np.array([0.8, 0.9, 1.0]), 0.8)
    assert "3 records, median 0.900" in picture.description
    assert ">records</text>" in inline_svg(picture)
