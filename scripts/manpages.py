"""Writes the manual pages in man/ from the program itself; with --check, fails where one is out of step."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from seqnet.cli.help_pages import examples_of, option_groups, text_of
from seqnet.cli.main import COMMANDS, EXIT_CODES, command_group

BREAK = "|\\:"
"""A bar after which a line may be broken."""
FOLDER = Path(__file__).parent.parent / "man"


def roff(text: str) -> str:
    """Returns text in which nothing is a command or an escape of roff."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("^", "\\(ha")
    escaped = escaped.replace("~", "\\(ti").replace("`", "\\(ga")
    escaped = f"\\&{escaped}" if escaped.startswith(".") else escaped
    return "".join(char if ord(char) < 128 else f"\\[u{ord(char):04X}]" for char in escaped)


def paragraphs(text: str) -> Iterator[str]:
    """Yields the paragraphs of a text."""
    for paragraph in text.split("\n\n"):
        yield f".PP\n{roff(' '.join(paragraph.split()))}"


def option_rows(options: list[click.Option], context: click.Context) -> Iterator[str]:
    """Yields each option with its help."""
    for option in options:
        record = option.get_help_record(context)
        assert record is not None
        yield f".TP\n\\fB{roff(record[0]).replace('|', BREAK)}\\fR\n{roff(record[1])}"


def header(name: str, line: str, usage: str) -> Iterator[str]:
    """Yields the first lines of a page: title, name and usage."""
    yield f'.TH "{name.upper()}" "1" "" "seqnet" "seqnet manual"\n.nh\n.ad l'
    yield f".SH NAME\n{roff(name)} \\- {roff(line[0].lower() + line[1:].rstrip('.'))}"
    yield f".SH SYNOPSIS\n\\fB{roff(usage)}\\fR"


def examples(command: click.Command) -> Iterator[str]:
    """Yields the examples of a command as they are."""
    if lines := examples_of(command):
        yield ".SH EXAMPLES\n.nf\n" + "\n".join(roff(line.strip()) for line in lines) + "\n.fi"


def command_page(name: str, context: click.Context, command: click.Command) -> Iterator[str]:
    """Yields the parts of the page of one command."""
    pieces = " ".join(command.collect_usage_pieces(context))
    yield from header(f"seqnet-{name}", COMMANDS[name], f"seqnet {name} {pieces}")
    yield ".SH DESCRIPTION"
    yield from paragraphs(text_of(command))
    for title, options in option_groups(command, context, getattr(command, "more", {})).items():
        yield f".SH {roff(title.upper())}"
        yield from option_rows(options, context)
    variable = f"SEQNET_{name.upper()}_"
    text = f"The variable {variable}NAME has the default of the option --name. See seqnet(1)."
    yield f".SH ENVIRONMENT\n{roff(text)}"
    yield from examples(command)
    yield ".SH SEE ALSO\n\\fBseqnet\\fR(1)"


def main_page(context: click.Context, group: click.Group) -> Iterator[str]:
    """Yields the parts of the page of the program."""
    yield from header("seqnet", text_of(group), "seqnet [OPTIONS] COMMAND [ARGS]...")
    yield ".SH DESCRIPTION"
    yield from paragraphs(text_of(group))
    yield ".SH COMMANDS"
    yield from (f".TP\n\\fBseqnet\\-{name}\\fR(1)\n{roff(line)}" for name, line in COMMANDS.items())
    yield ".SH OPTIONS"
    for options in option_groups(group, context, {}).values():
        yield from option_rows(options, context)
    yield ".SH ENVIRONMENT"
    yield f".TP\n\\fBSEQNET_COMMAND_OPTION\\fR\n{roff('Default of an option, such as SEQNET_PREDICT_THREADS=4.')}"
    yield f".TP\n\\fBNO_COLOR\\fR\n{roff('Progress bars have no colours if this is set.')}"
    yield ".SH EXIT STATUS"
    yield from (f".TP\n\\fB{code}\\fR\n{roff(meaning)}" for code, meaning in EXIT_CODES.items())
    yield from examples(group)


def pages() -> dict[str, str]:
    """Returns file name → text of all pages."""
    group, found = command_group(), {}
    with click.Context(group, info_name="seqnet", help_option_names=["-h", "--help"]) as context:
        found["seqnet.1"] = "\n".join(main_page(context, group)) + "\n"
        for name in COMMANDS:
            command = group.get_command(context, name)
            assert command is not None
            with click.Context(command, info_name=name, parent=context) as inner:
                found[f"seqnet-{name}.1"] = "\n".join(command_page(name, inner, command)) + "\n"
    return found


def main() -> None:
    """Writes or checks the pages."""
    there = {path.name: path.read_text(encoding="ascii") for path in FOLDER.glob("*.1")}
    if "--check" in sys.argv:
        if there != pages():
            sys.exit("man/ is out of step with the program: run make docs")
        return
    FOLDER.mkdir(exist_ok=True)
    for name in there:
        (FOLDER / name).unlink()
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
