"""Which class each record got, and the most confident errors."""

from __future__ import annotations

import numpy as np

from seqnet.core.printable import counted
from seqnet.reporting.figures.evaluation import NoFigureError, picture_of
from seqnet.reporting.pages.cells import count, number, percent
from seqnet.reporting.pages.content import Block, Cell, Figures, Heading, Section, Table, Text
from seqnet.reporting.results import ModelResults, Results
from seqnet.reporting.wording import sentence

__all__ = ["decision_section", "error_section"]

_MOST = 20
"""Maximum number of rows of a table of errors."""


def decision_section(results: Results) -> Section:
    """Returns confusion matrices and scores by class."""
    blocks: list[Block] = []
    for place, model in enumerate(results.models, 1):
        if len(results.models) > 1:
            blocks.append(Heading(model.report.name))
        scores = picture_of("scores", model, place)
        try:
            blocks.append(Figures([picture_of("confusion", model, place), scores]))
        except NoFigureError as error:
            blocks += [Text(sentence(str(error))), Figures([scores])]
        if model.scored.positive is None:
            blocks.append(_confused(model))
    return Section("decisions", "Decisions", blocks)


def _confused(model: ModelResults) -> Table:
    """Returns the pairs of classes that are mistaken for each other most often."""
    counts, classes = model.evaluation.confusion, model.evaluation.classes
    wrong = counts * (1 - np.eye(len(classes), dtype=np.int64))
    order = np.argsort(-wrong, axis=None, kind="stable")
    order = order[wrong.ravel()[order] > 0]
    rows: list[list[str | Cell]] = []
    for cell in order[:_MOST].tolist():
        true, given = divmod(cell, len(classes))
        share = wrong[true, given] / counts[true].sum()
        rows.append([classes[true], classes[given], count(int(wrong[true, given])), percent(float(share))])
    note = f"{_MOST} of {len(order)} pairs of classes." if len(order) > _MOST else ""
    columns = ["true class", "predicted class", "records", "share of the true class"]
    return Table(f"{model.report.name}: most frequent errors.", columns, rows, note)


def error_section(results: Results) -> Section:
    """Returns the errors of each model that it was most confident of."""
    return Section("errors", "Most confident errors", [_errors(model) for model in results.models])


def _errors(model: ModelResults) -> Table | Text:
    scored, measured = model.scored, model.report.measured
    wrong = np.flatnonzero(scored.predicted != scored.labels)
    if not len(wrong):
        return Text(f"{model.report.name} has no errors.")
    confidence = scored.probabilities[wrong, scored.predicted[wrong]]
    order = np.argsort(-confidence, kind="stable")[:_MOST]
    chosen = wrong[order]
    names = model.dataset.names.take(measured.members[chosen]).text()
    rows: list[list[str | Cell]] = [
        [
            name,
            model.bundle.classes[scored.labels[at]],
            model.bundle.classes[scored.predicted[at]],
            number(float(scored.probabilities[at, scored.predicted[at]])),
            count(int(model.lengths[at])),
        ]
        for name, at in zip(names, chosen.tolist(), strict=True)
    ]
    columns = ["record", "true class", "predicted class", "probability", "length"]
    note = f"{len(rows)} of {counted(len(wrong), 'errors')}; the probability is that of the predicted class."
    return Table(f"{model.report.name}: records with the most confident wrong label.", columns, rows, note)
