"""Options that name files: what each is to the command, so that no output can replace an input.

A parameter that names an input has the type `InputPath`, one that names an output has `OutputPath`. `Command` protects
all inputs while it runs, and `claim` is what a command calls before its work with all that it is going to write.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import click

from seqnet.cli.common_options import begin_messages, common_options, version_line
from seqnet.cli.help_pages import write_help
from seqnet.cli.messages import detail
from seqnet.cli.process import command_line
from seqnet.cli.progress import say
from seqnet.cli.variables import name_variables, remember_variables, unknown_variables
from seqnet.configs.input_files import language_model_files
from seqnet.core.errors import OutputError
from seqnet.core.outputs import check_regular, check_stdout, claim_outputs, reading, removed_line, temporary_files

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = [
    "Command",
    "InputPath",
    "OutputPath",
    "claim",
    "language_model_files",
    "say_removed",
    "total_size",
]

Form = Literal["path", "container", "text", "class", "split"]


class InputPath(click.Path):
    """The type of a parameter that names an input.

    Args:
        form: how: a `path`; the path of a `container` (dataset or model), or the name of a model in the package;
            a `text` that may be a path; `class`, which is NAME=SOURCE; or `split`, which is FILE or NAME=FILE.
    """

    def __init__(self, form: Form = "path") -> None:
        super().__init__(path_type=Path if form in ("path", "container") else None)
        self.form = form

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the path or text; of a container that comes through a pipe, which can't be mapped, that of a copy."""
        path: Any = super().convert(value, param, ctx)
        if self.form == "container" and ctx is not None and _is_pipe(path):
            return _copied(path, ctx)
        return path

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        """Returns what the Tab key offers: files, and names that stand for one."""
        from seqnet.cli.shell_completion import complete_input

        return complete_input(self.form, incomplete)

    def files(self, value: str | Path) -> Iterator[str]:
        """Yields the paths that a value may stand for; they need not be there."""
        text = str(value)
        if self.form == "class" or (self.form == "split" and "=" in text and not os.path.exists(text)):
            text = text.partition("=")[2]
        elif self.form == "container" and not os.path.isfile(text):
            from seqnet.models.shipped import shipped_models

            text = str(shipped_models().get(text, text))
        yield "/dev/stdin" if text == "-" else text


def _is_pipe(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return str(path) == "-"
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _copied(path: Path, context: click.Context) -> Path:
    """Returns the path of a temporary copy, which is there for as long as the command runs."""
    import tempfile

    copy = context.with_resource(tempfile.TemporaryFile())  # noqa: SIM115 - closed with the context
    with open(os.dup(0) if str(path) == "-" else path, "rb") as source:
        while piece := source.read(1 << 22):
            with temporary_files():
                copy.write(piece)
    with temporary_files():
        copy.flush()
    return Path(f"/dev/fd/{copy.fileno()}")


class OutputPath(click.Path):
    """The type of a parameter that names an output.

    Args:
        no_stdout: why it can't be standard output; None where it can, and `-` means that.
        alone: whether other files are written beside it, so that it can't be a device or a pipe.
    """

    def __init__(self, no_stdout: str | None, *, alone: bool = True) -> None:
        super().__init__(path_type=Path)
        self.no_stdout = no_stdout
        self.alone = alone

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the path; None for standard output.

        Raises:
            OutputError: the output can't be standard output.
        """
        path: Any = super().convert(value, param, ctx)
        if value != "-":
            if not self.alone:
                check_regular(path)
            return path
        if self.no_stdout is not None:
            raise OutputError("", self.no_stdout, "give a file name, or ./- for a file named -")
        return None


class Command(click.Command):
    """A command that refuses to write to any file that one of its parameters names as an input.

    It has the options that all commands have, and takes defaults of its options from environment variables.

    Args:
        advanced: names of parameters that only --help-all shows, last.
        more: title → names of parameters that only --help-all shows, under this title.
        attributes: see `click.Command`.
    """

    def __init__(
        self,
        *,
        advanced: Sequence[str] = (),
        more: Mapping[str, Sequence[str]] = MappingProxyType({}),
        **attributes: Any,
    ) -> None:
        super().__init__(**attributes)
        self.params += common_options()
        self.more = {**more, "Advanced options": advanced}
        name_variables(self)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses the words of the command line, and notes what comes from environment variables instead."""
        try:
            return super().parse_args(ctx, args)
        finally:
            remember_variables(ctx)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the page of --help."""
        write_help(self, ctx, formatter, self.more, everything=False)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        from seqnet.core.mapping import watch_mapped_files

        watch_mapped_files()
        with reading(_inputs(ctx)):
            check_stdout()
            log = begin_messages(ctx, command_line())
            with reading([log] if log else [], "the log is written to this file"):
                detail(version_line)
                for line in unknown_variables(ctx):
                    say(f"seqnet: warning: {line}")
                return super().invoke(ctx)


def _inputs(context: click.Context) -> Iterator[str]:
    """Yields the paths of all inputs that the parameters of a command name."""
    for parameter in context.command.params:
        kind, value = parameter.type, context.params.get(parameter.name or "")
        if isinstance(kind, InputPath) and value is not None:
            for one in value if isinstance(value, tuple) else (value,):
                yield from kind.files(one)


def claim(
    targets: Iterable[Path],
    *,
    force: bool,
    inputs: Iterable[Path] = (),
    single: Iterable[Path] = (),
    kept: Collection[Path] = (),
) -> None:
    """Does what `seqnet.core.outputs.claim_outputs` does, and says what it has removed."""
    claim_outputs(targets, say, force=force, inputs=inputs, single=single, kept=kept)


def say_removed(paths: Iterable[Path]) -> None:
    """Says which unfinished files of killed runs were removed."""
    for path in paths:
        say(removed_line(path))


def total_size(inputs: Sequence[str]) -> int | None:
    """Returns the bytes of all inputs, None where one is not a regular file.

    Raises:
        OSError: one is not there, which is better known before anything is computed for those in front of it.
    """
    found = [os.stat(path) for path in inputs if path != "-"]
    if "-" in inputs:
        return None
    return sum(one.st_size for one in found) if all(stat.S_ISREG(one.st_mode) for one in found) else None
