"""The entry point: the table of commands, and the one boundary where errors become lines and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import click

import seqnet
from seqnet.cli import signals
from seqnet.cli.help_pages import write_help
from seqnet.cli.messages import Level, recording
from seqnet.cli.process import own_process
from seqnet.cli.progress import say
from seqnet.cli.streams import help_width, open_streams, reopen_closed
from seqnet.cli.variables import COMPLETION, forget_variables, variable_notes
from seqnet.core.errors import SeqnetError, SettingError, UnknownSettingError
from seqnet.core.memory import address_space, check_address_space, is_lack_of_memory, reserve_blas, save_address_space
from seqnet.core.printable import os_error_line
from seqnet.core.processors import limit_spinning

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["COMMANDS", "EXIT_CODES", "command_group", "error_line", "main", "run"]

EXIT_CODES = {
    0: "done",
    1: "bad input or a bad value; one line on standard error says what to do. With --strict: predict could not "
    "classify a record, or an audit check failed. With --manifest: an input failed",
    2: "unknown or missing option or argument",
    130: "interrupted (Ctrl-C)",
    141: "broken pipe: the reader of the output has ended",
    143: "terminated (SIGTERM)",
}
"""Exit codes; anything else is a bug, and shows its traceback."""

# Help for `seqnet --help`, so that showing it imports no command.
COMMANDS = {
    "download": "Download published sequences to train on.",
    "encode": "Turn sequence files into a labelled, split dataset.",
    "audit": "Check a dataset for problems that make metrics too good.",
    "tune": "Search for the best settings for a dataset.",
    "train": "Train a network on a dataset.",
    "distill": "Make a small, fast model that imitates another one.",
    "evaluate": "Measure a model on records that it was not trained on.",
    "predict": "Classify the sequences in files.",
    "gather": "Join the shards of a prediction.",
    "explain": "Show which positions of sequences decide a prediction.",
    "export": "Write a model for programs that do not have seqnet.",
    "inspect": "Show what is in a dataset or model.",
    "doctor": "Check that seqnet works on this machine.",
    "completion": "Print the script that completes commands in a shell.",
}

_WITH_TORCH = ("tune", "train", "distill", "evaluate", "predict", "explain", "export", "inspect", "doctor")


class _Commands(click.Group):
    """Imports a command when it is called."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Returns the names of the commands, in the order of use."""
        return list(COMMANDS)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Returns the command that the words name, and the others; names the nearest one where there is none."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from seqnet.cli.hints import command_hint

            text = "; ".join(filter(None, [f"there is no command {args[0]}", command_hint(args[0], tuple(COMMANDS))]))
            raise click.UsageError(text, context)
        return super().resolve_command(context, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Returns the commands and options that begin like this, without importing a command."""
        from seqnet.cli.shell_completion import matching

        return matching(COMMANDS, incomplete) + click.Command.shell_complete(self, ctx, incomplete)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Returns the command of that name."""
        if name not in COMMANDS:
            return None
        torch = name in _WITH_TORCH
        check_address_space(name, torch=torch)
        for package in ("numpy", "scipy") if torch else ("numpy",):
            reserve_blas(package)  # before anything is written
        command: click.Command = import_module(f"seqnet.cli.{name}").command
        return command

    def format_help(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the page of --help."""
        write_help(self, context, formatter, {}, everything=True)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(seqnet.__version__, message="seqnet %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of every error.")
def _seqnet(debug: bool) -> None:
    """Classify biological sequences with convolutional and recurrent networks.

    \b
    seqnet encode --class human=reads.bam --class random=@uniform -o reads.safetensors
    seqnet train reads.safetensors --preset dna-cnn -o model.safetensors
    seqnet evaluate model.safetensors reads.safetensors
    seqnet predict model.safetensors new.fasta.gz -o predictions.tsv
    """


def command_group() -> click.Group:
    """Returns the group of all commands."""
    assert isinstance(_seqnet, click.Group)
    return _seqnet


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and exits.

    Args:
        arguments: without the program name; None for those of the process.
    """
    signals.watch()
    own_process()
    reopen_closed()
    words = list(sys.argv[1:] if arguments is None else arguments)
    limit_spinning(os.environ)
    save_address_space(os.environ)
    try:
        open_streams()
        signals.catch()
        code = run(words)
    except KeyboardInterrupt as stop:  # a second signal, while the first was reported
        code = signals.stopped(type(stop))[1]
    code = signals.settle(code)
    # Not the interpreter's own end, which aborts where a library's thread is still at a broken table.
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # where nobody takes it, which `run` has reported
            stream.flush()
    os._exit(code)


def run(words: list[str]) -> int:
    """Runs the command line of `words` and returns its exit code."""
    forget_variables()
    with recording() as ended:
        return ended(_run(words))


def _run(words: list[str]) -> int:
    """Runs the command line of `words`, handles broken pipes and signals, and returns the exit code."""
    try:
        return _invoke(words)
    except BrokenPipeError:
        # What is left for it is not to be an error once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt as stop:
        return _stopped(type(stop))
    except Exception:
        # A library may turn what a signal raises into an error of its own.
        if (kind := signals.pending()) is None:
            raise
        return _stopped(kind)


def _stopped(kind: type[KeyboardInterrupt]) -> int:
    line, code = signals.stopped(kind)
    say(line, Level.ERROR)
    return code


def _invoke(words: list[str]) -> int:
    """Runs the command line of `words`, turns errors of the user into lines, and returns the exit code."""
    debug = "--debug" in words[:1]  # before click takes the words away
    try:
        code = _exit_code(words)
        sys.stdout.flush()
        return code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        _say_error(_usage_line(error, words))
        return error.exit_code
    except BrokenPipeError:
        raise
    except (SeqnetError, OSError, MemoryError) as error:
        if debug or signals.pending():
            raise
        _say_error(error_line(error, words), *getattr(error, "__notes__", ()))
        return 1
    except (RuntimeError, ImportError) as error:
        # A signal may have caused it; then `run` reports the signal.
        if debug or signals.pending() or not is_lack_of_memory(error):
            raise
        _say_error(error_line(MemoryError(), words))
        return 1


def _say_error(line: str, *notes: str) -> None:
    """Says what is wrong in one line, and which environment variable it comes from, if it does."""
    say(f"seqnet: error: {'; '.join([line, *notes, *variable_notes(line)])}")


def _exit_code(words: list[str]) -> int:
    if shell := os.environ.get(COMPLETION):
        from seqnet.cli.shell_completion import complete

        return complete(command_group(), shell)
    if "WORLD_SIZE" in os.environ:
        from seqnet.cli.processes import share_command

        share_command(_command(words))
    try:
        # Not `command_group.main`, which has exit codes of its own for signals and closed pipes.
        with _seqnet.make_context("seqnet", words, terminal_width=help_width()) as context:
            code = _seqnet.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    return code if isinstance(code, int) else 0


def error_line(error: SeqnetError | OSError | MemoryError, words: Sequence[str]) -> str:
    """Returns the error as one line, with the option of the command in `words` where a setting is one."""
    if isinstance(error, MemoryError):
        if (limit := address_space()) is not None:
            problem = f"there is too little memory: the limit is {limit // 1_000_000:,} MB"
            return f"{problem}; raise the limit (ulimit -v), or use fewer --threads"
        return "there is too little memory; use fewer --threads, or a machine with more"
    if isinstance(error, OSError):
        return os_error_line(error)
    text = str(error)
    option = _option(error.name, words) if isinstance(error, SettingError) else None
    if isinstance(error, UnknownSettingError):
        return f"there is no setting {error.name}; use {option}" if option else text
    return text.replace(error.name, option, 1) if isinstance(error, SettingError) and option else text


def _usage_line(error: click.UsageError, words: Sequence[str]) -> str:
    """Returns what was wrong with the `words` of the command line as one line."""
    from seqnet.cli.hints import choice_hint, option_hint

    text = " ".join(error.format_message().split()).rstrip(".").replace(". (", " (")
    # Click's parser of options raises without a context.
    path = error.ctx.command_path if error.ctx else " ".join(["seqnet", *_command(words)])
    hint = ""
    if isinstance(error, click.NoSuchOption):
        named = [command for command in _commands(words) if command]
        text = f"there is no option {error.option_name}"
        hint = option_hint(error.option_name, named[0] if named else _seqnet, words)
    elif isinstance(error, click.BadParameter) and error.param and isinstance(error.param.type, click.Choice):
        hint = choice_hint(text, [str(choice) for choice in error.param.type.choices])
    text = "; ".join(filter(None, [f"{text[:1].lower()}{text[1:]}", hint]))
    return f"{text}{'' if text.endswith('?') else ';'} see {path} --help"


def _command(words: Sequence[str]) -> list[str]:
    """Returns the command in the words of a command line, if there is one."""
    return [word for word in words if word in COMMANDS][:1]


def _commands(words: Sequence[str]) -> list[click.Command | None]:
    """Returns what `_command` names."""
    return [command_group().get_command(click.Context(_seqnet), word) for word in _command(words)]


def _option(setting: str, words: Sequence[str]) -> str | None:
    """Returns the option by which the command in `words` takes a setting; None where there is none."""
    from seqnet.configs.run import RUN_SECTIONS

    section, _, name = setting.rpartition(".")
    option = "--" + name.replace("_", "-")
    known = [text for command in _commands(words) if command for parameter in command.params for text in parameter.opts]
    return option if option in known and section not in RUN_SECTIONS else None
