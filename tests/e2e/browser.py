"""A report in real Chromium: what a reader would see, and the checks that every report has to pass."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

__all__ = ["OpenReport", "check_report", "chromium", "opened"]

PHONE, SCREEN = 390, 1280
LARGEST = 2_000_000
"""Bytes that a report may have."""

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

_PLOTS = """() => [...document.querySelectorAll('svg, img, canvas')]
  .filter(plot => !plot.parentElement.closest('svg') && plot.getAttribute('aria-hidden') !== 'true')
  .map(plot => {
    const box = plot.getBoundingClientRect()
    const named = attribute => (plot.getAttribute(attribute) || '').split(' ').filter(Boolean)
      .map(id => document.getElementById(id)?.textContent ?? '').join(' ')
    const title = plot.getAttribute('alt') || plot.getAttribute('aria-label') || named('aria-labelledby')
    const text = named('aria-describedby')
    return {width: box.width, height: box.height, title, text, role: plot.getAttribute('role')}
  })"""

_CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true})
  const parsed = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data]
  }
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] / 255 + below[i] * (1 - top[3] / 255))
  const light = colour => {
    const [r, g, b] = colour.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const background = element => {
    const layers = []
    for (let at = element; at; at = at.parentElement) layers.push(parsed(getComputedStyle(at).backgroundColor))
    const dark = matchMedia('(prefers-color-scheme: dark)').matches
    const plain = parsed(getComputedStyle(document.documentElement).colorScheme.includes('dark') && dark
      ? 'rgb(18, 18, 18)' : 'rgb(255, 255, 255)')
    return layers.reverse().reduce((below, layer) => over(layer, below), plain.slice(0, 3))
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const found = []
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement
    if (!node.textContent.trim() || ['SCRIPT', 'STYLE', 'title', 'desc'].includes(element.tagName)) continue
    const box = element.getBoundingClientRect(), style = getComputedStyle(element)
    if (!box.width || !box.height || style.visibility === 'hidden') continue
    const below = background(element)
    const inPlot = element.closest('svg') !== null
    const top = over(parsed(inPlot ? style.fill : style.color), below)
    const [one, other] = [light(top), light(below)]
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
    found.push({text: node.textContent.trim().slice(0, 60), ratio, size: parseFloat(style.fontSize)})
  }
  return found
}"""

_UNSORTED = """() => {
  const texts = new Intl.Collator('en', {numeric: true})
  const failed = []
  for (const table of document.querySelectorAll('table'))
    for (const header of table.querySelectorAll('thead th')) {
      const place = `${table.caption.textContent}: ${header.textContent}`
      const button = header.querySelector('button')
      if (!button) { failed.push(`${place} has no button`); continue }
      for (const direction of ['ascending', 'descending']) {
        button.click()
        const cells = [...table.tBodies[0].rows].map(row => row.cells[header.cellIndex])
        const numeric = cells.length > 0 && cells.every(cell => 'value' in cell.dataset)
        let order
        if (numeric) {
          const values = cells.map(cell => parseFloat(cell.dataset.value)), known = values.filter(v => !isNaN(v))
          order = known.map((value, i) => i ? value - known[i - 1] : 0)
          if (values.slice(known.length).some(value => !isNaN(value))) failed.push(`${place}: NaN is not last`)
        } else {
          order = cells.map((cell, i) => i ? texts.compare(cell.textContent, cells[i - 1].textContent) : 0)
        }
        const sign = direction === 'ascending' ? 1 : -1
        if (header.getAttribute('aria-sort') !== direction) failed.push(`${place} does not say ${direction}`)
        if (order.some(step => sign * step < 0)) failed.push(`${place} is not ${direction}`)
      }
    }
  return failed
}"""

_WIDE = """() => {
  const width = document.documentElement.clientWidth
  const scrolled = element => {
    for (let at = element; at; at = at.parentElement)
      if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(at).overflowX) && at !== document.documentElement
          && at !== document.body) return true
    return false
  }
  return [...document.body.querySelectorAll('*')]
    .filter(element => element.getBoundingClientRect().right > width + 1 && !scrolled(element))
    .map(element => element.outerHTML.slice(0, 120))
}"""


