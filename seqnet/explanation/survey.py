"""What motifs and words need of a stream of records: a random sample, and counts of words.

Records may pass by the hundred million: the sample has a fixed size, and counts do not grow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.motifs import WORD_LENGTHS, MotifOptions, WordOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import LabelError
from seqnet.core.printable import quoted
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.datasets.encoding.labelling import LabelFile, Labeller, label_by_column, label_by_regex
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.words import WordCounts
from seqnet.models.bundles import Bundle
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.ordered_map import map_in_order
from seqnet.prediction.tally import Tally
from seqnet.readers.cells import is_missing

__all__ = ["LabelSource", "LabelledInputs", "Sample", "Survey", "survey_records"]


@dataclass(frozen=True)
class LabelSource:
    """Where true classes are read, at most one of three; see `configs.encoding.EncodeOptions`.

    Attributes:
        label_column: column of a table.
        label_regex: expression on the header.
        labels: file of names and classes.
    """

    label_column: str | None = None
    label_regex: str | None = None
    labels: str | None = None

    def given(self) -> bool:
        """Returns whether true classes are read."""
        return any((self.label_column, self.label_regex, self.labels))


class LabelledInputs(PredictionInputs):
    """Reads files like `PredictionInputs`, with the true class of each record.

    Args:
        read: how files are read.
        alphabet: see `PredictionInputs`.
        source: where the classes are.
        classes: the K class names of the model.

    Raises:
        SeqnetError: the expression or the file of labels is wrong.
    """

    def __init__(
        self, read: ReadOptions, alphabet: Alphabet | None, source: LabelSource, classes: Sequence[str]
    ) -> None:
        columns = (*read.columns, source.label_column) if source.label_column else read.columns
        super().__init__(replace(read, columns=columns), alphabet)
        self.source, self.classes = source, classes
        self._file = LabelFile(source.labels) if source.labels else None
        self._labeller("")
        self._waiting: deque[NDArray[np.int64]] = deque()

    def checked(self, place: str, batches: Iterator[RecordBatch]) -> Iterator[RecordBatch]:
        """See `PredictionInputs.checked`.

        Raises:
            LabelError: a label is not a class of the model.
        """
        labeller = self._labeller(place)
        for batch in super().checked(place, batches):
            if labeller is not None:
                self._waiting.append(self._codes(labeller, batch))
            yield batch

    def labels_of(self, count: int) -> NDArray[np.int64] | None:
        """Returns the classes (count,) int64 of the next records, -1 for a missing label; None if none are read."""
        if not self.source.given():
            return None
        parts = []
        while count:
            first = self._waiting.popleft()
            parts.append(first[:count])
            if len(first) > count:
                self._waiting.appendleft(first[count:])
            count -= len(parts[-1])
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def _labeller(self, place: str) -> Labeller | None:
        if self.source.label_regex:
            return label_by_regex(self.source.label_regex, place)
        if self._file:
            return self._file.labeller()
        return label_by_column(self.source.label_column, place) if self.source.label_column else None

    def _codes(self, labeller: Labeller, batch: RecordBatch) -> NDArray[np.int64]:
        known = {name: index for index, name in enumerate(self.classes)}
        codes = np.full(len(batch), -1, dtype=np.int64)
        for row, written in enumerate(labeller.find(batch)):
            label = written.strip()
            if not is_missing(label):
                if label not in known:
                    problem = f"{labeller.origin} has the class {quoted(label)}, which the model does not have"
                    raise LabelError(labeller.place, problem, f"its classes are {', '.join(self.classes)}")
                codes[row] = known[label]
        return codes


@dataclass(frozen=True)
class Sample:
    """Records that were drawn at random.

    Attributes:
        tokens: M token sequences, in input order.
        predicted: (M,) int64, predicted class.
        labels: (M,) int64, true class, -1 where it is not known; None if none is.
        seen: number of records with a prediction that they were drawn from.
    """

    tokens: Ragged
    predicted: NDArray[np.int64]
    labels: NDArray[np.int64] | None
    seen: int


class Survey:
    """Takes predicted records, batch by batch.

    Args:
        bundle: the model that predicted them.
        motifs: how many are sampled; None for none.
        words: how words are counted; None for not at all.

    Raises:
        SettingError: words are too long for the alphabet.

    Attributes:
        words: counts of words so far; None if none are counted.
    """

    def __init__(self, bundle: Bundle, motifs: MotifOptions | None, words: WordOptions | None) -> None:
        self._most = motifs.motif_records if motifs else 0
        self._rng = np.random.default_rng(motifs.seed if motifs else 0)
        self._tokens = Ragged.from_strings(list[bytes]())
        self._keys, self._predicted, self._labels = np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64)
        self._labelled, self._seen = False, 0
        self.words: WordCounts | None = None
        if words:
            k = words.word_length or WORD_LENGTHS[bundle.alphabet.name]
            both = bundle.both_strands
            self.words = WordCounts(bundle.alphabet, len(bundle.classes), k, both_strands=both)

    def add(self, tokens: Ragged, predicted: NDArray[np.int64], labels: NDArray[np.int64] | None) -> None:
        """Takes N records.

        Args:
            tokens: N token sequences.
            predicted: (N,) int64, predicted class; -1 for a record without a prediction, which is left out.
            labels: (N,) int64, true class or -1; None if it is not known.
        """
        if self.words:
            self.words.add(tokens, predicted)
        if self._most:
            self._draw(tokens, predicted, labels)

    def _draw(self, tokens: Ragged, predicted: NDArray[np.int64], labels: NDArray[np.int64] | None) -> None:
        """Keeps those records that have the smallest of one random number for each record."""
        usable = np.flatnonzero(predicted >= 0)
        self._seen += len(usable)
        keys = self._rng.random(len(usable))
        if len(self._keys) == self._most:
            chosen = np.flatnonzero(keys < self._keys.max())
            usable, keys = usable[chosen], keys[chosen]
        if not len(usable):
            return
        self._labelled |= labels is not None
        true = np.full(len(predicted), -1) if labels is None else labels
        keys = np.concatenate([self._keys, keys])
        kept = np.sort(np.argsort(keys, kind="stable")[: self._most])
        self._tokens = Ragged.concatenate([self._tokens, tokens.take(usable)]).take(kept)
        self._keys = keys[kept]
        self._predicted = np.concatenate([self._predicted, predicted[usable]])[kept]
        self._labels = np.concatenate([self._labels, true[usable]])[kept]

    def sample(self) -> Sample:
        """Returns the sample so far."""
        return Sample(self._tokens, self._predicted, self._labels if self._labelled else None, self._seen)


def survey_records(
    explainer: Explainer,
    inputs: LabelledInputs,
    paths: Sequence[str],
    survey: Survey,
    progress: Callable[[int], object] = lambda records: None,
) -> Tally:
    """Predicts the records of some files, gives them to a survey, and returns their counts.

    Args:
        explainer: has the model.
        inputs: reads the files.
        paths: the files.
        survey: takes the records.
        progress: called with the number of further records that are done.

    Raises:
        SeqnetError: a file can't be read, or a label is not a class of the model.
        OSError: a file can't be opened or read.
    """
    predictor, tally = explainer.predictor, Tally()
    device = explainer.bundle.classifier.device

    def work(item: tuple[str, RecordBatch]) -> tuple[Tally, Ragged, NDArray[np.int64]]:
        tokenized = predictor.tokens_of(item[1])
        rows = predictor.predict_tokens(item[1].names, tokenized, item[0])
        return Tally.of(rows), tokenized.tokens, rows.labels

    workers = inputs.read.threads if device.type == "cpu" else 1
    found = map_in_order(work, inputs.batches(paths), workers, device, size=lambda item: len(item[1].symbols.data))
    with closing(found) as done:
        for counted, tokens, predicted in done:
            survey.add(tokens, predicted, inputs.labels_of(len(predicted)))
            tally.add(counted)
            progress(counted.counts.total())
    return tally
