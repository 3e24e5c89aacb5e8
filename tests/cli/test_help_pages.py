"""The pages of --help and --help-all."""

from __future__ import annotations

import re

import click
import pytest

from seqnet.cli.help_pages import examples_of, text_of
from seqnet.cli.main import COMMANDS, command_group
from tests.cli.running import Runner

MOST_LINES = 60


def options_of(text: str) -> set[str]:
    return set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", text, re.MULTILINE))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_everyday_page_is_short_and_ends_with_examples(cli: Runner, command: str) -> None:
    page = cli(command, "--help").out
    assert len(page.splitlines()) <= MOST_LINES
    text, _, examples = page.partition("\nExamples:\n")
    assert re.fullmatch(r"(  .*seqnet .+\n)+", examples)
    assert f"\n{examples.splitlines()[0]}\n" not in text
    assert max(map(len, text.splitlines())) <= 80 or "[" in text


@pytest.mark.parametrize(
    ("command", "everyday", "title", "others"),
    [
        ("encode", ("--output", "--class"), "Splits:", ("--split", "--kmer", "--seed")),
        ("encode", ("--label-column",), "Input formats:", ("--region", "--reader-process")),
        ("audit", ("--output", "--strict"), "Advanced options:", ("--inside-warn", "--tag-fail", "--records")),
        ("train", ("--preset", "--set"), "Advanced options:", ("--encoder", "--no-audit")),
        ("tune", ("--space", "--trials"), "Advanced options:", ("--reduction",)),
        ("evaluate", ("--split", "--label-column"), "Advanced options:", ("--replicates",)),
        ("predict", ("--output", "--unknown", "--threads"), "Decisions:", ("--vote", "--max-error")),
        ("predict", ("--output",), "Windows of long sequences:", ("--track", "--window", "--softmask")),
        ("download", ("--output-dir",), "Advanced options:", ("--max-size",)),
    ],
)
def test_help_all_shows_the_other_options_by_group(
    cli: Runner, command: str, everyday: tuple[str, ...], title: str, others: tuple[str, ...]
) -> None:
    page, everything = cli(command, "--help").out, cli(command, "--help-all").out
    assert {*everyday, "--help", "--log-file"} <= options_of(page)
    assert not options_of(page) & set(others)
    section = everything.split(f"\n{title}\n")[1].split("\n\n")[0]
    assert set(others) <= options_of(section)
    assert f"seqnet {command} --help-all also shows: " in page
    assert title.rstrip(":").lower() in " ".join(page.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_help_all_shows_every_option_once(cli: Runner, command: str) -> None:
    found = command_group().get_command(click.Context(command_group()), command)
    assert found is not None
    known = [max(option.opts, key=len) for option in found.params if isinstance(option, click.Option)]
    page = cli(command, "--help-all").out.partition("\nOptions:\n")[2]
    assert sorted(re.findall(r"^  (?:-\w, )?(--[\w-]+)", page, re.MULTILINE)) == sorted([*known, "--help"])


def test_text_and_examples_are_distinguished() -> None:
    command = click.Command("x", help="One.\n\n  Two.\n\n\b\n  seqnet x y\n  seqnet x z | head\n")
    assert text_of(command) == "One.\n\n  Two."
    assert examples_of(command) == ["seqnet x y", "  seqnet x z | head"]
    assert examples_of(click.Command("x", help="One.")) == examples_of(click.Command("x")) == []