def chromium_path() -> str:
    """Returns the Chromium of the system; skips the test where there is none, unless in CI, which has to have one."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail("there is no Chromium, and reports are tested in it: apt-get install chromium")
    pytest.skip("there is no Chromium: apt-get install chromium")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yields a running browser."""
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class OpenReport:
    """A report in a tab.

    Attributes:
        page: the tab.
        messages: what it wrote to the console, and errors of its scripts.
        requests: addresses that it asked for, its own file apart.
    """

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def refuse(self, dialog: Dialog) -> None:
        """Closes a dialog that the page opens, and remembers it."""
        self.messages.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def value(self, script: str) -> Any:
        """Returns the value of a function in JavaScript."""
        return self.page.evaluate(script)


@contextmanager
def opened(browser: Browser, path: Path, *, width: int = SCREEN, dark: bool = False) -> Iterator[OpenReport]:
    """Yields a report as it is on a screen of that width."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", offline=True
    )
    page = context.new_page()
    report, address = OpenReport(page), path.resolve().as_uri()
    page.on("console", lambda message: report.messages.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: report.messages.append(str(error)))
    page.on("request", lambda request: report.requests.append(request.url))
    page.on("dialog", report.refuse)
    page.goto(address, wait_until="load")
    assert report.requests.pop(0) == address
    yield report
    context.close()


def check_report(browser: Browser, path: Path) -> None:
    """Checks all that holds for every report, whatever is in it."""
    assert path.stat().st_size < LARGEST
    with opened(browser, path) as report:
        _check_structure(report)
        _check_plots(report)
        _check_tables(report)
        _check_print(report)
        assert (report.messages, report.requests) == ([], [])
    with opened(browser, path, width=PHONE) as report:
        assert report.value("() => document.documentElement.scrollWidth") <= PHONE, report.value(_WIDE)[:3]
        _check_plots(report)
    for dark in (False, True):
        with opened(browser, path, dark=dark) as report:
            _check_contrast(report, dark=dark)


def _check_structure(report: OpenReport) -> None:
    """One title, landmarks, and headings that skip no level."""
    page = report.page
    assert page.title().strip()
    assert page.locator("html[lang]").count() == 1
    assert page.locator("main").count() == 1
    assert page.locator("h1").count() == 1
    levels = report.value("() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = report.value("() => [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert sorted(set(ids)) == sorted(ids)


def _check_plots(report: OpenReport) -> None:
    """Every plot is seen, and has a text for those who don't see it."""
    plots = report.value(_PLOTS)
    assert plots
    for plot in plots:
        assert plot["width"] > 50
        assert plot["height"] > 20
        assert plot["title"].strip()
        assert len(plot["text"].split()) > 3
        assert plot["role"] == "img"


def _check_contrast(report: OpenReport, *, dark: bool) -> None:
    """Text is readable (WCAG 2.1 AA), and dark is dark."""
    found = report.value(_CONTRAST)
    assert len(found) > 20
    assert [one for one in found if one["ratio"] < 4.5] == []
    shade = report.value("() => getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number)")
    assert (sum(shade[:3]) / 3 < 80) == dark


def _check_tables(report: OpenReport) -> None:
    """Every column of every table sorts its rows, numbers as numbers, in both directions; so does the keyboard."""
    assert report.value(_UNSORTED) == []
    button = report.page.locator("thead button").first
    header = report.page.locator("thead th:has(button)").first
    button.focus()
    for press, direction in (("Enter", "ascending"), ("Space", "descending"), ("", "ascending")):
        if press:
            report.page.keyboard.press(press)
        else:
            button.click()
        assert header.get_attribute("aria-sort") == direction


def _check_print(report: OpenReport) -> None:
    """The PDF has pages, and all headings of the page are in its outline."""
    headings = report.value("() => [...document.querySelectorAll('h1,h2')].map(h => h.textContent.trim())")
    printed = report.page.pdf(outline=True, tagged=True, print_background=False)
    assert printed.startswith(b"%PDF-")
    missing = [heading for heading in headings if not _in_outline(heading, printed)]
    assert missing == []
    report.page.emulate_media(media="print")
    hidden = (
        "() => [...document.querySelectorAll('main section')].filter(s => !s.getBoundingClientRect().height).length"
    )
    assert report.value(hidden) == 0
    report.page.emulate_media(media="screen")


def _in_outline(heading: str, printed: bytes) -> bool:
    """Returns whether a PDF has an entry of its outline with that text, plain or as UTF-16."""
    plain = heading.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").encode("latin-1", "replace")
    wide = b"\xfe\xff" + heading.encode("utf-16-be")
    return any(title in printed for title in (b"/Title (" + plain, b"/Title <" + wide.hex().upper().encode()))
