"""Files → record batches for a model, refused where they are surely of another alphabet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

from seqnet.configs.readers import ReadOptions
from seqnet.core.alphabets import Alphabet
from seqnet.core.records import RecordBatch
from seqnet.datasets.alphabet_check import check_alphabet, sample_symbols
from seqnet.prediction.mate_files import interleaved
from seqnet.readers import open_records, spoken_path

__all__ = ["PredictionInputs"]


class PredictionInputs:
    """Reads the records of files, one file after the other.

    Args:
        read: how files are read.
        alphabet: that of the model; None where the user has said that the records are of it.
        mate_files: whether two files are read side by side, one of first and one of second mates; `read` must ask for
            originals.

    Attributes:
        skipped: reads that are no records of their own (secondary alignments, say), by reason, so far.
        passed: bytes of the files, as they are stored, that were read so far; None where that is not known.
        empty: each file so far that has no records, and why.
        notes: each thing worth a note about a file so far: the file, and the note.
        format: name of the format of the last file; None before the first.
        doubts: each file so far whose symbols look like another alphabet, and which; they may be of the model's.
    """

    def __init__(self, read: ReadOptions, alphabet: Alphabet | None, *, mate_files: bool = False) -> None:
        self.read = read
        self.alphabet = alphabet
        self._mate_files = mate_files
        self.skipped: Counter[str] = Counter()
        self.passed: int | None = 0
        self.format: str | None = None
        self.empty: list[tuple[str, str]] = []
        self.notes: list[tuple[str, str]] = []
        self.doubts: list[tuple[str, str]] = []

    def batches(self, paths: Sequence[str]) -> Generator[tuple[str, RecordBatch], None, None]:
        """Yields the records of files, batch by batch, each with what messages call its file.

        Raises:
            SeqnetError: a file can't be read, or holds sequences of another alphabet.
            OSError: a file can't be opened or read.
        """
        if not self._mate_files:
            yield from self._one_by_one(paths)
            return
        self.passed = None
        one, two = paths
        with closing(self._one_by_one([one])) as first, closing(self._one_by_one([two])) as second:
            yield from interleaved(first, second)

    def _one_by_one(self, paths: Sequence[str]) -> Generator[tuple[str, RecordBatch], None, None]:
        for path in paths:
            place = spoken_path(path)
            with open_records(path, self.read) as reader:
                before, self.format = self.passed, reader.format
                for batch in self.checked(place, iter(reader)):
                    passed = reader.passed
                    self.passed = None if before is None or passed is None else before + passed
                    yield place, batch
                self.skipped.update(reader.skipped)
                self.notes += [(place, note) for note in reader.notes]
                if reader.nothing:
                    self.empty.append((place, reader.nothing))

    def checked(self, place: str, batches: Iterator[RecordBatch]) -> Iterator[RecordBatch]:
        """Yields record batches, once their first symbols are known not to be of another alphabet.

        Args:
            place: what messages call the source of the records.
            batches: the records.

        Raises:
            AlphabetMismatchError: the symbols surely have another alphabet.
        """
        if self.alphabet is not None:
            first, symbols = sample_symbols(batches)
            if doubt := check_alphabet(place, symbols, self.alphabet):
                self.doubts.append((place, doubt))
            while first:
                yield first.pop(0)  # not kept: it may be a chromosome
        yield from batches
