"""A model in the hands of a program: open it, classify sequences, save it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Unpack

from seqnet.api.files import FilePredictions
from seqnet.api.keywords import (
    PredictFileKeywords,
    PredictKeywords,
    as_path,
    plain_number,
    predict_options,
    python_words,
    read_options,
)
from seqnet.api.predictions import Predictions
from seqnet.api.sequences import Sequences, as_records
from seqnet.api.warn import warn_of_other_alphabet
from seqnet.configs.prediction import PredictOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import SettingError
from seqnet.core.outputs import whole_file
from seqnet.core.printable import counted, shortened
from seqnet.core.processors import usable_processors
from seqnet.core.records import RecordBatch, chunks
from seqnet.models.bundles import Bundle, open_bundle, write_bundle
from seqnet.models.scoring import chosen_precision
from seqnet.models.shipped import find_model
from seqnet.nn.devices import choose_device, computing
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.rows import PredictedRows
from seqnet.prediction.streaming import predict_in_order

__all__ = ["Model", "checked_threads", "load"]

_IN_MEMORY = "sequences"
"""What messages call sequences that are in no file."""
_IN_MEMORY_BYTES = ReadOptions().batch_bytes
"""Symbols that are predicted together: as many as of a file."""


_NO_FILE = {"use --gaps remove to remove them": "remove them"}


def checked_threads(threads: int | None) -> int:
    """Returns the number of threads to compute with: as given, or as many as the process may use processors.

    Raises:
        SettingError: it is not allowed.
    """
    count: int = ReadOptions.check("threads", usable_processors() if threads is None else plain_number(threads))
    return count


class Model:
    """A trained classifier of sequences; `seqnet.load` opens one.

    Args:
        bundle: what was trained, on the device that it computes on.
        threads: of the CPU; None for the processors that the process may use.
        precision: auto, float32, bfloat16, float16 or int8; see `seqnet predict --precision`.

    Raises:
        SettingError: the number of threads is not allowed, or the model can't compute in this precision here.

    Attributes:
        bundle: as given.
        threads: number of threads that it computes with.
        precision: what it computes in.
    """

    def __init__(self, bundle: Bundle, *, threads: int | None = None, precision: str = "auto") -> None:
        if not isinstance(bundle, Bundle):
            problem = (
                f"must be a trained model in memory, not {shortened(bundle)}; use seqnet.load for a file or a name"
            )
            raise SettingError("bundle", bundle, problem=problem)
        self.bundle = bundle
        with python_words():
            self.threads = checked_threads(threads)
            self.precision = chosen_precision(bundle, PredictOptions(precision=precision).precision)
        self._prepared: Predictor | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of the columns of probabilities."""
        return self.bundle.classes

    @property
    def alphabet(self) -> str:
        """What the sequences are made of: dna, rna or protein."""
        return self.bundle.alphabet.name

    @property
    def positive(self) -> str | None:
        """The class that precision and recall are about; None for more than two classes."""
        return None if self.bundle.positive is None else self.bundle.classes[self.bundle.positive]

    @property
    def device(self) -> str:
        """Where it computes."""
        return str(self.bundle.classifier.device)

    @property
    def card(self) -> Mapping[str, Any]:
        """Title, intended use, data, licence, measured quality and known failures; empty where nobody wrote a card."""
        return dict(self.bundle.card)

    @property
    def metrics(self) -> Mapping[str, float]:
        """Metric → value on the validation split of its training."""
        return dict(self.bundle.metrics)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings that it was trained with."""
        return self.bundle.config.to_dict()

    def predict(
        self,
        sequences: Sequences,
        *,
        names: Iterable[object] | None = None,
        **options: Unpack[PredictKeywords],
    ) -> Predictions:
        """Returns the predictions of sequences in memory.

        Args:
            sequences: N of them: a list, tuple or iterator of text or bytes, a pandas Series, a NumPy or Arrow array,
                `Bio.SeqRecord`s, or a dictionary name → sequence. None, NaN and pandas.NA have the status 'missing'.
            names: N names; by default the keys of a dictionary, the ids of SeqRecords, the index of a Series unless it
                is a RangeIndex, and else "1", "2" and so on.
            **options: alphabet, unknown, vote, max_error and expected_fraction (class name → fraction), as in
                `seqnet predict`.

        Raises:
            InputError: it is a single sequence, or one is no sequence; or the names are too many or too few.
            AlphabetMismatchError: the sequences are surely of another alphabet than the model's.
            SettingError: there is no such option, or its value is not allowed.
        """
        with python_words(_NO_FILE):
            predictor = self._predictor(predict_options(options, self.precision))
            records = as_records(sequences, names)
            inputs = PredictionInputs(ReadOptions(threads=self.threads), predictor.expected_alphabet)
            parts = list(_parts(inputs, records))
            with computing(self.threads, self.bundle.classifier.device):
                found = predict_in_order(predictor, parts, min(self.threads, len(parts)))
                rows = PredictedRows.concatenate(list(found))
        warn_of_other_alphabet(inputs)
        return Predictions(rows, self.classes)

    def predict_file(self, path: str | os.PathLike[str], **options: Unpack[PredictFileKeywords]) -> FilePredictions:
        """Returns an iterator over the predictions of a file, in batches of about half a megabyte.

        Args:
            path: FASTA, FASTQ, SAM, BAM, CRAM, a table, or token arrays, compressed or not; `-` is standard input.
            **options: those of `predict`; and region, min_mapq, reference, name_column, sequence_column, batch_bytes
                and reader_process, as in `seqnet predict`.

        Raises:
            OSError: the file is not there, or can't be read.
            InputError: iterating: the file is of no known format, or damaged.
            AlphabetMismatchError: iterating: its sequences are surely of another alphabet than the model's.
            SettingError: there is no such option, or its value is not allowed.
        """
        with python_words():
            place = str(as_path(path))
            read, decide = read_options(options, self.precision, self.threads)
            predictor = self._predictor(decide)
        if place != "-":
            os.stat(place)
        return FilePredictions(predictor, PredictionInputs(read, predictor.expected_alphabet), place)

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes the model to a file, which is whole or not there.

        Args:
            path: the file.
            force: whether an existing file is replaced.

        Raises:
            OutputError: the file exists, or can't be written.
        """
        with python_words(), whole_file(as_path(path), force=force) as temporary:
            write_bundle(temporary, self.bundle)

    def _predictor(self, options: PredictOptions) -> Predictor:
        """Returns what predicts with these options; that of the last call, where they are the same."""
        prepared = self._prepared
        if prepared is None or prepared.options != options:
            prepared = self._prepared = Predictor(self.bundle, options)
        return prepared

    def __repr__(self) -> str:
        members = len(self.bundle.members)
        kind = f"ensemble of {members} networks" if members > 1 else self.bundle.config.network.name
        return (
            f"<seqnet.Model: {kind}, {self.alphabet} → {' or '.join(self.classes)}; "
            f"{counted(self.bundle.parameter_count, 'parameters')}, {self.precision} on {self.device}>"
        )


