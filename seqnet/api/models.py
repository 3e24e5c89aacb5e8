"""A model for programs: open it, classify sequences, save it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from seqnet.api.explain_keywords import ExplainKeywords, MotifKeywords, WordKeywords
from seqnet.api.explaining import explain_sequences
from seqnet.api.files import FilePredictions, ShardLike, as_shard, file_predictions
from seqnet.api.in_memory import in_batches
from seqnet.api.keywords import (
    EmbedKeywords,
    PredictFileKeywords,
    PredictKeywords,
    ScanKeywords,
    as_path,
    checked_threads,
    embed_options,
    predict_options,
    read_options,
    scan_options,
)
from seqnet.api.model_facts import ModelFacts
from seqnet.api.motifs import Motifs, motifs_in
from seqnet.api.predictions import Predictions
from seqnet.api.python_words import python_words
from seqnet.api.scanning import Windows, scan_sequence
from seqnet.api.sequences import Sequences, as_records
from seqnet.api.warn import warn_of_other_alphabet
from seqnet.api.words import Words, words_in
from seqnet.configs.prediction import PredictOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import SettingError
from seqnet.core.outputs import whole_file
from seqnet.core.printable import counted, shortened
from seqnet.explanation.attributions import Attributions
from seqnet.models.bundles import Bundle, write_bundle
from seqnet.models.scoring import chosen_precision
from seqnet.nn.devices import computing
from seqnet.prediction.class_fractions import fitted_to_records
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.rows import PredictedRows
from seqnet.prediction.streaming import predict_in_order

__all__ = ["Model"]


class Model(ModelFacts):
    """A trained classifier of sequences; `seqnet.load` opens one.

    Args:
        bundle: what was trained, on the device that it computes on.
        threads: of the CPU; None for the processors that the process may use.
        precision: auto, float32, bfloat16, float16 or int8; see `seqnet predict --precision`.

    Raises:
        SettingError: the number of threads is not allowed, or the model can't compute in this precision here.

    Attributes:
        bundle: as given.
        threads: number of threads.
        precision: what it computes in.
        file: the file that it was opened from or saved to; None if it is only in memory.
    """

    def __init__(self, bundle: Bundle, *, threads: int | None = None, precision: str = "auto") -> None:
        if not isinstance(bundle, Bundle):
            problem = f"must be a trained model in memory, not {shortened(bundle)}; seqnet.load opens a file or a name"
            raise SettingError("bundle", bundle, problem=problem)
        self.bundle = bundle
        with python_words():
            self.threads = checked_threads(threads)
            self._wanted = precision
            self.precision = chosen_precision(bundle, PredictOptions(precision=precision).precision)
        self.file = None
        self._prepared: Predictor | None = None

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
            **options: alphabet, unknown, vote, max_error and expected_fraction (class name → fraction, or "auto"), as
                in `seqnet predict`.

        Raises:
            InputError: it is a single sequence, or one is no sequence; or the names are too many or too few.
            AlphabetMismatchError: the sequences are surely of another alphabet than the model's.
            SettingError: there is no such option, or its value is not allowed.
        """
        with python_words():
            predictor = self.predictor(predict_options(options, self.precision))
            return Predictions(self._rows(predictor, sequences, names), self.classes)

    def embed(
        self, sequences: Sequences, *, names: Iterable[object] | None = None, **options: Unpack[EmbedKeywords]
    ) -> NDArray[np.float32]:
        """Returns the embeddings (N, E) float32 of sequences in memory, the inputs of the last layer of the network.

        They are the mean over both strands, if the model uses both, and over the windows of a sequence that is longer
        than the window of the model. Those of the members of an ensemble are side by side. A row is NaN where there is
        no prediction. They are computed in float32 unless the model was loaded with another precision.

        Args:
            sequences: N of them, as in `predict`.
            names: N names for messages, as in `predict`.
            **options: alphabet and unknown, as in `predict`.

        Raises:
            SeqnetError: as in `predict`.
        """
        with python_words():
            predictor = self.predictor(embed_options(options, self._wanted), embed=True)
            embeddings = self._rows(predictor, sequences, names).embeddings
        assert embeddings is not None
        return embeddings

    def predict_file(
        self, path: str | os.PathLike[str], *, shard: ShardLike = None, **options: Unpack[PredictFileKeywords]
    ) -> FilePredictions:
        """Returns an iterator over the predictions of a file, in batches of about half a megabyte.

        Args:
            path: FASTA, FASTQ, SAM, BAM, CRAM, a table, or token arrays, compressed or not; `-` is standard input.
            shard: (I, N) for part I of N of the records; the N parts follow each other in the order of the file.
            **options: those of `predict`; and region, min_mapq, reference, name_column, sequence_column, batch_bytes
                and reader_process, as in `seqnet predict`.

        Raises:
            OSError: the file is not there, or can't be read.
            InputError: iterating: the file is of no known format, or damaged.
            AlphabetMismatchError: iterating: its sequences are surely of another alphabet than the model's.
            SettingError: there is no such option, or its value is not allowed.
        """
        with python_words():
            read, decide = read_options(options, self.precision, self.threads)
            found = self.predictor(decide), read, str(as_path(path)), as_shard(shard)
        return file_predictions(*found)

    def explain(
        self,
        sequences: Sequences,
        *,
        names: Iterable[object] | None = None,
        **options: Unpack[ExplainKeywords],
    ) -> Attributions:
        """Returns the attributions of the positions of sequences in memory.

        Args:
            sequences: N of them, as in `predict`.
            names: N names, as in `predict`.
            **options: method, steps, alphabet and unknown, as in `seqnet explain`; target is the class to explain.

        Raises:
            InputError: it is a single sequence, or one is no sequence; or the names are too many or too few.
            AlphabetMismatchError: the sequences are surely of another alphabet than the model's.
            SettingError: there is no such option, its value is not allowed, or the model does not support the method.
        """
        return explain_sequences(self.bundle, self.threads, sequences, names, options)

    def scan(
        self,
        sequence: Any,
        *,
        window: int | None = None,
        stride: int | None = None,
        **options: Unpack[ScanKeywords],
    ) -> Windows:
        """Returns the predictions of the complete windows of one long sequence.

        Args:
            sequence: text, bytes or a `Bio.SeqRecord`.
            window: length of a window; None for that of the model.
            stride: distance between the starts of neighbouring windows; None for the length of a window.
            **options: alphabet, unknown, vote and expected_fraction (class name → fraction), as in `predict`.

        Raises:
            InputError: it is no sequence.
            AlphabetMismatchError: the sequence is surely of another alphabet than the model's.
            SettingError: there is no such option, or its value is not allowed.
        """
        with python_words():
            predictor = self.predictor(scan_options(options, self.precision))
            return scan_sequence(predictor, self.threads, sequence, window, stride)

    def motifs(
        self,
        sequences: Sequences,
        *,
        labels: Iterable[object] | None = None,
        known: str | os.PathLike[str] | None = None,
        **options: Unpack[MotifKeywords],
    ) -> Motifs:
        """Returns the motifs that the model responds to in sequences, the one with the largest influence first.

        Args:
            sequences: N of them, as in `predict`.
            labels: N true classes, None where it is not known; for the share of each with a motif.
            known: file of known motifs in MEME format; the nearest one is named for each motif.
            **options: those of `explain`, and motif_records and others, as in `seqnet explain`.

        Raises:
            SeqnetError: sequences, labels, options or known motifs are wrong; see `explain`.
        """
        return motifs_in(self.bundle, self.threads, sequences, labels, known, options, self.title)

    def words(self, sequences: Sequences, **options: Unpack[WordKeywords]) -> Words:
        """Returns the words that are over-represented in the sequences of a predicted class.

        Args:
            sequences: N of them, as in `predict`.
            **options: word_length, word_q, alphabet and unknown, as in `seqnet explain`.

        Raises:
            SeqnetError: sequences or options are wrong; see `explain`.
        """
        return words_in(self.bundle, self.threads, sequences, options)

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes the model to a file, completely or not at all.

        Args:
            path: the file.
            force: whether an existing file is replaced.

        Raises:
            OutputError: the file exists, or can't be written.
        """
        with python_words(), whole_file(as_path(path), force=force) as temporary:
            write_bundle(temporary, self.bundle)
        self.file = as_path(path)

    def _rows(self, predictor: Predictor, sequences: Sequences, names: Iterable[object] | None) -> PredictedRows:
        """Returns the rows of sequences in memory; see `predict`."""
        inputs = PredictionInputs(ReadOptions(threads=self.threads), predictor.expected_alphabet)
        parts = list(in_batches(inputs, as_records(sequences, names)))
        at_once = min(self.threads, len(parts))
        with computing(self.threads, self.bundle.classifier.device):
            if predictor.options.automatic:
                predictor, _ = fitted_to_records(predictor, parts, at_once)
            rows = PredictedRows.concatenate(list(predict_in_order(predictor, parts, at_once)))
        warn_of_other_alphabet(inputs)
        return rows

    def predictor(self, options: PredictOptions, *, embed: bool = False) -> Predictor:
        """Returns a predictor with these options; that of the last call if they are the same."""
        prepared = self._prepared
        if prepared is None or (prepared.options, prepared.embed) != (options, embed):
            prepared = self._prepared = Predictor(self.bundle, options, embed=embed)
        return prepared

    def __repr__(self) -> str:
        members = len(self.bundle.members)
        kind = f"ensemble of {members} networks" if members > 1 else self.bundle.config.network.name
        return (
            f"<seqnet.Model: {kind}, {self.alphabet} → {' or '.join(self.classes)}; "
            f"{counted(self.bundle.parameter_count, 'parameters')}, {self.precision} on {self.device}>"
        )
