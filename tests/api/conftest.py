"""The commands, to compare with."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.conftest import cli

__all__ = ["cli", "folder_bytes", "page_of_program"]


def page_of_program(page: Path, *words: tuple[str, str]) -> str:
    """Returns the report of a command as a program writes it: without command line, and with options as keywords.

    Args:
        page: the report.
        words: what the command says, and what a program says.
    """
    text = re.sub(r"<div><dt>command</dt><dd>.*?</dd></div>\n", "", page.read_text())
    assert text != page.read_text()
    for theirs, ours in words:
        assert theirs in text
        text = text.replace(theirs, ours)
    return text


def folder_bytes(folder: Path) -> dict[str, bytes]:
    """Returns name → content of the files of a folder, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
