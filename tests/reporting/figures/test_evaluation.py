"""The figures of an evaluation, as they are drawn: the numbers that matplotlib is given."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from seqnet.configs.figures import FIGURES
from seqnet.evaluation import Estimate
from seqnet.evaluation.distributions import class_histogram
from seqnet.reporting.figures.calibration import reliability_picture
from seqnet.reporting.figures.confusion import confusion_picture
from seqnet.reporting.figures.evaluation import NoFigureError, pictures_of
from seqnet.reporting.figures.histograms import histogram_picture
from seqnet.reporting.figures.intervals import interval_picture
from seqnet.reporting.figures.learning import learning_picture
from seqnet.reporting.figures.pictures import Picture, inline_svg
from seqnet.reporting.pages.evaluation import evaluation_page
from seqnet.reporting.pages.rendering import render_page
from seqnet.reporting.results import Results
from seqnet.training.history import EpochRow
from tests.reporting.examples import HOSTILE, example_results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WITHOUT = {"differences", "learning"}
"""Figures that one model without a file has not."""


@pytest.fixture(scope="module")
def two_classes(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return example_results(tmp_path_factory.mktemp("two"))


def drawn(picture: Picture) -> list[Axes]:
    from matplotlib.figure import Figure

    figure = Figure()
    picture.draw(figure)
    return list(figure.axes)


def places(axes: Axes) -> list[list[float]]:
    """Returns the x of the points of each line."""
    return [np.asarray(line.get_xdata(), dtype=np.float64).tolist() for line in axes.lines]


def words(picture: Picture) -> list[str]:
    return [element.text or "" for element in ET.fromstring(inline_svg(picture)).iter("text")]


@pytest.mark.parametrize("name", sorted(set(FIGURES) - WITHOUT))
def test_every_figure_is_drawn_with_a_description(name: str, two_classes: Results) -> None:
    (picture,) = pictures_of(name, two_classes)
    root = ET.fromstring(inline_svg(picture))
    assert len(list(root.iter("path"))) > 4
    assert any(letter.isdigit() for letter in picture.description)
    assert picture.key.startswith(name)


@pytest.mark.parametrize("name", sorted(WITHOUT))
def test_a_figure_of_what_is_not_there_is_one_line(name: str, two_classes: Results) -> None:
    with pytest.raises(NoFigureError, match=r"needs two models|not from a file"):
        pictures_of(name, two_classes)


def test_two_models_have_two_figures_of_each_and_one_of_both(tmp_path: Path) -> None:
    results = example_results(tmp_path, models=2)
    for name in set(FIGURES) - {"learning"}:
        found = pictures_of(name, results)
        assert len(found) == (2 if FIGURES[name].each else 1)
        assert len({picture.key for picture in found}) == len(found)
    assert sum("safetensors: AUROC" in word for word in words(pictures_of("roc", results)[0])) == 2


@pytest.mark.parametrize("K", [3, 7])
def test_several_classes(K: int, tmp_path: Path) -> None:
    results = example_results(tmp_path, [HOSTILE, *(f"_c{index}" for index in range(1, K))], count=40 * K)
    shown = words(pictures_of("roc", results)[0])
    named = [word for word in shown if ": AUROC" in word]
    if K == 3:
        assert named[0].startswith(f"{HOSTILE}: AUROC 0.")
        assert len(named) == 3
    else:
        assert len(named) == 1
        assert named[0].startswith("mean over classes: AUROC 0.")
    assert HOSTILE in words(pictures_of("confusion", results)[0])


def test_a_file_without_one_of_the_classes_has_no_curves(tmp_path: Path) -> None:
    results = example_results(tmp_path)
    (model,) = results.models
    kept = np.flatnonzero(model.scored.labels == 0)
    measured = replace(
        model.report.measured, scored=model.scored.take(kept), members=model.report.measured.members[kept]
    )
    counts = model.evaluation.confusion * np.array([[1], [0]])
    measured = replace(measured, evaluation=replace(model.evaluation, confusion=counts))
    model = replace(model, report=replace(model.report, measured=measured))
    with pytest.raises(NoFigureError, match="there is no AUROC curve: no record of class signal"):
        pictures_of("roc", replace(results, models=(model,)))


def test_the_confusion_matrix_has_the_counts() -> None:
    (axes,) = drawn(confusion_picture("c", np.array([[8, 2], [1, 3]]), ["a", "b"]))
    assert [text.get_text() for text in axes.texts] == ["8\n80.0 %", "2\n20.0 %", "1\n25.0 %", "3\n75.0 %"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first class is at the top


@pytest.mark.parametrize(("K", "numbers", "names"), [(12, 144, 12), (13, 0, 13), (40, 0, 40)])
def test_a_large_confusion_matrix_has_colours_only(K: int, numbers: int, names: int) -> None:
    picture = confusion_picture("c", np.eye(K, dtype=np.int64), [f"n{index}" for index in range(K)])
    (axes,) = drawn(picture)
    assert len(axes.texts) == numbers
    assert len(axes.get_xticklabels()) == names
    assert len(axes.patches) == (K * K if numbers else K)


def test_more_classes_than_can_be_distinguished(tmp_path: Path) -> None:
    results = example_results(tmp_path, [f"c{index}" for index in range(41)], count=410)
    with pytest.raises(NoFigureError, match="a confusion matrix can't be drawn for more than 40 classes"):
        pictures_of("confusion", results)
    (axes,) = drawn(pictures_of("roc", results)[0])
    assert len(axes.lines) == 2  # chance, and the mean over classes
    assert len(render_page(evaluation_page(results)).encode()) < 2_000_000


def test_a_class_without_records_is_not_a_line_of_a_histogram() -> None:
    found = class_histogram(np.array([0.2, 0.4, 0.9]), np.array([0, 0, 2]), 3, (0, 1))
    picture = histogram_picture("h", "H", found, ["a", "b", "c"], "p", "", threshold=0.3)
    (axes,) = drawn(picture)
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["a", "c"]
    assert [x[0] for x in places(axes)] == [0.3]
    assert "a: 2 records" in picture.description


def test_undefined_numbers_and_missing_intervals_are_left_out() -> None:
    rows = [("a", Estimate(0.5, 0.4, 0.6)), ("b", Estimate(0.7)), ("c", Estimate(math.nan))]
    picture = interval_picture("i", "I", rows, "AUROC", "", reference=0.5)
    (axes,) = drawn(picture)
    assert places(axes)[:3] == [[0.4, 0.6], [0.5], [0.7]]
    assert picture.description == "a: 0.500 [0.400, 0.600]; b: 0.700; c: n/a."


def test_a_model_without_a_temperature_has_one_line(two_classes: Results) -> None:
    (model,) = two_classes.models
    assert model.raw is None
    for before, lines in ((None, 1), (model.reliability, 2)):
        upper, lower = drawn(reliability_picture("r", model.reliability, before, "p", ""))
        legend = upper.get_legend()
        assert legend is not None
        assert len(legend.get_texts()) == lines
        assert sum(bar.get_height() for bar in lower.containers[0]) == len(model.scored)


def test_learning_curves_mark_the_kept_epoch() -> None:
    rows = [EpochRow(n, n, 1e-3, 1 / n, 0.5, math.nan if n == 1 else 0.7, 0.5, 0.6) for n in (1, 2, 3)]
    picture = learning_picture("l", [rows, rows[:1]], [2, 1], "")
    left, right = drawn(picture)
    kept = [x[0] for x in places(left) if len(x) == 2 and x[0] == x[1]]
    assert kept == [2, 1]
    assert right.get_ylabel() == "accuracy"
    assert picture.description.startswith(
        "kept epoch 2 of 3: train loss 0.500, validation loss 0.700; kept epoch 1 of 1"
    )
    inline_svg(picture)
