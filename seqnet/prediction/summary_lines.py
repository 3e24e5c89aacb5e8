"""The results of a run of predictions, as lines of text: for standard error, and for a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seqnet.core.alphabets import Alphabet
from seqnet.core.printable import counted
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.evaluation.novelty import novelty_warning
from seqnet.prediction.decision import UNCERTAIN
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.record_counts import RecordCounts
from seqnet.prediction.table_runs import decision_lines
from seqnet.prediction.tally import Tally
from seqnet.readers.htslib import OUTSIDE

__all__ = ["precision_line", "record_lines", "summary_lines"]


def precision_line(predictor: Predictor) -> str:
    """Returns the number format, and how much it changes labels, if that was measured."""
    changed = predictor.bundle.calibration.changed.get(predictor.precision)
    if changed is None:
        return f"computed in {predictor.precision}"
    return (
        f"computed in {predictor.precision}, which changed {f'{changed:.2%}' if changed else 'none'} of the "
        "validation labels; --precision float32 is exact"
    )


def summary_lines(
    predictor: Predictor, source: PredictionInputs, tally: Tally, fractions: Sequence[str]
) -> Iterator[str]:
    """Yields how decisions were made, notes, and the counts of the records by status, a line each."""
    yield from decision_lines(predictor)
    yield from fractions
    yield from record_lines(RecordCounts.of(predictor, source, tally))


def record_lines(counts: RecordCounts) -> Iterator[str]:
    """Yields the counts of the records by status, a line each."""
    tally = counts.tally
    for place, why in (*counts.notes, *counts.empty):
        yield f"seqnet: note: {place}: {why}"
    for reason, count in counts.skipped.items():
        written = counts.originals and reason != OUTSIDE
        yield f"{'no prediction of their own' if written else 'not read'}: {counted(count, reason)}"
    yield from _symbol_lines(counts.alphabet, tally)
    if counts.doubts:
        alphabet = counts.alphabet
        (place, found), *more = counts.doubts
        beside = f" (and {counted(len(more), 'other inputs')})" if more else ""
        yield (
            f"seqnet: warning: {place}{beside}: this looks like {found}, but could be {alphabet.name}; if it is, use "
            f"--alphabet {alphabet.name}"
        )
    if warning := novelty_warning(tally.counts):
        yield f"seqnet: warning: {warning}"
    yield _count_line(tally)


def _symbol_lines(alphabet: Alphabet, tally: Tally) -> Iterator[str]:
    """Yields what was done about symbols that are not of the alphabet."""
    if tally.stops:
        yield f"removed: the stop (*) at the end of {counted(tally.stops, 'sequences')}"
    if tally.masked:
        yield f"masked: {counted(tally.masked, 'symbols')} outside the alphabet, treated as {alphabet.mask_symbol}"
    if (invalid := tally.invalid) is not None:
        place, problem, remedy = invalid.describe()
        # A gap is no symbol: masked, it would become one.
        remedy = remedy if invalid.is_gap else f"--unknown mask treats it as {alphabet.mask_symbol}"
        yield f"the first {RecordStatus.INVALID_SYMBOL.word}: {place}: {problem}; {remedy}"


def _count_line(tally: Tally) -> str:
    done = tally.counts[RecordStatus.OK]
    others = {status: count for status, count in sorted(tally.counts.items()) if status != RecordStatus.OK}
    words = "".join(f", {count:,} {status.word}" for status, count in others.items())
    unsure = f"; {tally.uncertain:,} of them {UNCERTAIN}" if tally.uncertain else ""
    total = tally.counts.total()
    return f"{counted(total, 'records')}: {done:,} ok{words}{unsure}"
