"""What `seqnet predict` says of the records on standard error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from seqnet.cli.progress import say
from seqnet.core.printable import counted

if TYPE_CHECKING:
    from seqnet.prediction.inputs import PredictionInputs
    from seqnet.prediction.predictor import Predictor
    from seqnet.prediction.tally import Tally

__all__ = ["show_summary"]


def _rule(predictor: Predictor) -> str | None:
    """Returns what decides between two classes; None where the more likely one is the label."""
    bundle, threshold = predictor.bundle, predictor.threshold
    if threshold is None or threshold == 0.5 or predictor.options.automatic:
        return None
    assert bundle.positive is not None
    name, other = bundle.classes[bundle.positive], bundle.classes[1 - bundle.positive]
    if predictor.options.vote:
        return (
            f"each network votes {name} where its p_{name} is {threshold:.3f} or more; the label is that of the "
            "majority"
        )
    fractions = " for the expected fractions" if predictor.options.expected_fraction else ""
    return (
        f"the label is {name} where p_{name} is {threshold:.3f} or more, else {other}, so the probability of a "
        f"label can be below 0.5; the threshold was chosen on validation data{fractions}"
    )


def show_summary(
    predictor: Predictor, source: PredictionInputs, tally: Tally, fractions: Iterable[str], *, verbose: bool
) -> None:
    """Says what became of the records; `fractions` are lines about their class fractions."""
    from seqnet.datasets.tokenizing import RecordStatus
    from seqnet.evaluation.novelty import novelty_warning
    from seqnet.nn.devices import device_text
    from seqnet.prediction.decision import UNCERTAIN

    # Not before, so that an error, or a pipe that is closed, has no other line.
    say(device_text(predictor.bundle.classifier.device, source.read.threads))
    changed = predictor.bundle.calibration.changed.get(predictor.precision)
    if verbose and changed is not None:
        say(
            f"computed in {predictor.precision}, which changed {f'{changed:.2%}' if changed else 'none'} of the "
            "validation labels; --precision float32 is exact"
        )
    if rule := _rule(predictor):
        say(rule)
    for line in fractions:
        say(line)
    for place, why in (*source.notes, *source.empty):
        say(f"seqnet: note: {place}: {why}")
    for reason, count in source.skipped.items():
        say(f"not read: {counted(count, reason)}")
    if tally.stops:
        say(f"removed: the stop (*) at the end of {counted(tally.stops, 'sequences')}")
    alphabet = predictor.bundle.alphabet
    if tally.masked:
        say(f"masked: {counted(tally.masked, 'symbols')} outside the alphabet, treated as {alphabet.mask_symbol}")
    if (invalid := tally.invalid) is not None:
        place, problem, remedy = invalid.describe()
        # A gap is no symbol: masked, it would become one.
        remedy = remedy if invalid.is_gap else f"--unknown mask treats it as {alphabet.mask_symbol}"
        say(f"the first {RecordStatus.INVALID_SYMBOL.word}: {place}: {problem}; {remedy}")
    if source.doubts:
        (place, found), *more = source.doubts
        beside = f" (and {counted(len(more), 'other inputs')})" if more else ""
        say(
            f"seqnet: warning: {place}{beside}: this looks like {found}, but could be {alphabet.name}; if it is, use "
            f"--alphabet {alphabet.name}"
        )
    if warning := novelty_warning(tally.counts):
        say(f"seqnet: warning: {warning}")
    done = tally.counts[RecordStatus.OK]
    others = {status: count for status, count in sorted(tally.counts.items()) if status != RecordStatus.OK}
    words = "".join(f", {count:,} {status.word}" for status, count in others.items())
    unsure = f"; {tally.uncertain:,} of them {UNCERTAIN}" if tally.uncertain else ""
    total = tally.counts.total()
    say(f"{counted(total, 'records')}: {done:,} ok{words}{unsure}")
