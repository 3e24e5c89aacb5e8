"""The checks of reports see what is wrong with a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from seqnet.reporting.pages.cells import number
from seqnet.reporting.pages.content import Block, Cell, Facts, Figures, Page, Section, Table
from seqnet.reporting.pages.rendering import render_page
from tests.e2e.browser import check_report, chromium
from tests.reporting.figures.test_pictures import picture


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def page() -> str:
    rows: list[list[str | Cell]] = [
        ["a", number(10)],
        ["b", number(9)],
        ["c", number(float("nan"))],
        ["d", number(0.1)],
        ["e", number(0.05)],
    ]
    facts = Facts([(f"name {index}", "value") for index in range(12)])
    blocks: list[Block] = [Table("Numbers.", ["name", "number"], rows), Figures([picture()]), facts]
    return render_page(Page("A page", "What it is.", [Section("part", "A part", blocks)]))


def relaxed(text: str) -> str:
    """Returns a page that lets a changed script run."""
    found, times = re.subn(r"script-src '[^']+'", "script-src 'unsafe-inline'", text)
    assert times == 1
    return found


@pytest.mark.parametrize("text", [page(), relaxed(page())], ids=["as it is", "relaxed"])
def test_a_good_page_passes(text: str, browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(text)
    check_report(browser, path)


BAD = {
    "asks for a file": ("check_report", "</head>", '<link rel="stylesheet" href="other.css"></head>'),
    "message on the console": ("check_report", "for (const header of", 'console.warn("x"); for (const header of'),
    "wide on a phone": ("check_report", "<main>", '<main><p style="width: 500px">wide</p>'),
    "pale": ("_check_contrast", "<main>", '<main><p style="color: #999">pale</p>'),
    "not for dark": ("_check_contrast", "prefers-color-scheme: dark", "prefers-color-scheme: none"),
    "no text for a figure": ("_check_plots", 'aria-describedby="', 'aria-nothing="'),
    "hidden figure": ("_check_plots", "figure svg {", "figure svg { display: none !important;"),
    "hidden in print": ("_check_print", "nav { display: none; }", "section { display: none; }"),
    "a level of headings is skipped": ("_check_structure", "<h2", "<h4"),
    "two ids": ("_check_structure", "<h1>", '<h1 id="part">'),
    "numbers sorted as text": ("_check_tables", "if (!numeric) return", "return"),
    "does not sort": ("_check_tables", 'addEventListener("click"', 'addEventListener("dblclick"'),
    "not by keyboard": (
        "_check_tables",
        'button.type = "button";',
        "button.onkeydown = button.onkeyup = (event) => event.preventDefault();",
    ),
}


@pytest.mark.parametrize("wrong", BAD)
def test_a_bad_page_does_not(wrong: str, browser: Browser, tmp_path: Path) -> None:
    good, (check, before, after) = relaxed(page()), BAD[wrong]
    assert before in good
    path = tmp_path / "page.html"
    path.write_text(good.replace(before, after))
    with pytest.raises(AssertionError) as caught:
        check_report(browser, path)
    assert caught.traceback[-1].name == check
