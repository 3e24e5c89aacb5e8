"""Files with records of the input, sorted by their predicted classes: one for each class, or one of chosen classes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.prediction import SortingOptions
from seqnet.core.errors import OutputError, SettingError
from seqnet.core.originals import Form
from seqnet.core.records import RecordBatch
from seqnet.prediction.decision import Decider
from seqnet.prediction.destinations import Sorter
from seqnet.prediction.outputs import Start, Writer
from seqnet.prediction.record_streams import (
    FORM_NAMES,
    RecordStream,
    beginning_of,
    check_beginning,
    is_pipe,
    opened_stream,
    single_entries,
)
from seqnet.prediction.rows import PredictedRows

__all__ = ["UNCLASSIFIED", "Counts", "FileCount", "KeptRecords", "Sorting", "SplitRecords", "possible_files"]

UNCLASSIFIED = "unclassified"
"""Name of the file of records without a class."""

_ENDINGS: dict[Form, tuple[str, ...]] = {
    "fasta": (".fa", ".fasta", ".fna", ".ffn", ".faa", ".fas"),
    "fastq": (".fq", ".fastq"),
    "bam": (".bam",),
}
"""Endings of file names; files by class have the first one."""
_COMPRESSED = (".gz", ".bgz")
_MATES = ("_1", "_2")
_UNSAFE = re.compile(r"[^\w.+=@-]|^[.-]")


class FileCount(NamedTuple):
    """Numbers of what was written to one file.

    Attributes:
        target: the file; None for standard output.
        records: number of records.
        others: number of alignments that are no records of their own.
    """

    target: Path | None
    records: int
    others: int

    def added(self, records: int, others: int) -> FileCount:
        """Returns the sums."""
        return FileCount(self.target, self.records + records, self.others + others)


@dataclass
class Counts:
    """Counts of what was written.

    Attributes:
        files: what each file has.
        left_out: numbers of records and alignments that are in no file.
        alone: number of templates with one mate, without the other one next to it.
    """

    files: list[FileCount] = field(default_factory=list)
    left_out: FileCount = field(default_factory=lambda: FileCount(None, 0, 0))
    alone: int = 0


class Sorting(NamedTuple):
    """How records are sorted.

    Attributes:
        options: options of the user.
        decider: makes labels of probabilities.
        command: the command line, for the header of a BAM.
    """

    options: SortingOptions
    decider: Decider
    command: str


@dataclass(frozen=True)
class SplitRecords:
    """One file for each class, and one for records without a class; see `outputs.Output`.

    Attributes:
        directory: where the files are made.
        sorting: how records are sorted.
        counts: of what was written, complete at the end.
    """

    directory: Path
    sorting: Sorting
    counts: Counts = field(default_factory=Counts)

    def targets(self, start: Start) -> list[Path]:
        """See `outputs.Output`.

        Raises:
            OutputError: two classes would be written to one file.
        """
        first = beginning_of(start)
        ending = _ENDINGS[first.form][0] + (_COMPRESSED[0] if first.compressed and first.form != "bam" else "")
        stems = self._stems(start.bundle.classes)
        return [self.directory / (stem + mate + ending) for stem in stems for mate in self._mates]

    @property
    def _mates(self) -> tuple[str, ...]:
        """Ends of the names of the files of a class."""
        return _MATES if self.sorting.options.pairs == "files" else ("",)

    def _stems(self, classes: Sequence[str]) -> list[str]:
        """Returns the names of the files without endings, safe for any file system."""
        stems: dict[str, str] = {}
        for name in (*classes, UNCLASSIFIED):
            stem = _UNSAFE.sub("_", name)
            # Some file systems do not distinguish upper and lower case.
            if (other := stems.setdefault(stem.casefold(), name)) != name or (name in classes and name == UNCLASSIFIED):
                problem = f"the classes {other} and {name} would both be written to {stem}"
                if UNCLASSIFIED in (other, name):
                    problem = f"the file of class {other} would have the name of the file for records without a class"
                raise OutputError(str(self.directory), problem, "use --keep CLASS --kept FILE for one class at a time")
        return [_UNSAFE.sub("_", name) for name in (*classes, UNCLASSIFIED)]

    @contextmanager
    def opened(self, paths: Sequence[Path], start: Start) -> Iterator[Writer]:
        """See `outputs.Output`."""
        first = beginning_of(start)
        compress = first.compressed or first.form == "bam"
        files = len(self._mates)
        places = [
            _Place(path, [index // files], index % files + 1 if files > 1 else 0) for index, path in enumerate(paths)
        ]
        with _written(self.sorting, places, start, self.counts, compress=compress) as writer:
            yield writer
        self.counts.files[:] = [
            count._replace(target=target) for count, target in zip(self.counts.files, self.targets(start), strict=True)
        ]


def possible_files(directory: Path, classes: Sequence[str]) -> list[list[Path]]:
    """Returns the sets of files that `SplitRecords` may write in a directory; one for each format."""
    stems = [_UNSAFE.sub("_", name) for name in (*classes, UNCLASSIFIED)]
    endings = [own[0] + more for own in _ENDINGS.values() for more in ("", _COMPRESSED[0])]
    return [
        [directory / (stem + mate + ending) for stem in stems for mate in mates]
        for ending in endings
        for mates in ([""], _MATES)
    ]


@dataclass(frozen=True)
class KeptRecords:
    """One file of the records of some classes; see `outputs.Output`.

    Attributes:
        target: the file; None for standard output.
        keep: the classes.
        sorting: how records are sorted.
        counts: of what was written, complete at the end.
    """

    target: Path | None
    keep: Sequence[str]
    sorting: Sorting
    counts: Counts = field(default_factory=Counts)

    def targets(self, start: Start) -> list[Path]:
        """See `outputs.Output`.

        Raises:
            SettingError: a class is unknown.
            OutputError: the file name is for another format than that of the input.
        """
        for name in self.keep:
            if name not in start.bundle.classes:
                raise SettingError("predict.keep", name, choices=start.bundle.classes)
        form = beginning_of(start).form
        if not is_pipe(self.target):
            assert self.target is not None
            name = self.target.name.lower()
            more = ("", *_COMPRESSED) if form != "bam" else ("",)
            if not name.endswith(tuple(ending + last for ending in _ENDINGS[form] for last in more)):
                known = " or ".join(own + last for own in _ENDINGS[form][:2] for last in more[:2])
                problem = f"the records are {FORM_NAMES[form]}, and the file name does not match"
                raise OutputError(str(self.target), problem, f"end it in {known}")
        return [] if self.target is None else [self.target]

    @contextmanager
    def opened(self, paths: Sequence[Path], start: Start) -> Iterator[Writer]:
        """See `outputs.Output`."""
        pipe = is_pipe(self.target)
        compress = not pipe and (beginning_of(start).form == "bam" or str(self.target).lower().endswith(_COMPRESSED))
        places = [_Place(paths[0] if paths else None, [start.bundle.classes.index(name) for name in self.keep])]
        with _written(self.sorting, places, start, self.counts, compress=compress) as writer:
            yield writer
        self.counts.files[0] = self.counts.files[0]._replace(target=self.target)


class _Place(NamedTuple):
    """The entries of one file.

    Attributes:
        path: the file; None for standard output.
        classes: the indices of its classes.
        mate: 1 or 2 for these mates only; 0 for all.
    """

    path: Path | None
    classes: Sequence[int]
    mate: int = 0


class _Part(NamedTuple):
    """The encoded entries of one batch.

    Attributes:
        pieces: for each file: the encoded entries, the number of records, and that of other alignments.
        left_out: numbers of the records and other alignments that no file has.
        alone: as in `Counts`.
    """

    pieces: list[tuple[bytes, int, int]]
    left_out: tuple[int, int]
    alone: int


@contextmanager
def _written(
    sorting: Sorting,
    places: Sequence[_Place],
    start: Start,
    counts: Counts,
    *,
    compress: bool,
) -> Iterator[Writer]:
    """Yields what writes the entries of the given classes to each place, and counts them."""
    first, sorter = beginning_of(start), Sorter(sorting.options, sorting.decider, start)
    chosen = np.zeros((len(places), len(start.bundle.classes) + 1), dtype=bool)
    for row, place in zip(chosen, places, strict=True):
        row[list(place.classes)] = True
    counts.files[:] = [FileCount(place.path, 0, 0) for place in places]
    with ExitStack() as stack:
        streams = [
            stack.enter_context(opened_stream(place.path, first, sorting.command, compress=compress))
            for place in places
        ]

        def render(batch: RecordBatch, rows: PredictedRows) -> _Part:
            originals = batch.originals
            assert originals is not None
            check_beginning(first, originals)
            found = sorter.destinations(originals, rows)
            inside: NDArray[np.bool_] = chosen[:, found.classes]  # (F, M)
            for own, place in zip(inside, places, strict=True):
                own &= (originals.mates == place.mate) | (place.mate == 0)
            is_record = originals.records >= 0
            pieces = _pieces(streams, single_entries(originals.entries), inside, is_record)
            return _Part(pieces, _numbers(np.logical_not(inside.any(axis=0)), is_record), found.alone)

        def write(part: _Part) -> None:
            for place, (data, *numbers) in enumerate(part.pieces):
                streams[place].write(data)
                counts.files[place] = counts.files[place].added(*numbers)
            counts.left_out = counts.left_out.added(*part.left_out)
            counts.alone += part.alone

        yield Writer(render, write)


def _pieces(
    streams: Sequence[RecordStream], entries: Sequence[bytes], inside: NDArray[np.bool_], is_record: NDArray[np.bool_]
) -> list[tuple[bytes, int, int]]:
    """Returns for each of F streams the encoded entries that are `inside` (F, M) bool, and the numbers of records."""
    return [
        (stream.encode(b"".join(itertools.compress(entries, own.tolist()))), *_numbers(own, is_record))
        for stream, own in zip(streams, inside, strict=True)
    ]


def _numbers(chosen: NDArray[np.bool_], is_record: NDArray[np.bool_]) -> tuple[int, int]:
    """Returns the numbers of records and of other alignments among M entries."""
    records = int(np.count_nonzero(chosen & is_record))
    return records, int(np.count_nonzero(chosen)) - records
