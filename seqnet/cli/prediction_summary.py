"""What `seqnet predict` and `explain` say of the records on standard error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from seqnet.cli.messages import detail
from seqnet.cli.progress import say

if TYPE_CHECKING:
    from seqnet.prediction.inputs import PredictionInputs
    from seqnet.prediction.predictor import Predictor
    from seqnet.prediction.tally import Tally

__all__ = ["show_records", "show_summary"]


def show_summary(predictor: Predictor, source: PredictionInputs, tally: Tally, fractions: Sequence[str]) -> None:
    """Says how decisions were made, and the counts of records; `fractions` are lines about class fractions."""
    from seqnet.prediction.summary_lines import precision_line, summary_lines

    _show(predictor, source, summary_lines(predictor, source, tally, fractions))
    detail(lambda: precision_line(predictor))


def show_records(predictor: Predictor, source: PredictionInputs, tally: Tally, lines: Sequence[str] = ()) -> None:
    """Says the counts of the records by status.

    Args:
        predictor: the model.
        source: the files.
        tally: the counts.
        lines: further lines, after the device.
    """
    from seqnet.prediction.record_counts import RecordCounts
    from seqnet.prediction.summary_lines import record_lines

    _show(predictor, source, (*lines, *record_lines(RecordCounts.of(predictor, source, tally))))


def _show(predictor: Predictor, source: PredictionInputs, lines: Iterable[str]) -> None:
    from seqnet.nn.devices import device_text

    # Not before, so that an error, or a pipe that is closed, has no other line.
    say(device_text(predictor.bundle.classifier.device, source.read.threads))
    for line in lines:
        say(line)
