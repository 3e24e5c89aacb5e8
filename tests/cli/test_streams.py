from __future__ import annotations

import click
import pytest

from seqnet.cli.streams import help_width


@pytest.mark.parametrize("columns", ["", "0", "-3", "wide", "1", "52", "60", "79", "80", "81", "400"])
def test_help_is_as_wide_as_click_makes_it(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert help_width() == click.HelpFormatter().width


def test_the_width_is_that_of_the_terminal_less_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "66")
    assert help_width() == 64
