"""The model: its card, and what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seqnet.core.printable import counted
from seqnet.evaluation import METRICS
from seqnet.models.mixture import mixture_text
from seqnet.reporting.pages.content import Block, Facts, Heading, Section, Text
from seqnet.reporting.pages.datasets import clipped
from seqnet.reporting.results import ModelResults, Results

__all__ = ["model_section"]

_MOST_CLASSES = 40
"""With more, only their number is shown."""


def model_section(results: Results) -> Section:
    """Returns the card and the facts of each model."""
    blocks: list[Block] = []
    for model in results.models:
        if len(results.models) > 1:
            blocks.append(Heading(model.report.name))
        card = model.bundle.card
        if not card:
            blocks.append(Text("The model has no model card."))
        blocks.append(Facts([*_facts(model), *_card(card)]))
    return Section("model", "Model", blocks)


def _facts(model: ModelResults) -> list[tuple[str, str | Sequence[str]]]:
    bundle = model.bundle
    training = bundle.config.training
    rows: list[tuple[str, str | Sequence[str]]] = [
        ("network", f"{bundle.config.network.name}, {counted(bundle.parameter_count, 'parameters')}"),
        ("classes", list(bundle.classes) if len(bundle.classes) <= _MOST_CLASSES else f"{len(bundle.classes):,}"),
        ("window", f"{counted(bundle.window, 'symbols')}; longer sequences are divided"),
        ("strands", "both" if bundle.both_strands else "single"),
        ("seed", str(training.seed)),
    ]
    if len(bundle.members) > 1:
        mean = f"{len(bundle.members)}; probabilities are their mean"
        rows.insert(1, ("networks", mixture_text(bundle.mixture) if bundle.mixture else mean))
    if bundle.positive is not None:
        rows.insert(2, ("positive class", bundle.classes[bundle.positive]))
    return rows


def _card(card: Mapping[str, Any]) -> list[tuple[str, str | Sequence[str]]]:
    """Returns the entries of a model card, the title first."""
    keys = [key for key in sorted(card, key="title".__ne__) if card[key] not in ({}, [])]
    return [(key.replace("_", " "), _lines(card[key])) for key in keys]


def _lines(value: Any) -> str | list[str]:
    if isinstance(value, Mapping) and any(isinstance(one, Mapping) for one in value.values()):
        return [f"{key}: {_inline(one)}" for key, one in value.items()]
    if isinstance(value, list | tuple):
        return [_inline(one) for one in value]
    return _inline(value)


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{_title(str(key))} {_inline(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_inline, value))
    return clipped(value)


def _title(key: str) -> str:
    return METRICS[key].title if key in METRICS else key.replace("_", " ")
