"""The section of a page about the settings of a training, and how they were chosen."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import replace

from seqnet.configs.run import RUN_SECTIONS, RunConfig, compose
from seqnet.configs.settings import Settings
from seqnet.configs.toml import toml_value
from seqnet.core.printable import counted
from seqnet.datasets.run_choice import ChosenRun
from seqnet.models.bundles import Bundle
from seqnet.models.mixture import mixture_text
from seqnet.reporting.pages.content import Block, Cell, Facts, Heading, Section, Table, Text
from seqnet.reporting.pages.datasets import Rows
from seqnet.reporting.wording import sentence

__all__ = ["settings_section"]


def settings_section(chosen: ChosenRun, bundle: Bundle) -> Section:
    """Returns the settings of a training, what chose them, and the network that they make."""
    chosen = replace(chosen, preset=_preset(chosen, bundle.config))
    blocks: list[Block] = [Text(_reason(chosen)), Facts(_network(chosen, bundle))]
    if not bundle.mixture:
        blocks += [_table(section, chosen, bundle.config) for section in RUN_SECTIONS]
    for number, config in enumerate(bundle.configs if bundle.mixture else (), 1):
        own = replace(chosen, preset=_preset(chosen, config))
        blocks.append(Heading(f"Network {number}: preset {own.preset or 'none'}"))
        blocks += [_table(section, own, config) for section in RUN_SECTIONS]
    return Section("settings", "Settings", blocks)


def _preset(chosen: ChosenRun, config: RunConfig) -> str | None:
    """Returns the preset of a network with these settings, of a mixture that of its kind."""
    return next((preset for preset, run in chosen.kinds if run.network == config.network), chosen.preset)


def _reason(chosen: ChosenRun) -> str:
    """Returns what chose the settings, as a sentence."""
    if chosen.recipe:
        # The end of the line on the screen is advice on other settings.
        facts = chosen.recipe.removeprefix("chosen settings: ").partition("; --preset")[0]
        return f"seqnet chose settings that suit the dataset: {sentence(facts)}"
    if chosen.preset:
        return f"The user chose the preset {chosen.preset}."
    return "The user named a network or a file of settings, and no preset."


def _network(chosen: ChosenRun, bundle: Bundle) -> Rows:
    training, boosted = bundle.config.training, bundle.config.network.boosted is not None
    return [
        ("preset", chosen.preset or "none"),
        ("network", f"{bundle.config.network.name}{' with boosted trees' if boosted else ''}"),
        ("encoder", bundle.config.encoder.name),
        ("networks", _networks(bundle)),
        ("window", counted(bundle.window, "symbols")),
        ("strands", "both" if bundle.both_strands else "single"),
        ("epochs", f"at most {training.epochs:,}, in batches of {training.batch_size:,}"),
        ("epoch kept by", f"validation {training.monitor.replace('_', ' ')}"),
        ("seed", f"{training.seed}"),
    ]


def _networks(bundle: Bundle) -> str:
    """Returns the number of networks with their parameters, or the kinds and weights of a mixture."""
    if bundle.mixture:
        return mixture_text(bundle.mixture)
    parameters = counted(bundle.classifier.parameter_count, "parameters")
    return f"{len(bundle.members):,}{', each' if len(bundle.members) > 1 else ''} of {parameters}"


def _table(section: str, chosen: ChosenRun, config: RunConfig) -> Table:
    """Returns the settings of a section, beside those that the preset has."""
    usual = compose(chosen.preset, None if chosen.preset else config.network.name)
    before = {name: value for name, value, _ in _values(getattr(usual, section))}
    rows: list[list[str | Cell]] = []
    for name, value, meaning in _values(getattr(config, section)):
        other = before.get(name, "")
        rows.append([name, value, "" if other == value else other, meaning])
    place = "in the preset" if chosen.preset else "by default"
    return Table(
        f"[{section}]; the column {place} shows only values that differ.", [section, "value", place, "meaning"], rows
    )


def _values(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yields the name of each setting, its value as text, and what it means."""
    values = settings.to_dict()
    for field in dataclasses.fields(settings):
        value = values[field.name]
        text = value if isinstance(value, str) else "" if value is None else toml_value(value)
        yield field.name, text or "none", field.metadata.get("help", "")
