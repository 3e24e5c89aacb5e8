"""The class fractions of the inputs of a run: `--expected-fraction auto`, and a note if training had others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing

from seqnet.core.printable import counted
from seqnet.evaluation.calibration.class_shift import ClassShift
from seqnet.prediction.class_fractions import ScoreSample, check_read_twice, fitted_to_records, shift_of
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.outputs import Output
from seqnet.prediction.predictor import Predictor

__all__ = ["ClassFractions"]


class ClassFractions:
    """The class fractions of the inputs of a run.

    Args:
        predictor: of the model, as the options say.
        source: reads the inputs.
        paths: all inputs.

    Raises:
        SettingError: the fractions are to be estimated, and an input can't be read twice.
    """

    def __init__(self, predictor: Predictor, source: PredictionInputs, paths: Iterable[str]) -> None:
        self._predictor, self._source = predictor, source
        self._found: dict[tuple[str, ...], tuple[ClassShift, Predictor]] = {}
        self._sample = ScoreSample()
        self._lines: list[str] | None = None
        if predictor.options.automatic:
            for path in paths:
                check_read_twice(path)

    @property
    def classes(self) -> tuple[str, ...]:
        """The K class names of the model."""
        return self._predictor.bundle.classes

    def predictor_for(self, paths: Sequence[str]) -> Predictor:
        """Returns what predicts the records of some files, for their own class fractions if these are estimated."""
        if not self._predictor.options.automatic:
            return self._predictor
        if (known := self._found.get(tuple(paths))) is not None:
            return known[1]
        read = self._source.read
        with closing(PredictionInputs(read, self._source.alphabet).batches(paths)) as records:
            own, shift = fitted_to_records(self._predictor, records, read.threads)
        self._found[tuple(paths)] = shift, own
        return own

    def outputs(self) -> list[Output]:
        """Returns the output that collects scores for an estimate; none if no estimate is needed."""
        options = self._predictor.options
        return [] if options.automatic or options.expected_fraction or options.vote else [self._sample]

    def lines(self) -> list[str]:
        """Returns what was estimated for each output; without `auto`, a line where the fractions surely differ.

        The estimate takes a second, and is made once all records are predicted: for a report, and for the terminal.
        """
        if self._lines is None:
            self._lines = self._found_lines()
        return self._lines

    def _found_lines(self) -> list[str]:
        options, bundle = self._predictor.options, self._predictor.bundle
        if options.automatic:
            return [self._shift_line(paths, *found) for paths, found in self._found.items()]
        if (scores := self._sample.probabilities) is None:
            return []
        shift = shift_of(self._predictor, scores)
        if not shift.sure:
            return []
        found = shift.line(bundle.classes, bundle.positive)
        return [
            f"seqnet: note: the class fractions seem to differ from training: {found}; --expected-fraction auto "
            "corrects probabilities and labels"
        ]

    def _shift_line(self, paths: Sequence[str], shift: ClassShift, own: Predictor) -> str:
        bundle, place = self._predictor.bundle, paths[0] if len(paths) == 1 else counted(len(paths), "inputs")
        if own is self._predictor:
            return f"{place}: class fractions not corrected: {shift.doubt}"
        threshold = "" if bundle.positive is None else f"; threshold {own.threshold:.3f}"
        partly = ""
        if not shift.sure:
            shown = bundle.classes if bundle.positive is None else [bundle.classes[bundle.positive]]
            used = ", ".join(f"{name} {shift.applied[bundle.classes.index(name)]:.3f}" for name in shown)
            partly = f"; {shift.doubt}, so probabilities are corrected in part, for {used}"
        found = shift.line(bundle.classes, bundle.positive)
        return f"{place}: estimated class fractions: {found}{partly}{threshold}"
