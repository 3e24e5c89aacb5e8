"""Builds the documentation site: the pages of the repository, in the same folders, so that every link holds in both."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"
PAGES = BUILD / "pages"
"""What the site is built from: copies of the pages, and of every file of the repository that they link to."""

LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
"""The target of a link or picture, without its anchor."""


def linked_files(page: Path) -> list[Path]:
    """Returns the files of the repository that a page links to."""
    found = []
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        path = (page.parent / target).resolve()
        if "://" not in target and path.is_file() and path.is_relative_to(ROOT):
            found.append(path)
    return found


def site_files() -> list[Path]:
    """Returns README.md, everything in docs/, and what they link to, pages with their links included."""
    waiting = [ROOT / "README.md", *(path for path in (ROOT / "docs").rglob("*") if path.is_file())]
    found: dict[Path, None] = {}
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = None
            waiting += linked_files(path) if path.suffix == ".md" else []
    return sorted(found)


def _main() -> int:
    shutil.rmtree(PAGES, ignore_errors=True)
    for path in site_files():
        copy = PAGES / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(ROOT / "mkdocs.yml")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, check=False)
    # mkdocs does not count warnings under --quiet, so its other lines are left out here.
    sys.stderr.writelines(line for line in done.stderr.splitlines(keepends=True) if not line.startswith("INFO"))
    return done.returncode


if __name__ == "__main__":
    sys.exit(_main())
