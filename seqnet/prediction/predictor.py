"""Files → predictions, a batch at a time, in input order, one row for every record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.prediction import PredictOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import SettingError, SymbolError
from seqnet.core.records import Ragged, RecordBatch
from seqnet.datasets.tokenizing import RecordStatus, check_alphabet, first_invalid, sample_symbols, tokenize
from seqnet.evaluation.novelty import novelty_warning
from seqnet.models.bundles import Bundle
from seqnet.models.probabilities import bundle_probabilities
from seqnet.models.scoring import chosen_precision, ready
from seqnet.prediction.decision import Decider
from seqnet.readers import open_records, spoken_path

__all__ = ["Predictions", "Predictor"]


@dataclass(frozen=True)
class Predictions:
    """Rows of output, in input order.

    Attributes:
        names: N record names.
        status: (N,) uint8, `RecordStatus` of each record.
        labels: (N,) int64, index of the predicted class; -1 where the status is not `classified`.
        probabilities: (N, K) float64; NaN where there is no label.
        deviations: (N, K) float64, standard deviation of the members of an ensemble; None for a single network.
        uncertain: (N,) bool, where the decision is too unsure to be told; None where all are told.
        invalid: the first symbol outside the alphabet; None where there is none, or they are masked.
    """

    names: Ragged
    status: NDArray[np.uint8]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    deviations: NDArray[np.float64] | None = None
    uncertain: NDArray[np.bool_] | None = None
    invalid: SymbolError | None = None

    def __len__(self) -> int:
        return len(self.status)


class Predictor:
    """Applies a bundle to files.

    Args:
        bundle: the model, on the device that it computes on.
        read: how files are read.
        options: how decisions are made.

    Raises:
        SettingError: the options name another alphabet than the model's.

    Attributes:
        precision: what it computes in.
        counts: records by status so far.
        stops: sequences so far that ended in a stop, which was left out.
        masked: symbols outside the alphabet so far that were taken for any symbol.
        unsure: records so far whose decision is too unsure to be told.
        skipped: reads that are no records of their own (secondary alignments, say), by reason, so far.
        passed: bytes of the files, as they are stored, that were read so far; None where that is not known.
        notes: a line for each file so far that has no records.
        doubts: each file so far whose symbols look like another alphabet, and which; they may be of the model's.
    """

    def __init__(self, bundle: Bundle, read: ReadOptions, options: PredictOptions | None = None) -> None:
        self.bundle = bundle
        self.options = options or PredictOptions()
        if self.options.alphabet not in ("auto", bundle.alphabet.name):
            raise SettingError("predict.alphabet", self.options.alphabet, f"{bundle.alphabet.name}, as the model's is")
        self._decider = Decider(bundle, self.options)
        self.precision = chosen_precision(bundle, self.options.precision)
        self._members = ready(bundle, self.precision)
        self._counting = Lock()
        self.read = read
        self.counts: Counter[RecordStatus] = Counter()
        self.stops = 0
        self.masked = 0
        self.unsure = 0
        self.skipped: Counter[str] = Counter()
        self.passed: int | None = 0
        self.notes: list[str] = []
        self.doubts: list[tuple[str, str]] = []

    @property
    def rule(self) -> str | None:
        """What decides between two classes, in words; None where the more likely one is the label."""
        threshold = self._decider.threshold
        if threshold is None or threshold == 0.5:
            return None
        assert self.bundle.positive is not None
        name = self.bundle.classes[self.bundle.positive]
        other = self.bundle.classes[1 - self.bundle.positive]
        if self.options.vote:
            return (
                f"each network votes {name} where its probability is {threshold:.3f} or more; the majority is the label"
            )
        fractions = " for the expected fractions" if self.options.expected_fraction else ""
        return (
            f"label {name} where its probability is {threshold:.3f} or more, else {other}: chosen on validation data"
            f"{fractions}"
        )

    @property
    def warning(self) -> str | None:
        """A line where many of the records so far are unlike the training sequences, None where there are not."""
        return novelty_warning(self.counts)

    def predict_file(self, path: str) -> Iterator[Predictions]:
        """Yields the predictions of a file, batch by batch.

        Raises:
            SeqnetError: the file can't be read, or holds sequences of another alphabet.
        """
        return map(self.predict_batch, self.batches(path))

    def batches(self, path: str) -> Iterator[RecordBatch]:
        """Yields the records of a file, batch by batch.

        Raises:
            SeqnetError: the file can't be read, or holds sequences of another alphabet.
        """
        with open_records(path, self.read) as reader:
            before, found = self.passed, iter(reader)
            for batch in chain(self._checked(path, found), found):
                passed = reader.passed
                self.passed = None if before is None or passed is None else before + passed
                yield batch
            self.skipped.update(reader.skipped)
            self.notes.extend(f"{spoken_path(path)}: {note}" for note in reader.notes)
            if reader.nothing:
                self.notes.append(f"{spoken_path(path)}: {reader.nothing}")

    def _checked(self, path: str, batches: Iterator[RecordBatch]) -> list[RecordBatch]:
        """Returns the first batches of a file, which are not of another alphabet unless the user said of which."""
        if self.options.alphabet != "auto":
            return []
        first = sample_symbols(batches)
        doubt = check_alphabet(spoken_path(path), first.symbols, self.bundle.alphabet)
        if doubt:
            self.doubts.append((spoken_path(path), doubt))
        return first.batches

    def predict_batch(self, batch: RecordBatch) -> Predictions:
        """Returns the predictions of N records; several threads may do so at once."""
        mask = self.options.unknown == "mask"
        tokenized = tokenize(batch.symbols, self.bundle.alphabet, mask=mask, missing=batch.missing)
        tokens, status = tokenized.tokens, tokenized.status
        short = (tokens.lengths < self.bundle.classifier.encoder.shortest) & (status == RecordStatus.OK)
        status[short] = RecordStatus.TOO_SHORT
        status[_all_ambiguous(tokens, self.bundle.alphabet) & (status == RecordStatus.OK)] = RecordStatus.ALL_AMBIGUOUS
        usable = np.flatnonzero(status == RecordStatus.OK)
        invalid = None
        if (status == RecordStatus.INVALID_SYMBOL).any():
            invalid = first_invalid("", batch, tokens, self.bundle.alphabet)
        labels = np.full(len(batch), -1, dtype=np.int64)
        probabilities = np.full((len(batch), len(self.bundle.classes)), np.nan)
        deviations = np.full_like(probabilities, np.nan) if len(self.bundle.members) > 1 else None
        if len(usable):
            found = bundle_probabilities(self.bundle, tokens, usable, members=self._members, vote=self.options.vote)
            decided = self._decider.probabilities(found.probabilities)
            # Finite weights can make numbers that float32 does not hold; of NaN nothing can be told.
            known = np.isfinite(decided).all(axis=1) & np.isfinite(found.deviations).all(axis=1)
            status[usable[~known]] = RecordStatus.NO_PREDICTION
            usable = usable[known]
            probabilities[usable] = decided[known]
            if deviations is not None:
                deviations[usable] = found.deviations[known]
            labels[usable] = self._decider.labels(decided[known])
        if self.bundle.novelty is not None:
            marks = self.bundle.novelty.marks(tokens, self.bundle.alphabet)
            status[usable] = marks[usable]
        uncertain = self._decider.too_unsure(probabilities, labels)
        values, counts = np.unique(status, return_counts=True)
        with self._counting:
            self.stops += tokenized.stops
            self.masked += tokenized.masked
            self.unsure += int(uncertain.sum()) if uncertain is not None else 0
            self.counts.update({RecordStatus(value): int(count) for value, count in zip(values, counts, strict=True)})
        return Predictions(batch.names, status, labels, probabilities, deviations, uncertain, invalid)


def _all_ambiguous(tokens: Ragged, alphabet: Alphabet) -> NDArray[np.bool_]:
    """Returns which (N,) bool of N token sequences have no canonical symbol: a prediction would be of nothing."""
    if not len(tokens.data) or tokens.data.max() <= alphabet.size:
        return np.zeros(len(tokens), dtype=bool)
    return ~tokens.any_of(tokens.data <= alphabet.size)
