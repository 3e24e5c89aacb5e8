"""The section of a page about the content of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqnet.core.printable import counted
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.profile import DatasetProfile
from seqnet.datasets.splits import SPLITS
from seqnet.reporting.figures.records import composition_picture, length_picture
from seqnet.reporting.pages.cells import count, percent
from seqnet.reporting.pages.content import Block, Cell, Facts, Figures, Section, Table, Text

__all__ = [
    "ALPHABETS",
    "UNITS",
    "Rows",
    "clipped",
    "dataset_origin",
    "dataset_section",
    "first_rows",
    "input_lines",
    "versions_text",
]

Rows = list[tuple[str, str | Sequence[str]]]
"""Names and values of `Facts`."""

ALPHABETS = {"dna": "DNA", "rna": "RNA", "protein": "protein"}
UNITS = {"dna": "bases", "rna": "bases", "protein": "residues"}

MOST_ROWS = 200
"""Maximum number of rows of a table whose length depends on the input, so that a page stays small."""


def first_rows(rows: Sequence[Any], what: str, more: str = "", most: int = MOST_ROWS) -> tuple[Sequence[Any], str]:
    """Returns the rows that a page shows, and a sentence where these are not all.

    Args:
        rows: all rows.
        what: what they are, in the plural.
        more: where all of them are; empty if nowhere.
        most: how many are shown.
    """
    if len(rows) <= most:
        return rows, ""
    return rows[:most], f"The first {most:,} of {counted(len(rows), what)} are shown." + (f" {more}" if more else "")


def dataset_section(dataset: Dataset, profile: DatasetProfile) -> Section:
    """Returns the section on the records of a dataset: classes, splits, lengths and composition."""
    unit, sizes = UNITS[dataset.alphabet.name], profile.counts.sum(axis=1)
    blocks: list[Block] = [Facts(_facts(dataset)), _table(profile, unit)]
    if dataset.crop is not None:
        blocks.insert(
            0,
            Text(f"The train split has long sequences, from which training draws windows of {dataset.crop:,} {unit}."),
        )
    pictures = [
        length_picture(profile.classes, profile.lengths, unit),
        composition_picture(profile.classes, sizes, profile.symbols, profile.composition),
    ]
    if pictures[0] is None:
        blocks.append(Text(f"All sequences have {int(np.nanmax(profile.extremes)):,} {unit}."))
    blocks.append(Figures([picture for picture in pictures if picture is not None]))
    return Section("data", "Data", blocks)


def _facts(dataset: Dataset) -> Rows:
    groups = len(np.unique(dataset.groups))
    rows: Rows = [
        ("dataset", str(dataset.path)),
        ("sequences", f"{counted(len(dataset), 'records')}, {ALPHABETS[dataset.alphabet.name]}"),
        ("groups", "none: every record is a separate group" if groups == len(dataset) else f"{groups:,}"),
    ]
    if dataset.positive is not None:
        rows.append(("positive class", dataset.classes[dataset.positive]))
    if dataset.generators:
        made = [f"{name} by {generator}" for name, generator in dataset.generators.items()]
        rows.append(("generated", made))
    return rows


def _table(profile: DatasetProfile, unit: str) -> Table:
    total = max(int(profile.counts.sum()), 1)
    rows: list[list[str | Cell]] = []
    for name, counts, lengths in zip(profile.classes, profile.counts, profile.extremes, strict=True):
        own = int(counts.sum())
        rows.append([name, *map(count, counts), count(own), percent(own / total), *map(count, lengths)])
    columns = ["class", *SPLITS, "all", "share", "shortest", "median", "longest"]
    shown, note = first_rows(rows, "classes")
    return Table(f"Records of each class in each split, and their lengths in {unit}.", columns, shown, note)


def dataset_origin(dataset: Dataset) -> Rows:
    """Returns where a dataset comes from: its SHA-256, and what its file says of inputs, command and versions."""
    about = dataset.provenance
    inputs, made_with = about.get("inputs"), about.get("versions")
    rows: Rows = [("dataset SHA-256", dataset.sha256())]
    if about.get("command"):
        rows.append(("dataset made by", clipped(about["command"])))
    if inputs and isinstance(inputs, list):
        rows.append(("its inputs", input_lines([one for one in inputs if isinstance(one, Mapping)])))
    if made_with and isinstance(made_with, Mapping):
        rows.append(("its versions", versions_text(made_with)))
    return rows


def versions_text(versions: Mapping[str, Any]) -> str:
    """Returns the versions of some packages in one line."""
    return ", ".join(clipped(f"{name} {version}") for name, version in versions.items())


def input_lines(inputs: Sequence[Mapping[str, Any]], most: int = 20) -> list[str]:
    """Returns a line with the path and the SHA-256 of each input, at most `most`, and one that counts the others."""
    lines = [
        f"{clipped(one.get('path'))}, SHA-256 {clipped(one.get('sha256') or 'not known: a stream')}"
        for one in inputs[:most]
    ]
    return lines + ([f"and {counted(len(inputs) - most, 'other inputs')}"] if len(inputs) > most else [])


def clipped(value: object, most: int = 1000) -> str:
    """Returns a value of a file, which may be anything, as text of at most `most` characters."""
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"
