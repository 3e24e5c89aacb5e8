"""Writes docs/reference.md and docs/commands/ from the program; with --check, fails where they are out of step."""

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

DOCS = Path(__file__).parent.parent / "docs"


def command_pages() -> Iterator[tuple[str, str]]:
    """Yields the name of every command and its page: its help with all options."""
    group = command_group()
    with click.Context(group, info_name="seqnet") as context:
        for name in COMMANDS:
            command = group.get_command(context, name)
            assert command is not None
            with click.Context(command, info_name=name, parent=context, terminal_width=100) as inner:
                yield name, f"# seqnet {name}\n\n```text\n{full_help(inner)}\n```\n"


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


def pages() -> dict[Path, str]:
    """Returns path → text of all pages."""
    return {
        DOCS / "reference.md": reference_page(),
        **{DOCS / "commands" / f"{name}.md": text for name, text in command_pages()},
    }


def reference_page() -> str:
    """Returns the page of everything that is not of one command."""
    commands = "".join(f"- [seqnet {name}](commands/{name}.md): {about}\n" for name, about in COMMANDS.items())
    presets = [
        f"- `{name}`: {load_preset(name)['description']} ({load_preset(name)['source']})" for name in preset_names()
    ]
    parts = [
        "# Reference\n\nAll commands, presets and settings. `make docs` generates these pages from the program.\n",
        f"## Commands\n\n{commands}",
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
    """Writes or checks the pages."""
    texts = pages()
    others = set((DOCS / "commands").glob("*")) - texts.keys()
    if "--check" not in sys.argv:
        (DOCS / "commands").mkdir(exist_ok=True)
        for path in others:
            path.unlink()
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
    elif others or any(not path.exists() or path.read_text(encoding="utf-8") != text for path, text in texts.items()):
        sys.exit("docs/reference.md or docs/commands are out of step with the program: run make docs")


if __name__ == "__main__":
    main()
