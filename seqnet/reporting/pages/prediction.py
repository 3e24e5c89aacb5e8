"""The page of `seqnet predict`: the status of the records, their labels, probabilities and lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqnet.core.printable import counted
from seqnet.core.provenance import file_hash, versions
from seqnet.datasets.length_counts import length_quantile
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.models.shipped import find_model
from seqnet.prediction.decision import UNCERTAIN
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.summary_output import PredictionSummary
from seqnet.reporting.figures.pictures import Picture
from seqnet.reporting.figures.predictions import label_picture, probability_picture
from seqnet.reporting.figures.records import largest, length_picture
from seqnet.reporting.pages.cells import count, percent
from seqnet.reporting.pages.content import Block, Cell, Facts, Figures, Notes, Page, Section, Table, Text
from seqnet.reporting.pages.datasets import UNITS, Rows, clipped, first_rows, versions_text

__all__ = ["PredictedInput", "PredictionRun", "prediction_page"]

_WARNING = "seqnet: warning: "
_NOTE = "seqnet: note: "

_MEANINGS = {
    RecordStatus.OK: "has a prediction",
    RecordStatus.EMPTY: "no prediction: the sequence is empty",
    RecordStatus.INVALID_SYMBOL: "no prediction: a symbol is outside the alphabet of the model",
    RecordStatus.TOO_SHORT: "no prediction: the sequence is too short for the model",
    RecordStatus.UNUSUAL_LENGTH: "has a prediction, but is shorter or longer than the training sequences",
    RecordStatus.UNUSUAL_COMPOSITION: "has a prediction, but is composed unlike the training sequences",
    RecordStatus.ALL_AMBIGUOUS: "no prediction: the sequence has ambiguity codes alone",
    RecordStatus.MISSING: "no prediction: there is no sequence",
    RecordStatus.NO_PREDICTION: "no prediction: the output of the model is not a finite number",
}


@dataclass(frozen=True, slots=True)
class PredictedInput:
    """A file whose records were predicted.

    Attributes:
        path: as given.
        records: number of its records.
        size: bytes; None for a stream.
        sha256: of the file; None for a stream.
    """

    path: str
    records: int
    size: int | None
    sha256: str | None


@dataclass(frozen=True)
class PredictionRun:
    """The results of a run of `seqnet predict`.

    Attributes:
        predictor: made the predictions.
        model: the model as given, a file or a name; None if it is only in memory.
        inputs: the files, in order.
        summary: counts of all records.
        lines: what the command says at its end, a line each; warnings begin with `seqnet: warning: `.
        command: command line; empty for none.
    """

    predictor: Predictor
    model: Path | None
    inputs: Sequence[PredictedInput]
    summary: PredictionSummary
    lines: Sequence[str]
    command: str


def prediction_page(run: PredictionRun) -> Page:
    """Returns the page."""
    warnings = [line.removeprefix(_WARNING) for line in run.lines if line.startswith(_WARNING)]
    others = [line.removeprefix(_NOTE) for line in run.lines if not line.startswith(_WARNING)]
    sections = [
        Section("records", "Records", _status_blocks(run)),
        Section("labels", "Labels and probabilities", _label_blocks(run)),
        Section("inputs", "Inputs", [_input_table(run)]),
        Section("notes", "Notes", [Notes(others)]),
        Section("origin", "How this was made", [Facts(_origin(run))]),
    ]
    # A model that came through a pipe has no name.
    of = "" if run.model is None or run.model.parts[:2] == ("/", "dev") else f" of {run.model.stem}"
    return Page(f"Predictions{of}", _lead(run), sections, warnings)


def _lead(run: PredictionRun) -> str:
    counts = run.summary.tally.counts
    total, done = counts.total(), int(run.summary.distributions.labels.sum())
    unusual = sum(number for status, number in counts.items() if status.unusual)
    text = (
        f"{counted(total, 'records')} of {counted(len(run.inputs), 'inputs')}; {_part(done, total)} have a prediction"
    )
    return f"{text}; {unusual:,} of these are unlike the training sequences." if unusual else f"{text}."


def _part(count: int, total: int) -> str:
    return f"{count:,} ({count / total:.1%})" if total else f"{count:,}"


def _status_blocks(run: PredictionRun) -> list[Block]:
    """Returns the counts by status, and the lengths."""
    counts, lengths = run.summary.tally.counts, run.summary.distributions.lengths
    total = counts.total()
    rows: list[list[str | Cell]] = [
        [status.word, count(number), percent(number / total, 2), _MEANINGS[status]]
        for status, number in sorted(counts.items())
    ]
    blocks: list[Block] = [Table("Records by status.", ["status", "records", "share", "meaning"], rows)]
    if not total:
        return [Text("There are no records."), *blocks]
    unit = UNITS[run.predictor.bundle.alphabet.name]
    every = lengths.sum(axis=0)
    shortest, median, longest = (f"{length_quantile(every, share):,}" for share in (0, 0.5, 1))
    if picture := length_picture(
        ["without prediction", "with prediction"], lengths, unit, "Share of the records with and without a prediction"
    ):
        blocks.append(Text(f"Lengths in {unit}: shortest {shortest}, median {median}, longest {longest}."))
        blocks.append(Figures([picture]))
    else:
        blocks.append(Text(f"All sequences have {median} {unit}."))
    return blocks


def _label_blocks(run: PredictionRun) -> list[Block]:
    """Returns the counts by label, the probabilities, and how labels were decided."""
    found, bundle = run.summary.distributions, run.predictor.bundle
    total = int(found.labels.sum())
    rows: list[list[str | Cell]] = [
        [name, count(number), percent(number / max(total, 1), 2), count(expected)]
        for name, number, expected in zip(bundle.classes, found.labels.tolist(), found.expected.tolist(), strict=False)
    ]
    shown, note = first_rows(rows, "classes")
    if run.predictor.options.max_error is not None:
        unsure = int(found.labels[-1])
        shown = [*shown, [UNCERTAIN, count(unsure), percent(unsure / max(total, 1), 2), Cell("n/a", np.nan)]]
    expected = "Expected: the sum of the probabilities. It differs from the labels if classes are hard to separate."
    note = f"{expected} {note}".strip()
    columns = ["label", "records", "share", "expected"]
    table = Table("Records with a prediction, by label.", columns, shown, note)
    return [Facts(_decision(run)), table, *([Figures(_pictures(run))] if total else [])]


def _decision(run: PredictionRun) -> Rows:
    """Returns how a label was made of probabilities."""
    bundle, options, threshold = run.predictor.bundle, run.predictor.options, run.predictor.threshold
    rule = "the class with the highest probability"
    if threshold is not None and bundle.positive is not None:
        name, other = bundle.classes[bundle.positive], bundle.classes[1 - bundle.positive]
        rule = f"{name} from a probability of {threshold:.3f} on, else {other}"
    if options.vote:
        rule = f"majority of {counted(len(bundle.members), 'networks')}; each votes: {rule}"
    rows: Rows = [("label", rule)]
    if options.max_error is not None:
        rows.append(
            (UNCERTAIN, f"so that at most {options.max_error:g} of the other labels was wrong on validation data")
        )
    if options.expected_fraction:
        rows.append(("expected fractions", ", ".join(options.expected_fraction)))
    return rows


def _pictures(run: PredictionRun) -> list[Picture]:
    """Returns the labels, and the probability of the positive class of two, or of the most frequent of more."""
    found, bundle = run.summary.distributions, run.predictor.bundle
    names, counts = list(bundle.classes), found.labels[:-1]
    unsure = run.predictor.options.max_error is not None
    if unsure:
        names, counts = [*names, UNCERTAIN], found.labels
    shown = [bundle.positive] if bundle.positive is not None else largest(found.labels[:-1]).tolist()
    # The threshold is that of each network's vote, and not of the mean.
    threshold = None if run.predictor.options.vote else run.predictor.threshold
    return [
        label_picture(names, counts),
        *(
            probability_picture(
                bundle.classes[index], found.probabilities[index], threshold, number=index, unsure=unsure
            )
            for index in shown
        ),
    ]


def _input_table(run: PredictionRun) -> Table:
    rows: list[list[str | Cell]] = [
        [
            clipped(one.path),
            count(one.records),
            count(np.nan if one.size is None else one.size),
            one.sha256 or "not known: a stream",
        ]
        for one in run.inputs
    ]
    shown, note = first_rows(rows, "inputs")
    return Table("Files that were read.", ["input", "records", "bytes", "SHA-256"], shown, note)


def _origin(run: PredictionRun) -> Rows:
    bundle = run.predictor.bundle
    trained_on = bundle.provenance.get("dataset")
    rows: Rows = [("command", run.command)] if run.command else []
    if run.model is not None:
        rows += [("model", str(run.model)), ("model SHA-256", file_hash(find_model(run.model)))]
    if title := bundle.card.get("title"):
        rows.append(("model card", clipped(title)))
    if isinstance(trained_on, dict) and trained_on.get("sha256"):
        rows.append(("trained on", f"{clipped(trained_on.get('path'))}, SHA-256 {clipped(trained_on['sha256'])}"))
    return [*rows, ("computed in", run.predictor.precision), ("versions", versions_text(versions()))]