def load(
    name: str | os.PathLike[str],
    *,
    device: str = "auto",
    threads: int | None = None,
    precision: str = "auto",
    plm: str | os.PathLike[str] | Sequence[str] = (),
) -> Model:
    """Returns a trained model.

    Args:
        name: path of a model, or the name of one that comes with seqnet: human-dna, solubility.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: of the CPU; None for the processors that the process may use.
        precision: auto, float32, bfloat16, float16 or int8; see `seqnet predict --precision`.
        plm: folder or name of the language model, for a model that was trained with one.

    Raises:
        ContainerError: there is no such model, or the file is not a model, damaged, or of another version.
        SettingError: there is no such device here, or the model can't compute in this precision on it.
    """
    with python_words():
        bundle = open_bundle(find_model(as_path(name, "name", "the path or the name of a model")))
        bundle.to(choose_device(str(device)))
        sources = [plm] if isinstance(plm, str) or not isinstance(plm, Iterable) else list(plm)
        bundle.prepare(lambda line: None, [os.fspath(as_path(one, "plm")) for one in sources])
        return Model(bundle, threads=threads, precision=precision)


def _parts(inputs: PredictionInputs, records: RecordBatch) -> Iterator[tuple[str, RecordBatch]]:
    """Yields records in batches of the size that files are read in, at least one."""
    (checked,) = inputs.checked(_IN_MEMORY, iter([records]))
    for start, stop in list(chunks(checked.symbols, _IN_MEMORY_BYTES)) or [(0, 0)]:
        names = checked.names.slice(start, stop)
        missing = None if checked.missing is None else checked.missing[start:stop]
        yield _IN_MEMORY, RecordBatch(names, checked.symbols.slice(start, stop), names, missing=missing)
