"""A table with one row for each of many input files: its status, and the number of records with each label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from seqnet.core.printable import printable
from seqnet.core.records import RecordBatch
from seqnet.prediction.decision import UNCERTAIN
from seqnet.prediction.outputs import Start, Writer
from seqnet.prediction.rows import PredictedRows

__all__ = ["MANIFEST", "FileResult", "LabelCounts", "write_manifest"]

MANIFEST = "manifest.tsv"
"""Name of the table in the directory of the predictions."""
_NO_LABEL = "unclassified"


@dataclass(frozen=True)
class LabelCounts:
    """Counts the labels of all predictions, and writes no file; see `outputs.Output`.

    Attributes:
        classes: the K class names.
        counts: label, `uncertain` or `unclassified` → number of records; grows while records are predicted.
    """

    classes: Sequence[str]
    counts: Counter[str] = field(default_factory=Counter)

    def targets(self, start: Start) -> list[Path]:
        """See `outputs.Output`."""
        return []

    @contextmanager
    def opened(self, paths: Sequence[Path], start: Start) -> Iterator[Writer]:
        """See `outputs.Output`."""
        yield Writer(self._of, self.counts.update)

    def _of(self, batch: RecordBatch, rows: PredictedRows) -> Counter[str]:
        labels = np.where(rows.labels < 0, len(self.classes), rows.labels)
        if rows.uncertain is not None:
            labels[rows.uncertain & (rows.labels >= 0)] = len(self.classes) + 1
        numbers = np.bincount(labels, minlength=len(self.classes) + 2).tolist()
        return Counter(dict(zip((*self.classes, _NO_LABEL, UNCERTAIN), numbers, strict=True)))


class FileResult(NamedTuple):
    """The result of an input.

    Attributes:
        path: the input, as given.
        output: the file with its predictions, which is not there if it failed.
        labels: class name, `uncertain` or `unclassified` → number of records; None if it failed.
        error: why it failed, one line; empty if it did not.
        statuses: status → number of records; empty if it failed.
    """

    path: str
    output: Path
    labels: Mapping[str, int] | None
    error: str = ""
    statuses: Mapping[str, int] = MappingProxyType({})


def write_manifest(target: Path, classes: Sequence[str], results: Sequence[FileResult]) -> None:
    """Writes the table: file, output, status (ok or failed), records, n_CLASS for each class, uncertain, ..., error."""
    labels = (*classes, UNCERTAIN, _NO_LABEL)
    lines = [["file", "output", "status", "records", *(f"n_{label}" for label in labels), "error"]]
    for one in results:
        numbers = [""] * (len(labels) + 1)
        if one.labels is not None:
            numbers = [str(sum(one.labels.values())), *(str(one.labels[label]) for label in labels)]
        output = "" if one.labels is None else printable(str(one.output))
        status = "failed" if one.labels is None else "ok"
        lines.append([printable(one.path), output, status, *numbers, printable(one.error)])
    target.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
