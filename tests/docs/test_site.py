"""The site builds without warnings, has every page, and opens without a server."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

import pytest

from tests.cli.running import ROOT

NAV = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_page_is_in_the_navigation() -> None:
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert pages - set(NAV) == set()
    assert len(NAV) == len(set(NAV))


@pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="needs the extra docs")
@pytest.mark.timeout(300)
def test_the_site_is_built_strictly() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "site.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    site = ROOT / "build" / "site"
    for page in NAV:
        assert (site / page.replace("README.md", "index.html").replace(".md", ".html")).is_file(), page
    start = (site / "docs" / "start.html").read_text(encoding="utf-8")
    assert "Start in five minutes" in start
    assert not re.findall(r'(?:src|rel="stylesheet" href)="https?://', start)  # nothing from another server
