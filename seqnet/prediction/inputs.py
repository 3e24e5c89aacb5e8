"""Files → record batches for a model; sequences that surely have another alphabet are refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from seqnet.configs.readers import ReadOptions
from seqnet.core.alphabets import Alphabet
from seqnet.core.records import RecordBatch
from seqnet.datasets.alphabet_check import check_alphabet, sample_symbols
from seqnet.prediction.mate_files import interleaved
from seqnet.readers import open_records, shared_options, shown_path
from seqnet.readers.parts import PartOfFile, Shard, shard_parts
from seqnet.readers.record_reader import EMPTY

__all__ = ["PredictionInputs"]


class PredictionInputs:
    """Reads the records of files, one file after the other.

    Args:
        read: how files are read.
        alphabet: that of the model; None if the user has named it.
        mate_files: whether two files are read side by side, one of first and one of second mates; `read` must ask for
            originals.
        shard: the shard of the files to read; None for all records.

    Attributes:
        shard: as given.
        records: each file so far, and the number of its records.
        skipped: reads that are no records of their own (secondary alignments, say), by reason, so far.
        passed: bytes of the files, as they are stored, that were read so far; None where that is not known.
        empty: each file so far that has no records, and why.
        notes: notes about files so far: the file, and the note.
        format: name of the format of the last file; None before the first.
        doubts: files so far whose symbols look like another alphabet than that of the model, but may be of it.
    """

    def __init__(
        self, read: ReadOptions, alphabet: Alphabet | None, *, mate_files: bool = False, shard: Shard | None = None
    ) -> None:
        self.read = read
        self.shard = shard
        self.alphabet = alphabet
        self.records: Counter[str] = Counter()
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
        self.read = shared_options(paths, self.read)
        if not self._mate_files:
            yield from self._one_by_one(paths)
            return
        self.passed = None
        one, two = paths
        with closing(self._one_by_one([one])) as first, closing(self._one_by_one([two])) as second:
            yield from interleaved(first, second)

    def _one_by_one(self, paths: Sequence[str]) -> Generator[tuple[str, RecordBatch], None, None]:
        every = [PartOfFile(path, 0, None) for path in paths]
        for part in every if self.shard is None else shard_parts(paths, self.shard):
            place, read = shown_path(part.path), part.options(self.read)
            if part.start:
                self._check_head(part.path)
            with open_records(part.path, read) as reader:
                before, self.format = self.passed, reader.format
                self.records[place] += 0
                for batch in iter(reader) if part.start else self.checked(place, iter(reader)):
                    passed = reader.passed
                    self.passed = None if before is None or passed is None else before + passed
                    self.records[place] += len(batch)
                    yield place, batch
                self.skipped.update(reader.skipped)
                self.notes += [(place, note) for note in reader.notes]
                if reader.why_empty and (reader.format == EMPTY or not read.has_part):
                    self.empty.append((place, reader.why_empty))

    def _check_head(self, path: str) -> None:
        """Checks the first symbols of a file if another part of it is read."""
        with open_records(path, replace(self.read, reader_process="never")) as reader:
            next(self.checked(shown_path(path), iter(reader)), None)

    def checked(self, place: str, batches: Iterator[RecordBatch]) -> Iterator[RecordBatch]:
        """Yields record batches, after checking the alphabet of their first symbols.

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
