from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seqnet.configs.figures import ENDINGS
from seqnet.reporting.figures.pictures import SERIES, Picture, draw_legend, inline_svg, label, save_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = '<script>alert(1)</script> & "$x_1$"'


def picture(key: str = "line", name: str = NAME) -> Picture:
    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=SERIES[0])
        axes.fill_between([0, 1], [0, 0.5], [0.2, 1], color=SERIES[1], alpha=0.2)
        axes.set_xlabel(name)
        draw_legend(axes, [(label(name), SERIES[0])])

    return Picture(key, f"Title {name}", "Caption", f"Description {name}", draw)


def test_an_inline_picture_has_a_title_a_description_and_its_text_as_text() -> None:
    root = ET.fromstring(inline_svg(picture()))
    title, description = root[0], root[1]
    assert (title.tag, title.text) == ("title", f"Title {NAME}")
    assert (description.tag, description.text) == ("desc", f"Description {NAME}")
    assert root.get("role") == "img"
    assert [root.get("aria-labelledby"), root.get("aria-describedby")] == [title.get("id"), description.get("id")]
    texts = [element.text for element in root.iter("text")]
    assert NAME in texts  # not taken for mathematics, and escaped
    assert label(NAME) in texts
    assert "script" not in {element.tag for element in root.iter()}


def test_an_inline_picture_has_variables_as_colours_and_no_time() -> None:
    text = inline_svg(picture())
    assert text == inline_svg(picture())
    assert "var(--c0)" in text
    assert "var(--c1)" in text
    assert not re.search(r"#[0-9a-f]{6}\b", re.sub(r"#figure-line-\w+", "", text))
    assert "20" not in re.findall(r"<(?:dc:)?date>", text)
    assert "font-family" not in text


def test_a_colour_in_a_name_is_not_replaced() -> None:
    name = 'style="fill: #0072b2"'
    texts = [element.text for element in ET.fromstring(inline_svg(picture(name=name))).iter("text")]
    assert name in texts


def test_the_ids_of_two_pictures_differ_and_all_references_are_there() -> None:
    found = []
    for key in ("one", "two"):
        text = inline_svg(picture(key))
        ids = set(re.findall(r' id="([^"]+)"', text))
        references = set(re.findall(r'(?:href="|url\()#([^")]+)', text))
        assert references
        assert references <= ids
        found.append(ids)
    assert found[0].isdisjoint(found[1])


@pytest.mark.parametrize(
    ("name", "shown"),
    [("human", "human"), ("_x", "\u200a_x"), ("a" * 40, "a" * 27 + "…"), ("a\tb\u202e\udce9", "a\\tb\\u202e\\xe9")],
)
def test_names_in_figures(name: str, shown: str) -> None:
    assert label(name) == shown


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_picture_is_saved_with_the_same_bytes_each_time(ending: str, tmp_path: Path) -> None:
    files = [tmp_path / "one", tmp_path / "two"]
    for file in files:
        save_picture(file, picture(name="人 _a$"), ending)
    first, second = (file.read_bytes() for file in files)
    assert first == second
    assert {".pdf": b"%PDF", ".png": b"\x89PNG", ".svg": b"<?xml"}[ending] == first[: 5 if ending == ".svg" else 4]
