"""The records: how many of each class, in which split, and how long."""

from __future__ import annotations

import numpy as np

from seqnet.core.printable import counted
from seqnet.datasets.splits import SPLITS
from seqnet.reporting.figures.evaluation import NoFigureError, pictures_of
from seqnet.reporting.pages.cells import count, number, percent
from seqnet.reporting.pages.content import Block, Cell, Figures, Section, Table, Text
from seqnet.reporting.results import Results

__all__ = ["data_section"]


def data_section(results: Results) -> Section:
    """Returns the number and the lengths of the measured records of each class, and the whole dataset."""
    model, dataset = results.models[0], results.dataset
    found, lengths, labels = model.evaluation, model.lengths, model.scored.labels
    rows: list[list[str | Cell]] = []
    for index, name in enumerate(found.classes):
        own = lengths[labels == index]
        spread = (own.min(), np.median(own), own.max()) if len(own) else (np.nan,) * 3
        rows.append([name, count(len(own)), percent(len(own) / found.n), *(number(float(one), 0) for one in spread)])
    columns = ["class", "records", "share", "shortest", "median length", "longest"]
    groups = len(np.unique(model.groups))
    text = f"{counted(found.n, 'records')} were measured"
    text += "." if groups == found.n else f", in {counted(groups, 'groups')} of related records."
    blocks: list[Block] = [Text(text), Table("Measured records.", columns, rows)]
    if found.split != "all":
        rows = [
            [name, *(count(int(value)) for value in counts)]
            for name, counts in zip(dataset.classes, dataset.counts(), strict=True)
        ]
        blocks.append(Table("Records of the whole dataset, by split.", ["class", *SPLITS], rows))
    try:
        blocks.append(Figures(pictures_of("lengths", results)))
    except NoFigureError:
        blocks.append(Text(f"All records have {counted(int(lengths[0]), 'symbols')}."))
    return Section("data", "Data", blocks)
