"""The common interface of all outputs of `predict`: an output names its files, and yields a writer of batches.

`streaming.write_predictions` takes any number of outputs. It reads, tokenizes and scores a batch once, and passes it to
all writers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from seqnet.core.records import RecordBatch
from seqnet.models.bundles import Bundle

__all__ = ["Output", "Start", "Writer"]


class Writer(NamedTuple):
    """Writes results in two steps.

    Attributes:
        render: results, such as a batch of N records and their N rows → what is written; several threads may do so at
            once.
        write: writes it; called in the order of the batches, by one thread.
    """

    render: Callable[..., Any]
    write: Callable[[Any], object]


class Start(NamedTuple):
    """Data that outputs need before anything is written.

    Attributes:
        bundle: the model.
        batch: the first records; None if no input has any.
    """

    bundle: Bundle
    batch: RecordBatch | None


class Output(Protocol):
    """An output of predictions: a table, a report, or files of records."""

    def targets(self, start: Start) -> list[Path]:
        """Returns the files that it writes, in order; none if it writes to standard output.

        Raises:
            SeqnetError: it can't be made of these records.
        """

    def opened(self, paths: Sequence[Path], start: Start) -> AbstractContextManager[Writer]:
        """Returns a context manager that yields a writer; what is written at its end is part of the files, too.

        Args:
            paths: where to write, in place of the `targets`: temporary files that get the names of the targets when
                all outputs are complete.
            start: as given to `targets`.
        """
