from __future__ import annotations

import numpy as np

from seqnet.datasets.length_counts import count_lengths
from seqnet.reporting.figures.pictures import SERIES, inline_svg
from seqnet.reporting.figures.records import composition_picture, largest, length_picture

SYMBOLS = "ACGT"


def lengths(*sets: list[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.stack([count_lengths(np.array(one, dtype=np.int64)) for one in sets])


def test_a_figure_shows_the_largest_sets_in_their_order_and_none_that_is_empty() -> None:
    assert largest(np.array([3, 0, 5])).tolist() == [0, 2]
    assert largest(np.arange(20)).tolist() == list(range(20 - len(SERIES), 20))


def test_lengths_are_described_in_numbers() -> None:
    picture = length_picture(["short", "long"], lengths([30, 31, 32], [40, 60]), "bases")
    assert picture is not None
    assert "short: median 31 bases, 3 records; long: median 40 bases, 2 records" in picture.description
    assert "logarithmic" not in picture.caption
    svg = inline_svg(picture)
    assert all(f">{word}</text>" in svg for word in ("short", "long", "length (bases)"))


def test_lengths_of_many_orders_of_magnitude_are_on_a_logarithmic_axis() -> None:
    picture = length_picture(["a"], lengths([30, 300_000]), "bases")
    assert picture is not None
    assert "logarithmic" in picture.caption
    assert ">10,000</text>" in inline_svg(picture)


def test_one_length_is_not_a_figure() -> None:
    assert length_picture(["a", "b"], lengths([36, 36], [36]), "bases") is None
    assert length_picture(["a"], lengths([]), "bases") is None


def test_composition_says_each_share_and_which_classes_are_left_out() -> None:
    shares = np.array([[0.1, 0.2, 0.3, 0.4]])
    picture = composition_picture(["x"], np.array([5]), SYMBOLS, shares)
    assert "x: A 10.0%, C 20.0%, G 30.0%, T 40.0%" in picture.description
    assert "Shown" not in picture.caption
    many = composition_picture(
        [f"class {number}" for number in range(9)], np.arange(1, 10), SYMBOLS, np.tile(shares, (9, 1))
    )
    assert "Shown are 6 of 9 classes, the largest." in many.caption
    svg = inline_svg(many)
    assert ">class 8</text>" in svg
    assert ">class 2</text>" not in svg


def test_a_class_without_records_is_not_drawn() -> None:
    shares = np.array([[0.25] * 4, [np.nan] * 4])
    svg = inline_svg(composition_picture(["seen", "unseen"], np.array([5, 0]), SYMBOLS, shares))
    assert ">unseen</text>" not in svg
    assert "nan" not in svg
