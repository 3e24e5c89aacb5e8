from __future__ import annotations

import base64
import hashlib
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from seqnet.reporting.pages import cells
from seqnet.reporting.pages.content import Block, Facts, Figures, Notes, Page, Section, Table, Text
from seqnet.reporting.pages.rendering import render_page, write_page
from tests.reporting.figures.test_pictures import picture

HOSTILE = "<script>alert(1)</script>"
VOID = {"meta", "link", "path", "use", "rect"}


class Outline(HTMLParser):
    """The tags of a page with their attributes; every tag must be closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def page_of(*blocks: Block, title: str = "A page", lead: str = "What it is.", notes: tuple[str, ...] = ()) -> Page:
    return Page(title, lead, [Section("one", title, blocks)], notes)


TABLE = Table("Classes.", ("class", "records"), (("a", cells.count(1200)), (HOSTILE, cells.count(math.nan))), HOSTILE)
EVERYTHING = (
    Text(HOSTILE),
    Notes([HOSTILE], warning=True),
    Facts([(HOSTILE, HOSTILE), ("two", [HOSTILE, HOSTILE])]),
    TABLE,
    Figures([picture("p", HOSTILE)]),
)


def test_everything_from_input_is_escaped() -> None:
    text = render_page(page_of(*EVERYTHING, title=HOSTILE, lead=HOSTILE, notes=(HOSTILE,)))
    found = Outline(text)
    assert len(found.all("script")) == 1
    assert HOSTILE not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 14


def test_control_characters_are_shown_escaped() -> None:
    text = render_page(page_of(Text("a\x1b[31m\u202eb\udce9\nc")))
    assert "<p>a\\x1b[31m\\u202eb\\xe9\\nc</p>" in text
    text.encode("utf-8")


def test_the_page_loads_nothing_and_runs_only_its_script() -> None:
    text = render_page(page_of(*EVERYTHING))
    found = Outline(text)
    assert [link for link in found.all("link") if link["href"] != "data:,"] == []
    for name in ("src", "href", "srcset", "data", "action"):
        for tag, attributes in found.tags:
            assert attributes.get(name, "#").startswith("#") or tag == "link", (tag, attributes)  # type: ignore[union-attr]
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in text


def test_the_page_has_landmarks_headings_and_distinct_ids() -> None:
    found = Outline(render_page(page_of(*EVERYTHING)))
    assert [len(found.all(name)) for name in ("header", "nav", "main", "footer", "h1")] == [1] * 5
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    (section,) = found.all("section")
    assert section["aria-labelledby"] in ids
    assert [link["href"] for link in found.all("a")] == ["#one"]
    assert found.all("html") == [{"lang": "en"}]


def test_numbers_are_aligned_and_sorted_as_numbers() -> None:
    found = Outline(render_page(page_of(TABLE)))
    assert [cell.get("data-value") for cell in found.all("td")] == ["1200.0", "nan"]
    assert [cell.get("class") for cell in found.all("th")[:2]] == [None, "n"]
    assert {"1,200", "n/a"} <= set(found.words)


@pytest.mark.parametrize(("count", "shown"), [(500, 500), (1234, 500)])
def test_a_long_table_is_cut_with_a_message(count: int, shown: int) -> None:
    table = Table("x", ("a", "b"), [(f"row{index}", cells.count(index)) for index in range(count)], "A note.")
    found = Outline(render_page(page_of(table)))
    assert len(found.all("td")) == shown
    assert ("A note. The first 500 of 1,234 rows." in found.words) == (count > shown)


@pytest.mark.parametrize("rows", [(), (("a", "b"),)])
def test_a_column_without_numbers_is_text(rows: tuple[tuple[str, str], ...]) -> None:
    assert Table("x", ("a", "b"), rows).numeric == [False, False]


def test_the_same_page_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_page(tmp_path / name, page_of(*EVERYTHING))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
