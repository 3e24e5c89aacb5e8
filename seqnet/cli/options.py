"""Command-line options made from settings, so that no default or help text is typed twice."""

from __future__ import annotations

import dataclasses
import os
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from seqnet.cli.durations import Duration
from seqnet.cli.paths import InputPath
from seqnet.configs.encoders import ENCODERS
from seqnet.configs.networks import NETWORKS
from seqnet.configs.run import RunRequest, preset_names
from seqnet.configs.settings import Settings
from seqnet.core.launch import USUAL_WAIT
from seqnet.core.processors import usable_processors

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = [
    "INPUT_FORMATS",
    "READING",
    "collect",
    "device_option",
    "force_option",
    "plm_option",
    "run_options",
    "run_request",
    "settings_options",
    "threads_option",
    "wait_option",
]

READING = (
    "sequence_column", "name_column", "feature", "translate", "gaps", "region", "min_mapq", "reference",
    "reader_process",
)  # fmt: skip
"""Settings of reading that every command has whose input is sequences."""

INPUT_FORMATS = "Input formats"
"""Title of these settings in the help of a command that shows them with --help-all."""

Kind = TypeVar("Kind", bound=Settings)
Function = TypeVar("Function", bound=Callable[..., Any])


def settings_options(kind: type[Settings], names: Sequence[str]) -> Callable[[Function], Function]:
    """Returns a decorator that adds an option for each of the named settings."""
    hints = typing.get_type_hints(kind)
    by_name = {field.name: field for field in dataclasses.fields(kind)}

    def decorate(function: Function) -> Function:
        for name in reversed(names):
            function = _option(by_name[name], hints[name])(function)
        return function

    return decorate


def _option(field: dataclasses.Field[Any], hint: Any) -> Callable[[Function], Function]:
    words: dict[str, Any] = {"help": _sentence(field.metadata["help"]), "default": field.default}
    options = typing.get_args(hint) if typing.get_origin(hint) is types.UnionType else (hint,)
    kinds = [kind for kind in options if kind is not types.NoneType]
    if field.metadata.get("choices"):
        words["type"] = click.Choice(field.metadata["choices"])
    elif kinds[0] is bool:
        words["is_flag"] = True
    elif field.metadata.get("input"):
        words |= {"type": InputPath("text"), "metavar": "TEXT"}
    elif typing.get_origin(kinds[0]) is tuple:
        words |= {"multiple": True, "metavar": "CLASS=F"}
    else:
        words["type"] = kinds[0]
    words["show_default"] = field.default is not None and field.default is not False and field.default != ()
    return click.option("--" + field.name.replace("_", "-"), field.name, **words)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith("]") else ".")


def collect(kind: type[Kind], values: Mapping[str, Any], **more: Any) -> Kind:
    """Returns the settings of `kind` among the values of a command's options."""
    names = {field.name for field in dataclasses.fields(kind)}
    return kind(**{name: value for name, value in values.items() if name in names}, **more)


def run_options(default: str = "") -> Callable[[Function], Function]:
    """Returns a decorator that adds the options that make a run: --preset, --network, --encoder, --config and --set.

    Args:
        default: what is used without a preset, in words.
    """
    preset = "Named set of settings." + (f"  [default: {default}]" if default else "")
    options = (
        click.option("--preset", type=click.Choice(preset_names()), help=preset),
        click.option("--network", type=click.Choice(list(NETWORKS)), help="Type of network."),
        click.option("--encoder", type=click.Choice(list(ENCODERS)), help="How sequences become numbers."),
        click.option(
            "--config",
            type=InputPath(),
            metavar="FILE",
            help="TOML file of settings; they replace those of the preset.",
        ),
        click.option(
            "--set",
            "assignments",
            multiple=True,
            shell_complete=_complete_setting,
            metavar="KEY=VALUE",
            help="One setting, such as epochs=5, batch_size=64, learning_rate=1e-3 or network.dense=[128,64]; it "
            "replaces that of preset and file. May be repeated.",
        ),
    )

    def decorate(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _complete_setting(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    from seqnet.cli.shell_completion import complete_setting

    return complete_setting(incomplete)


def _complete_device(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    from seqnet.cli.shell_completion import complete_device

    return complete_device(incomplete)


def device_option(function: Function) -> Function:
    """Adds --device."""
    return click.option(
        "--device",
        default="auto",
        show_default=True,
        shell_complete=_complete_device,
        metavar="DEVICE",
        help="auto, cpu, cuda, cuda:N or mps.",
    )(function)


def force_option(function: Function) -> Function:
    """Adds --force."""
    return click.option("--force", is_flag=True, help="Replace existing outputs.")(function)


def plm_option(function: Function) -> Function:
    """Adds --plm, and hands over what it or the environment variable `SEQNET_PLM` names, as a tuple `plm`."""
    return click.option(
        "--plm",
        multiple=True,
        metavar="NAME_OR_FOLDER",
        callback=lambda context, parameter, value: value or tuple(filter(None, [os.environ.get("SEQNET_PLM")])),
        help="For a model that was trained with the encoder plm: its language model, as a folder or a name on the "
        "Hugging Face hub. May be repeated for two models.  [default: the environment variable SEQNET_PLM]",
    )(function)


def threads_option(function: Function) -> Function:
    """Adds --threads."""
    return click.option(
        "--threads",
        type=click.IntRange(min=1),
        metavar="N",
        default=usable_processors,
        show_default=False,
        help="Number of threads.  [default: all CPUs that seqnet doctor lists as usable]",
    )(function)


def wait_option(function: Function) -> Function:
    """Adds --wait."""
    return click.option(
        "--wait",
        type=Duration(),
        default=USUAL_WAIT,
        show_default=True,
        metavar="TIME",
        help="With several processes: time to wait for one that has not started, or does not answer.",
    )(function)


def run_request(values: Mapping[str, Any]) -> RunRequest:
    """Returns what the values of `run_options`, and of --seed, ask for; the seed is laid over all settings."""
    assignments = values["assignments"]
    if values["seed"] is not None:
        assignments = (*assignments, ("training.seed", values["seed"]))
    return RunRequest(values["preset"], values["network"], values["encoder"], values["config"], assignments)
