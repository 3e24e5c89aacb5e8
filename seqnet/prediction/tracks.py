"""Scores of windows → bedGraph, BED or bigWig, in genomic coordinates (0-based, half-open).

bedGraph and bigWig have one value per position, so intervals must not overlap. If windows do not overlap, the interval
is the window. If they do (stride < window), it is the middle of the window, `stride` symbols long. BED has the windows
themselves: chromosome, start, end, label, 1000 times the probability as a whole number, strand ".", probability. A
window without a score is in no file.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain, pairwise
from pathlib import Path
from typing import IO, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from seqnet.core.errors import OutputError
from seqnet.core.outputs import temporary_files
from seqnet.core.ragged import Ragged
from seqnet.prediction.text_table import class_words
from seqnet.prediction.windows import Grid
from seqnet.prediction.writers import decimals, joined_lines

__all__ = ["ScoredWindows", "Track", "TrackForm", "interval_of", "opened_track", "track_form"]

_FORMS = {"bedgraph": "bedgraph", "bg": "bedgraph", "bed": "bed", "bw": "bigwig", "bigwig": "bigwig"}


@dataclass(frozen=True)
class TrackForm:
    """Format of a track.

    Attributes:
        kind: bedgraph, bed or bigwig.
        compress: whether text is compressed, with bgzip's blocks, so that tabix can index it.
    """

    kind: str
    compress: bool = False

    @property
    def overlaps(self) -> bool:
        """Whether intervals may overlap and be in any order."""
        return self.kind == "bed"


@dataclass(frozen=True)
class ScoredWindows:
    """N windows with a score, in the order of the input.

    Attributes:
        chromosomes: M names.
        chromosome: (N,) int64, index of the name of each window.
        starts: (N,) int64.
        values: (N,) float64, probability of the chosen class.
        labels: (N,) int64, index of the label.
    """

    chromosomes: Ragged
    chromosome: NDArray[np.int64]
    starts: NDArray[np.int64]
    values: NDArray[np.float64]
    labels: NDArray[np.int64]


class Track(Protocol):
    """Takes windows in the order of the input."""

    def write(self, found: ScoredWindows) -> object:
        """Writes windows."""


def track_form(target: Path) -> TrackForm:
    """Returns the format of a file name.

    Raises:
        OutputError: the name does not end in a known format, or pybigtools is missing.
    """
    name = target.name.lower()
    compress = name.endswith(".gz")
    kind = _FORMS.get(Path(name.removesuffix(".gz")).suffix.removeprefix("."))
    if kind is None or (compress and kind == "bigwig"):
        remedy = "end it in .bedgraph, .bed, .bedgraph.gz, .bed.gz or .bw"
        raise OutputError(str(target), "the name does not end in a known format of tracks", remedy)
    if kind == "bigwig" and find_spec("pybigtools") is None:
        remedy = "install it with pip install 'seqnet[tracks]', or write .bedgraph"
        raise OutputError(str(target), "bigWig needs the package pybigtools, which is not installed", remedy)
    return TrackForm(kind, compress)


def interval_of(grid: Grid) -> tuple[int, int]:
    """Returns the interval of a value in bedGraph and bigWig: distance from the start of its window, and length."""
    if grid.stride >= grid.window:
        return 0, grid.window
    return (grid.window - grid.stride) // 2, grid.stride


@contextmanager
def opened_track(
    target: Path, form: TrackForm, grid: Grid, labels: Sequence[str], sizes: Mapping[str, int]
) -> Iterator[Track]:
    """Yields what writes a track to a file.

    Args:
        target: the file, whatever its name ends in.
        form: its format.
        grid: where windows are.
        labels: the words that labels are indices of.
        sizes: length of each chromosome, for bigWig.
    """
    if form.kind == "bigwig":
        with _IntervalFile.opened() as spool:
            track = _BigWig(spool, grid)
            yield track
            track.convert(target, sizes)
        return
    with _text_file(target, compress=form.compress) as file:
        yield _Bed(file, grid, labels) if form.kind == "bed" else _BedGraph(file, grid)


@contextmanager
def _text_file(target: Path, *, compress: bool) -> Iterator[IO[bytes]]:
    if not compress:
        with target.open("wb") as file:
            yield file
        return
    import pysam

    # A plain gzip could not be indexed.
    with pysam.BGZFile(str(target), "wb", None) as packed:
        yield packed  # type: ignore[misc]


def _starts(found: ScoredWindows, shift: int, length: int) -> list[pa.Array]:
    """Returns the columns chromosome, start and end of intervals as text."""
    text = pa.large_string()
    starts = found.starts + shift
    names = found.chromosomes.to_arrow().take(pa.array(found.chromosome))
    return [names, pa.array(starts).cast(text), pa.array(starts + length).cast(text)]


class _BedGraph:
    """Lines of chromosome, start, end and value."""

    def __init__(self, file: IO[bytes], grid: Grid) -> None:
        self._file, self._interval = file, interval_of(grid)

    def write(self, found: ScoredWindows) -> None:
        """See `Track`."""
        lines = joined_lines([*_starts(found, *self._interval), decimals(found.values)])
        self._file.write(bytes(lines))  # BGZFile takes no memoryview


class _Bed:
    """Lines of chromosome, start, end, label, score, strand and probability."""

    def __init__(self, file: IO[bytes], grid: Grid, labels: Sequence[str]) -> None:
        self._file, self._window, self._labels = file, grid.window, labels

    def write(self, found: ScoredWindows) -> None:
        """See `Track`."""
        scores = pa.array(np.rint(1000 * found.values).astype(np.int64)).cast(pa.large_string())
        strands = pa.repeat(pa.scalar(".", pa.large_string()), len(found.starts))
        words = class_words(self._labels, found.labels)
        columns = [*_starts(found, 0, self._window), words, scores, strands, decimals(found.values)]
        self._file.write(bytes(joined_lines(columns)))  # BGZFile takes no memoryview


class _IntervalFile:
    """Intervals on disk, because a bigWig is written in one go: 12 bytes each.

    Args:
        file: a temporary file.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._parts: list[tuple[str, int]] = []

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[_IntervalFile]:
        """Yields an empty file."""
        with temporary_files(), tempfile.TemporaryFile() as file:
            yield cls(file)

    def add(self, name: str, starts: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Adds intervals of a chromosome."""
        if len(starts):
            self._file.write(starts.astype("<i8").tobytes() + values.astype("<f4").tobytes())
            self._parts.append((name, len(starts)))

    def __iter__(self) -> Iterator[tuple[str, NDArray[np.int64], NDArray[np.float32]]]:
        self._file.seek(0)
        for name, count in self._parts:
            starts = np.frombuffer(self._file.read(8 * count), dtype="<i8")
            yield name, starts, np.frombuffer(self._file.read(4 * count), dtype="<f4")


class _BigWig:
    """Collects intervals and writes them when all are known."""

    def __init__(self, spool: _IntervalFile, grid: Grid) -> None:
        self._spool, (self._shift, self._length) = spool, interval_of(grid)
        self._failure: BaseException | None = None
        self._ended = False

    def write(self, found: ScoredWindows) -> None:
        """See `Track`."""
        names = found.chromosomes.text()
        bounds = np.flatnonzero(np.diff(found.chromosome, prepend=-1, append=-1)).tolist()
        for first, last in pairwise(bounds):
            name = names[int(found.chromosome[first])]
            self._spool.add(name, found.starts[first:last] + self._shift, found.values[first:last])

    def _intervals(self) -> Iterator[tuple[str, int, int, float]]:
        """Yields all intervals; pybigtools ignores errors of an iterator, so they are kept."""
        try:
            for name, starts, values in self._spool:
                for start, value in zip(starts.tolist(), values.tolist(), strict=True):
                    yield name, start, start + self._length, value
        except BaseException as error:
            self._failure = error
            raise
        self._ended = True

    def convert(self, target: Path, sizes: Mapping[str, int]) -> None:
        """Writes the bigWig.

        Raises:
            OutputError: no window has a score, or the file can't be written.
        """
        import pybigtools

        intervals = self._intervals()
        if (first := next(intervals, None)) is None:
            problem = "no window has a score, and a bigWig can't be empty"
            raise OutputError(str(target), problem, "write .bedgraph, or use other windows")
        with tempfile.TemporaryDirectory() as folder:
            # pybigtools takes only names that end in .bw; the file itself has a temporary name.
            link = Path(folder) / "track.bw"
            os.symlink(os.path.abspath(target), link)
            try:
                pybigtools.open(str(link), "w").write(dict(sizes), chain([first], intervals))
                if self._failure:
                    raise self._failure
                if not self._ended:  # pybigtools does not raise all of its errors
                    raise ValueError("the sequences have changed meanwhile")
                pybigtools.open(str(link)).close()
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt | SystemExit):
                    raise
                # If the disk is full, pybigtools panics, which has no error class of its own.
                problem = f"the bigWig can't be written ({type(error).__name__}: {error})"
                raise OutputError(str(target), problem, "check for disk space, or write .bedgraph") from error
