"""What is needed to make the page again: command, versions, seeds and hashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seqnet.core.printable import counted
from seqnet.core.provenance import file_hash, versions
from seqnet.reporting.pages.content import Block, Facts, Section
from seqnet.reporting.pages.datasets import clipped, versions_text
from seqnet.reporting.results import ModelResults, Results

__all__ = ["origin_section"]

_Row = tuple[str, str | Sequence[str]]


def origin_section(results: Results) -> Section:
    """Returns the command, versions, seeds and hashes of this evaluation, and of the training of each model."""
    recipe = results.models[0].evaluation.bootstrap
    rows: list[_Row] = []
    if results.command:
        rows.append(("command", results.command))
    rows += [
        ("versions", versions_text(versions())),
        ("bootstrap", f"{counted(recipe.replicates, 'replicates')} of {recipe.unit}s, seed {recipe.seed}"),
        ("dataset", [str(results.dataset.path), f"SHA-256 {results.dataset.sha256()}"]),
    ]
    inputs = _inputs(results.dataset.provenance)
    rows += [("dataset made from", lines) for lines in inputs if lines[0] != str(results.dataset.path)]
    for model in results.models:
        rows += _model(model, named=len(results.models) > 1)
    blocks: list[Block] = [Facts(rows)]
    return Section("origin", "How this was made", blocks)


def _model(model: ModelResults, *, named: bool) -> list[_Row]:
    about, name = model.bundle.provenance, f"{model.report.name}: " if named else ""
    rows: list[_Row] = []
    if model.path is not None:
        rows.append((f"{name}model", [str(model.path), f"SHA-256 {file_hash(model.path)}"]))
    if about.get("command"):
        rows.append((f"{name}trained by", clipped(about["command"])))
    known = about.get("dataset")
    if isinstance(known, Mapping):
        rows.append((f"{name}trained on", [clipped(known.get("path")), f"SHA-256 {clipped(known.get('sha256'))}"]))
    if isinstance(about.get("versions"), Mapping):
        rows.append((f"{name}versions in training", versions_text(about["versions"])))
    return rows


def _inputs(about: Mapping[str, Any]) -> list[list[str]]:
    """Returns path and hash of each input of a dataset."""
    inputs = about.get("inputs")
    if not isinstance(inputs, list):
        return []
    found = [one for one in inputs if isinstance(one, Mapping)]
    hashes = [clipped(one.get("sha256") or "not known (a stream)") for one in found]
    return [[clipped(one.get("path")), f"SHA-256 {digest}"] for one, digest in zip(found, hashes, strict=True)]
