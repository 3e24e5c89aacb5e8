"""Regions of an indexed FASTA: a BED file and a FASTA → record batches, one record for each region.

Only the regions of the FASTA are read. Coordinates of BED are 0-based and half-open. A record is named like a region
of samtools, `NAME:START-END`, 1-based and inclusive.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from seqnet.core.errors import FormatError, OutputError
from seqnet.core.outputs.partial_files import PartFile
from seqnet.core.printable import counted
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.readers.inputs import Input
from seqnet.readers.record_reader import shown_path

__all__ = ["IndexedFasta", "Region", "check_order", "read_regions"]

_NO_REGIONS = (b"#", b"track", b"browser")
_GZIP = b"\x1f\x8b"
_INDEX_OPTIONS = ("--fai-idx", "--gzi-idx")
"""Options of samtools faidx that name the files of an index: of any FASTA, and of a compressed one."""


class Region(NamedTuple):
    """A line of a BED file.

    Attributes:
        name: chromosome.
        start: 0-based start.
        stop: end, not included.
        line: 1-based number of the line.
    """

    name: str
    start: int
    stop: int
    line: int

    @property
    def text(self) -> str:
        """The region as samtools writes it."""
        return f"{self.name}:{self.start + 1}-{self.stop}"


def read_regions(path: str, sizes: Mapping[str, int]) -> list[Region]:
    """Returns the regions in a BED file, compressed or not, in the order of the file.

    Args:
        path: the file, or `-` for stdin.
        sizes: length of each sequence that there is.

    Raises:
        FormatError: a line is not valid, or its region is not in the sequences; or there is no region.
        OSError: the file can't be opened or read.
    """
    found: list[Region] = []
    with closing(Input(path)) as source:
        try:
            for number, text in enumerate(source.text(), 1):
                if text.strip() and not text.startswith(_NO_REGIONS):
                    found.append(_region(text, number, sizes))
            if not found:
                raise FormatError("the file has no regions", "give a BED file with chromosome, start and end")
        except FormatError as error:
            error.at(shown_path(path))
            raise
    return found


def _region(text: bytes, line: int, sizes: Mapping[str, int]) -> Region:
    """Returns the region of a line of BED.

    Raises:
        FormatError: the line is not valid, or the region is not in the sequences.
    """
    fields = text.rstrip(b"\r\n").split(b"\t") if b"\t" in text else text.split()
    form = "a line is CHROMOSOME, START and END, separated by tabs"
    if len(fields) < 3:
        raise FormatError("fewer than 3 columns", form, line=line)
    name = fields[0].decode(errors="replace")
    if not (fields[1].isdigit() and fields[2].isdigit()):
        raise FormatError("start and end must be whole numbers", form, line=line)
    start, stop = int(fields[1]), int(fields[2])
    if start >= stop:
        raise FormatError(f"start {start:,} is not before end {stop:,}", "BED is 0-based and half-open", line=line)
    if name not in sizes:
        some = ", ".join(list(sizes)[:3]) + (", ..." if len(sizes) > 3 else "")
        raise FormatError(f"the FASTA has no sequence {name}", f"use its names: {some}", line=line)
    if stop > sizes[name]:
        problem = f"end {stop:,} is beyond the end of {name}, which has {counted(sizes[name], 'symbols')}"
        raise FormatError(problem, "use a BED file for this genome", line=line)
    return Region(name, start, stop, line)


def check_order(path: str, regions: Sequence[Region]) -> None:
    """Checks that regions are sorted and do not overlap, as the values of a bedGraph must be.

    Raises:
        FormatError: a region overlaps the one before it, or is behind it; or a chromosome comes twice.
    """
    done: set[str] = set()
    before: Region | None = None
    for region in regions:
        same = before is not None and before.name == region.name
        if region.name in done or (same and before is not None and region.start < before.stop):
            problem = "the region overlaps an earlier one, or is not in order"
            remedy = "sort and merge: sort -k1,1 -k2,2n FILE | bedtools merge; or write the track as .bed"
            raise FormatError(problem, remedy, path=shown_path(path), line=region.line)
        if before is not None and not same:
            done.add(before.name)
        before = region


class IndexedFasta:
    """A FASTA of which any part can be read; a context manager that closes it.

    Without an index one is made, as samtools faidx makes it: `FILE.fai`, and `FILE.gzi` for bgzip.

    Args:
        path: the file.

    Attributes:
        path: as given.
        sizes: name → length of each sequence, in file order.
        made: whether the index was made.

    Raises:
        FormatError: the file is not a FASTA, is compressed with gzip and not bgzip, or its index is older.
        OutputError: the index can't be written.
        OSError: the file can't be opened.
    """

    def __init__(self, path: str) -> None:
        import pysam

        self.path = path
        about = os.stat(path)
        with open(path, "rb") as file:
            packed = file.read(2) == _GZIP
        indices = [Path(path + ending) for ending in ((".fai", ".gzi") if packed else (".fai",))]
        self.made = not all(index.exists() for index in indices)
        for index in [] if self.made else indices:
            if index.stat().st_mtime < about.st_mtime:
                raise FormatError(f"its index {index} is older than the file", _remedy(path), path=path)
        verbosity = pysam.set_verbosity(0)
        try:
            if self.made:
                _make(path, indices)
            self._file = pysam.FastaFile(path)
        except (OSError, ValueError) as error:
            raise FormatError(f"its index can't be read ({error})", _remedy(path), path=path) from error
        finally:
            pysam.set_verbosity(verbosity)
        self.sizes: dict[str, int] = dict(zip(self._file.references, self._file.lengths, strict=True))

    def batches(self, regions: Sequence[Region], size: int) -> Iterator[tuple[Sequence[Region], RecordBatch]]:
        """Yields regions, in batches of about `size` symbols, and their sequences.

        Raises:
            FormatError: the file has fewer symbols than its index says.
        """
        first = 0
        while first < len(regions):
            last, symbols = first + 1, regions[first].stop - regions[first].start
            while last < len(regions) and symbols < size:
                symbols += regions[last].stop - regions[last].start
                last += 1
            some = regions[first:last]
            names = Ragged.from_strings([region.text for region in some])
            yield some, RecordBatch(names, Ragged.from_strings([self._symbols(one) for one in some]), names)
            first = last

    def _symbols(self, region: Region) -> str:
        found = str(self._file.fetch(region.name, region.start, region.stop))
        if len(found) != region.stop - region.start:
            raise FormatError(
                f"its index does not fit: {region.text} can't be read", _remedy(self.path), path=self.path
            )
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _remedy(path: str) -> str:
    return f"make it again: samtools faidx {path}"


def _make(path: str, indices: Sequence[Path]) -> None:
    """Writes the index of a FASTA.

    Raises:
        FormatError: the file can't be indexed.
        OutputError: the index can't be written.
    """
    import pysam

    parts = [PartFile.of(index) for index in indices]
    words = [word for option, part in zip(_INDEX_OPTIONS, parts, strict=False) for word in (option, str(part.path))]
    try:
        for part in parts:
            part.begin(None)
        pysam.faidx(*words, path)
        for part in reversed(parts):
            part.put_in_place()
    except OutputError as error:
        error.remedy = f"make the index elsewhere: copy or link the FASTA there, then samtools faidx {path}"
        raise
    except pysam.utils.SamtoolsError as error:
        if len(indices) > 1:
            problem = (
                "--regions needs a FASTA that is not compressed, or compressed with bgzip; this one can't be indexed"
            )
            raise FormatError(problem, "use gunzip, or bgzip in place of gzip", path=path) from error
        remedy = "--regions needs a FASTA file; all lines of a record but the last must have the same length"
        raise FormatError("no index can be made", remedy, path=path) from error
    finally:
        for part in parts:
            part.discard()
            part.close()
