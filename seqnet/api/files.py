"""The predictions of a file, batch by batch."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import TracebackType
from typing import Self

from seqnet.api.keywords import plain_number
from seqnet.api.predictions import Predictions
from seqnet.api.python_words import python_words
from seqnet.api.warn import warn_of_other_alphabet
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import SequencesError, SettingError
from seqnet.nn.devices import computing
from seqnet.prediction.class_fractions import check_read_twice, fitted_to_records
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.streaming import predict_in_order
from seqnet.readers.parts import Shard

__all__ = ["FilePredictions", "ShardLike", "as_shard", "file_predictions", "pysam_kept"]

ShardLike = tuple[int, int] | str | None
"""A shard: (I, N), or "I/N"; None for all records."""
_PYSAM_AT_FIRST = (3, "strict")
"""Verbosity of htslib, and what is done with names that are not UTF-8, as pysam sets them when it is loaded."""


class FilePredictions(Iterator[Predictions]):
    """An iterator over the predictions of a file; a context manager that closes the file.

    Several threads compute the next batches meanwhile. Between two batches the process is as it was.

    Args:
        predictor: makes the predictions.
        inputs: reads the file.
        path: the file.

    Attributes:
        path: as given.
    """

    def __init__(self, predictor: Predictor, inputs: PredictionInputs, path: str) -> None:
        self.path = path
        self._inputs, self._classes = inputs, predictor.bundle.classes
        self._threads, self._device = inputs.read.threads, predictor.bundle.classifier.device
        self._records = inputs.batches([path])
        self._rows = predict_in_order(predictor, self._records, self._threads)
        self._pysam: tuple[int, str] | None = None
        self._ended = self._closed = False

    @property
    def skipped(self) -> Counter[str]:
        """Reads that are no records of their own, secondary alignments say, by reason; known at the end of the file."""
        return self._inputs.skipped

    @property
    def empty(self) -> str | None:
        """Why the file has no records, known at its end; None where it has some."""
        return self._inputs.empty[0][1] if self._inputs.empty else None

    def __next__(self) -> Predictions:
        if self._closed and not self._ended:
            raise SequencesError("the file was closed before its end", "call predict_file again", path=self.path)
        self._ended = True  # also if there is an error
        with python_words(), self._at_work():
            rows = next(self._rows)
        self._ended = False
        warn_of_other_alphabet(self._inputs)
        return Predictions(rows, self._classes)

    def close(self) -> None:
        """Closes the file, and gives up what is computed."""
        self._closed = True
        with self._at_work():
            self._rows.close()
            self._records.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Sets what computing and reading need in this process, and puts back what was there."""
        theirs = _swap_pysam(self._pysam) or _PYSAM_AT_FIRST
        try:
            with computing(self._threads, self._device):
                yield
        finally:
            self._pysam = _swap_pysam(theirs)


def as_shard(value: ShardLike) -> Shard | None:
    """Returns a shard, or None for all records.

    Raises:
        SettingError: it is something else, or I is not from 1 to N.
    """
    if value is None:
        return value
    parts = [plain_number(part) for part in value] if isinstance(value, tuple | list) else []
    text = "/".join(map(str, parts)) if all(type(part) is int for part in parts) else ""
    try:
        return Shard.parse(value if isinstance(value, str) else text)
    except SettingError:
        raise SettingError("shard", value, "(I, N) with I from 1 to N, such as (3, 10)") from None


def file_predictions(predictor: Predictor, read: ReadOptions, place: str, shard: Shard | None) -> FilePredictions:
    """Returns an iterator over the predictions of a file, or of a shard of it; see `Model.predict_file`."""
    if place != "-":
        os.stat(place)
    predictor = _fitted(predictor, read, place, shard)
    return FilePredictions(predictor, PredictionInputs(read, predictor.expected_alphabet, shard=shard), place)


def _fitted(predictor: Predictor, read: ReadOptions, path: str, shard: Shard | None) -> Predictor:
    """Returns a predictor for the class fractions of the records of a file, if these are to be estimated.

    Raises:
        SettingError: the file can't be read twice, or only a shard is read.
    """
    if not predictor.options.automatic:
        return predictor
    with python_words():
        if shard is not None:
            raise SettingError("expected_fraction", "auto", problem="needs all records, not those of a shard")
        check_read_twice(path)
        records = PredictionInputs(read, predictor.expected_alphabet).batches([path])
        with closing(records), pysam_kept(), computing(read.threads, predictor.bundle.classifier.device):
            return fitted_to_records(predictor, records, read.threads)[0]


def _swap_pysam(values: tuple[int, str] | None) -> tuple[int, str] | None:
    """Sets what a reader sets in pysam for its whole process, and returns what was there; None without pysam.

    Args:
        values: verbosity of htslib and handler of encoding errors; None to change nothing.
    """
    if (pysam := sys.modules.get("pysam")) is None:
        return None
    handler = pysam.set_encoding_error_handler("strict")
    found = (pysam.get_verbosity(), handler)
    verbosity, handler = values or found
    pysam.set_verbosity(verbosity)
    pysam.set_encoding_error_handler(handler)
    return found


@contextmanager
def pysam_kept() -> Iterator[None]:
    """Puts back what reading alignments sets in pysam for the whole process."""
    theirs = _swap_pysam(None) or _PYSAM_AT_FIRST
    try:
        yield
    finally:
        _swap_pysam(theirs)
