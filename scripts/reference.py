"""Writes docs/reference.md from the program itself; with --check, fails where the page is out of step."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from seqnet.cli.help_pages import full_help
from seqnet.cli.main import COMMANDS, EXIT_CODES, command_group
from seqnet.configs.encoders import ENCODERS, EncoderConfig
from seqnet.configs.networks import NETWORKS, network_config
from seqnet.configs.run import load_preset, preset_names
from seqnet.configs.settings import Settings
from seqnet.configs.training import AugmentationConfig, TrainingConfig
from seqnet.core.registry import Registry
from seqnet.datasets.simulation import NEGATIVES

PAGE = Path(__file__).parent.parent / "docs" / "reference.md"


def commands() -> Iterator[str]:
    """Yields the help of every command."""
    group = command_group()
    with click.Context(group, info_name="seqnet") as context:
        for name in COMMANDS:
            command = group.get_command(context, name)
            assert command is not None
            with click.Context(command, info_name=name, parent=context, terminal_width=100) as inner:
                yield f"## seqnet {name}\n\n```text\n{full_help(inner)}\n```\n"


def settings(kind: type[Settings], title: str) -> str:
    """Returns the table of a class of settings."""
    rows = [f"### {title}\n", "| setting | default | meaning |", "|---|---|---|"]
    for field in dataclasses.fields(kind):
        choices = field.metadata["choices"]
        meaning = field.metadata["help"] + (f"; choices: {', '.join(choices)}" if choices else "")
        rows.append(
            f"| `{kind.section}.{field.name}` | {_shown(field.default)} | {meaning.replace('|', chr(92) + '|')} |"
        )
    return "\n".join(rows) + "\n"


def _shown(value: object) -> str:
    if value in (None, ""):
        return ""
    if isinstance(value, tuple):
        return f"`{[*value]}`".replace("'", '"')
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def choices(registry: Registry, title: str) -> str:
    """Returns the list of a table of choices."""
    lines = [f"- `{name}`: {choice.help}" for name, choice in registry.choices.items()]
    return f"### {title}\n\n" + "\n".join(lines) + "\n"


def page() -> str:
    """Returns the whole page."""
    presets = [
        f"- `{name}`: {load_preset(name)['description']} ({load_preset(name)['source']})" for name in preset_names()
    ]
    parts = [
        "# Reference\n\nAll commands, presets and settings. `make docs` generates this page from the program.\n",
        *commands(),
        "## Exit codes\n\n" + "".join(f"- {code}: {meaning}\n" for code, meaning in EXIT_CODES.items()),
        "## Presets\n\nFor `train --preset`.\n\n" + "\n".join(presets) + "\n",
        "## Choices\n",
        choices(NETWORKS, "Networks"),
        choices(ENCODERS, "Encoders"),
        choices(NEGATIVES, "Generated classes"),
        "## Settings\n\nFor `train --set` and `--config`. A preset replaces some of these defaults.\n",
        settings(EncoderConfig, "Encoder"),
        *(settings(type(network_config({"name": name})), f"Network {name}") for name in NETWORKS),
        settings(TrainingConfig, "Training"),
        settings(AugmentationConfig, "Augmentation"),
    ]
    return "\n".join(parts)


def main() -> None:
    """Writes or checks the page."""
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/reference.md is out of step with the program: run make docs")


if __name__ == "__main__":
    main()
