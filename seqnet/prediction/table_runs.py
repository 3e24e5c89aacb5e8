"""A run of predictions that writes a table or a shard of it, and may continue a killed run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqnet.models.shipped import find_model
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.record_counts import RecordCounts
from seqnet.prediction.resuming import write_resumable
from seqnet.prediction.run_identity import run_identity
from seqnet.prediction.shard_files import ShardOutput
from seqnet.prediction.tally import Tally
from seqnet.prediction.writers import TableOutput

__all__ = ["TableRun", "decision_lines"]


@dataclass(frozen=True)
class TableRun:
    """A run of predictions and its table.

    Attributes:
        predictor: makes the predictions.
        model: path or name of the model, which identifies a shard and an unfinished table.
        source: reads the inputs, or a shard of them.
        paths: the inputs.
        table: the table to write.
    """

    predictor: Predictor
    model: Path
    source: PredictionInputs
    paths: Sequence[str]
    table: TableOutput

    def output(self) -> TableOutput | ShardOutput:
        """Returns the table, or the shard of it if the source reads a shard.

        Raises:
            InputError: a shard is wanted of a stream.
            OSError: a file can't be read.
        """
        if self.source.shard is None:
            return self.table
        counts = lambda tally: RecordCounts.of(self.predictor, self.source, tally)  # noqa: E731 - known at the end
        return ShardOutput(self.table, self._identity(), self.source.shard, counts, decision_lines(self.predictor))

    def write_resumable(
        self,
        progress: Callable[[int], object] = lambda records: None,
        *,
        resumed: Callable[[int], object] = lambda records: None,
        force: bool = False,
    ) -> Tally:
        """Writes the table or shard, continuing an unfinished one; see `resuming.write_resumable`."""
        run = self._identity() | {"shard": str(self.source.shard)}
        return write_resumable(
            self.predictor, self.source, self.paths, self.output(), run, progress, resumed=resumed, force=force
        )

    def _identity(self) -> dict[str, Any]:
        return run_identity(self.predictor, find_model(self.model), self.source, self.paths, self.table)


def decision_lines(predictor: Predictor) -> list[str]:
    """Returns lines about the threshold of two classes; nothing if the label is the more probable class."""
    bundle, threshold = predictor.bundle, predictor.threshold
    if threshold is None or threshold == 0.5 or predictor.options.automatic:
        return []
    assert bundle.positive is not None
    name, other = bundle.classes[bundle.positive], bundle.classes[1 - bundle.positive]
    if predictor.options.vote:
        of_networks = f"each network votes {name} where its p_{name} is {threshold:.3f} or more"
        return [f"{of_networks}; the label is that of the majority"]
    fractions = " for the expected fractions" if predictor.options.expected_fraction else ""
    return [
        f"the label is {name} where p_{name} is {threshold:.3f} or more, else {other}, so the probability of a "
        f"label can be below 0.5; the threshold was chosen on validation data{fractions}"
    ]
