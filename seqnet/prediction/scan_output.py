"""Scores of windows → rows and a track, written completely or not at all."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np

from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import FormatError, InputError
from seqnet.core.printable import counted, quoted
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.prediction.decision import UNCERTAIN
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.outputs import Output, Start, Writer
from seqnet.prediction.scanning import Located, ScannedPiece, ScannedRecords, Scanner
from seqnet.prediction.scans import WHOLE, Scan
from seqnet.prediction.streaming import opened_outputs
from seqnet.prediction.tally import Tally
from seqnet.prediction.tracks import Track, TrackForm, opened_track
from seqnet.prediction.windows import Grid, WindowStatus
from seqnet.readers.regions import IndexedFasta, Region

__all__ = ["ScanTally", "TrackOutput", "located_records", "located_regions", "sizes_of", "window_lines", "write_scan"]

_READS = {"fastq": "FASTQ", "sam": "SAM, BAM or CRAM"}
_BLANK = re.compile(rb"\s")


@dataclass
class TrackOutput:
    """A track of the scores of windows; see `outputs.Output`. Rows of records are not part of it.

    Attributes:
        target: the file.
        form: its format.
        grid: where windows are.
        sizes: length of each chromosome; empty unless the format is bigWig.
        track: takes the windows, while the output is open.
    """

    target: Path
    form: TrackForm
    grid: Grid
    sizes: Mapping[str, int]
    track: Track | None = None

    def targets(self, start: Start) -> list[Path]:
        """See `outputs.Output`."""
        return [self.target]

    @contextmanager
    def opened(self, paths: Sequence[Path], start: Start) -> Iterator[Writer]:
        """See `outputs.Output`."""
        labels = (*start.bundle.classes, UNCERTAIN)
        with opened_track(paths[0], self.form, self.grid, labels, self.sizes) as self.track:
            yield Writer(lambda batch, rows: None, lambda nothing: None)


@dataclass
class ScanTally:
    """Counts of windows and records.

    Attributes:
        rows: of the records.
        windows: `WindowStatus` → number of windows.
        long: records with windows.
        rest: symbols of incomplete windows at the ends of these.
    """

    rows: Tally = field(default_factory=Tally)
    windows: Counter[WindowStatus] = field(default_factory=Counter)
    long: int = 0
    rest: int = 0

    def add_windows(self, found: ScannedPiece) -> None:
        """Adds the windows of a piece."""
        counts = np.bincount(found.status, minlength=len(WindowStatus))
        self.windows.update({status: int(counts[status]) for status in WindowStatus if counts[status]})

    def add_records(self, found: ScannedRecords) -> None:
        """Adds the records of a batch."""
        self.rows.add(Tally.of(found.rows))
        self.long += found.long
        self.rest += found.rest

    def add(self, following: ScanTally) -> None:
        """Adds the counts of the files that follow."""
        self.rows.add(following.rows)
        self.windows.update(following.windows)
        self.long += following.long
        self.rest += following.rest

    @property
    def short(self) -> int:
        """Number of records that are shorter than a window."""
        return self.rows.counts.total() - self.long


def located_records(inputs: PredictionInputs, paths: Sequence[str], *, track: bool) -> Generator[Located, None, None]:
    """Yields the records of files; each is a chromosome, or contig, of its own.

    Args:
        inputs: reads the files.
        paths: the files.
        track: whether records must have coordinates for a track: they are not reads, and names are unique.

    Raises:
        SeqnetError: a file can't be read, or a track can't have its records.
        OSError: a file can't be opened or read.
    """
    known: set[bytes] = set()
    for place, batch in inputs.batches(paths):
        if track:
            _check_format(place, inputs.format)
            _check_names(place, batch.names, known)
        yield Located.whole(place, batch)
        del batch


def _check_format(place: str, form: str | None) -> None:
    """Refuses reads, which have no coordinates of their own.

    Raises:
        FormatError: the file has reads.
    """
    if form in _READS:
        problem = f"--track is for genomes and contigs; this is {_READS[form]}, whose records are reads"
        raise FormatError(problem, "leave out --track, or give a FASTA of longer sequences", path=place)


def _check_names(place: str, names: Ragged, known: set[bytes]) -> None:
    """Adds names to the known ones.

    Raises:
        FormatError: a name can't be that of a chromosome.
    """
    for index in range(len(names)):
        name = names[index]
        text = name.decode(errors="replace")
        if name in known:
            problem = f"two records are named {quoted(text)}, so that a track can't distinguish them"
            raise FormatError(problem, "give each record a different name, or leave out --track", path=place)
        if not name or _BLANK.search(name):
            problem = f"a record is named {quoted(text)}, which can't be the name of a chromosome in a track"
            raise FormatError(problem, "use names without blanks, or leave out --track", path=place)
        known.add(name)


def sizes_of(inputs: PredictionInputs, paths: Sequence[str]) -> dict[str, int]:
    """Returns the length of each record of files, by reading them.

    Raises:
        SeqnetError: a file can't be read, or a track can't have its records.
        OSError: a file can't be opened or read.
    """
    found: dict[str, int] = {}
    for located in located_records(inputs, paths, track=True):
        found |= zip(located.batch.names.text(), located.batch.symbols.lengths.tolist(), strict=True)
        del located
    return found


def located_regions(
    inputs: PredictionInputs, fasta: IndexedFasta, regions: Sequence[Region]
) -> Generator[Located, None, None]:
    """Yields regions as records.

    Raises:
        SeqnetError: the file can't be read, or is of another alphabet.
    """
    some: deque[Sequence[Region]] = deque()

    def batches() -> Iterator[RecordBatch]:
        for lines, batch in fasta.batches(regions, inputs.read.batch_bytes):
            some.append(lines)
            yield batch

    for batch in inputs.checked(fasta.path, batches()):
        lines = some.popleft()
        origins = np.array([region.start for region in lines], dtype=np.int64)
        yield Located(fasta.path, batch, Ragged.from_strings([region.name for region in lines]), origins)


def write_scan(
    scanner: Scanner,
    records: Generator[Located, None, None],
    outputs: Sequence[Output],
    track: TrackOutput | None,
    *,
    threads: int,
    force: bool = False,
    progress: Callable[[int, float], object] = lambda windows, share: None,
) -> ScanTally:
    """Writes outputs of the rows of records and, if wanted, a track, and returns the counts.

    Args:
        scanner: scores windows.
        records: the records.
        outputs: outputs of the rows.
        track: output of the windows.
        threads: of the CPU.
        force: whether existing files are replaced.
        progress: called with the number of further windows that are done, and their share of the windows read so far.

    Raises:
        SeqnetError: a file can't be read, an output can't be written, or no record has a window.
        OSError: a file can't be opened or read.
    """
    # Read before anything is written, so that standard output gets no header of a file that can't be read.
    first = next(records, None)
    # Only outputs of records in their own format need the first batch, which may be a chromosome.
    needed = first is not None and first.batch.originals is not None
    start = Start(scanner.predictor.bundle, first.batch if first and needed else None)
    every: Iterable[Located] = chain([] if first is None else [first], records)
    del first  # not kept: it may be a chromosome
    tally = ScanTally()
    with opened_outputs([*outputs, *([track] if track else [])], start, force) as writers:
        del start
        for found in scanner.scanned(every, threads):
            if isinstance(found, ScannedPiece):
                if track and track.track:
                    track.track.write(scanner.scored_windows(found))
                tally.add_windows(found)
                progress(len(found.status), scanner.done / scanner.drawn)
            else:
                for writer in writers:
                    writer.write(writer.render(found.batch, found.rows))
                tally.add_records(found)
            del found
        if track and not tally.long and tally.rows.counts:
            problem = f"no record is as long as the window of {scanner.scan.grid.window:,}"
            raise InputError(problem, "choose a shorter --window, or leave out --track")
    return tally


def window_lines(scan: Scan, tally: ScanTally, alphabet: Alphabet, *, track: bool) -> list[str]:
    """Returns the lines about the windows.

    Args:
        scan: what was scanned.
        tally: the counts.
        alphabet: of the model.
        track: whether their scores are written.
    """
    if scan.grid == WHOLE:
        return []
    grid, unit = scan.grid, "bases" if alphabet.name != "protein" else "residues"
    total = tally.windows.total()
    why = ", ".join(
        f"{count:,} {status.word}" for status, count in sorted(tally.windows.items()) if status != WindowStatus.SCORED
    )
    missing = total - tally.windows[WindowStatus.SCORED]
    line = f"{counted(total, 'windows')} of {grid.window:,} {unit}, every {grid.stride:,}"
    lines = [line + (f"; {missing:,} without a score: {why}" if missing else "")]
    if tally.rest:
        ends = f"{counted(tally.rest, unit)} at the ends of {counted(tally.long, 'records')}"
        lines.append(f"partial windows are not scored: {ends}")
    if tally.short:
        beside = "; not in the track" if track else ""
        lines.append(f"{counted(tally.short, 'records')} shorter than a window, predicted as a whole{beside}")
    return lines
