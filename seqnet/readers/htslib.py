"""SAM, CRAM and regions of alignment files to reads, one by one, by htslib.

Threads decompress whole CRAM files; pipes and regions make do with one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from seqnet.configs.reading import ReadOptions
from seqnet.errors import FormatError, InputError, SettingError, TruncatedError
from seqnet.readers.bam import BAM, skip_header
from seqnet.readers.inputs import Input
from seqnet.readers.pipes import Pipe
from seqnet.readers.reads import Reads
from seqnet.records import Ragged

if TYPE_CHECKING:
    import pysam

__all__ = ["CRAM", "read_by_htslib"]

CRAM = b"CRAM"

_REGION = re.compile(r"(?P<name>.+):(?P<start>[\d,]+)(?:-(?P<stop>[\d,]*))?")
_FIRST_READS = 128


def read_by_htslib(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[Reads, None, None]:
    """Yields the reads of a SAM, of a CRAM, or of a region.

    Args:
        source: the file.
        options: the region, and how many threads decompress.
        skipped: counts the reads outside the region, where there is no index to find those within.

    Raises:
        FormatError: it is damaged, or the reference of a CRAM is not at hand.
        TruncatedError: it ends within a read.
        SettingError: the region is not written as one, or the file has no such reference.
    """
    import pysam

    # What htslib would print is raised as an error here.
    pysam.set_verbosity(0)
    if source.head.startswith(BAM):
        # pysam prints a traceback where the header is damaged.
        skip_header(source.text(again=True))
    try:
        with _opened(source, options) as alignments:
            segments = _segments(alignments, source, options, skipped)
            count = _FIRST_READS
            while len(reads := _next_reads(segments, count)):
                source.place = _place(alignments, source, options)
                yield reads
                size = len(reads.names.data) + len(reads.symbols.data)
                count = max(1, min(4 * count, options.batch_bytes * count // max(1, size)))
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise _fault(source) from error


def _fault(source: Input) -> InputError:
    """Returns what is wrong with an input that htslib stopped at, if its end marker is there."""
    if source.head.startswith(CRAM):
        return FormatError(
            "the CRAM can't be decoded", "give the FASTA that it was compressed against with --reference"
        )
    if not source.head.startswith(BAM):
        return FormatError(
            "a line breaks the SAM format, or names a reference that the header does not", "correct it, or use BAM"
        )
    if source.compression:
        return FormatError("damaged BAM data", "get the file again")
    return TruncatedError("the BAM ends within a read", "get the file again")


@contextmanager
def _opened(source: Input, options: ReadOptions) -> Iterator[pysam.AlignmentFile]:
    """Opens an input with htslib, which decompresses by itself what is plain or bgzip."""
    import pysam

    if options.reference:
        open(options.reference, "rb").close()  # a missing file should be called that
    path = _seekable_path(source)
    stream = source.stored() if source.compression in (None, "bgzip") else source.text()
    with nullcontext(path) if path else Pipe(stream) as target:
        alignments = pysam.AlignmentFile(target, "r", check_sq=False, reference_filename=options.reference)
        try:
            if options.threads > 1 and path and options.region is None and not alignments.is_sam:
                # Asked of the constructor, threads hang where pysam looks for the end of a damaged file. They hang,
                # too, where htslib waits for a pipe that Python fills, or seeks in a damaged file.
                alignments.add_hts_options([f"nthreads={options.threads - 1}"])
            yield alignments
        finally:
            # After an error in the data htslib fails to close, too, with whatever error number was left behind.
            with suppress(OSError):
                alignments.close()


def _place(alignments: pysam.AlignmentFile, source: Input, options: ReadOptions) -> int | None:
    """Returns where htslib has come to, in bytes as they are stored; None where nobody knows."""
    if options.region is not None:
        return None
    if not _seekable_path(source):
        return source.passed
    place = int(alignments.tell())
    return place >> 16 if alignments.compression == "BGZF" else place  # the block, in a virtual offset


def _seekable_path(source: Input) -> str | None:
    return source.file() if source.compression in (None, "bgzip") else None


def _segments(
    alignments: pysam.AlignmentFile, source: Input, options: ReadOptions, skipped: Counter[str]
) -> Iterator[pysam.AlignedSegment]:
    """Returns the reads of the region, or all."""
    if options.region is None:
        return alignments.fetch(until_eof=True)
    name, start, stop = _parse_region(options.region, alignments.references)
    if _seekable_path(source) and (alignments.is_bam or alignments.is_cram) and alignments.has_index():
        return alignments.fetch(name, start, stop)
    return _overlapping(alignments.fetch(until_eof=True), alignments.get_tid(name), start, stop, skipped)


def _parse_region(region: str, references: Sequence[str]) -> tuple[str, int, int | None]:
    """Returns name, 0-based start and end (exclusive, None for the end of the reference) of a region.

    Raises:
        SettingError: it is not written as a region, or the file has no such reference.
    """
    if region in references:
        return region, 0, None
    match = _REGION.fullmatch(region)
    if match and match["name"] in references:
        start = int(match["start"].replace(",", "") or 0)
        end = (match["stop"] or "").replace(",", "")
        stop = int(end) if end else None
        if start > 0 and (stop is None or start <= stop):
            return match["name"], start - 1, stop
        if start > 0 and stop is not None:
            raise SettingError("read.region", region, "a start that is not after the end")
    known = ", ".join(references[:5]) + (", ..." if len(references) > 5 else "") if references else "none"
    raise SettingError("read.region", region, f"NAME or NAME:START-END with a reference of the file: {known}")


def _overlapping(
    reads: Iterable[pysam.AlignedSegment], reference: int, start: int, stop: int | None, skipped: Counter[str]
) -> Iterator[pysam.AlignedSegment]:
    """Yields the reads that an index would find: unmapped ones count as one base where their mate lies."""
    for read in reads:
        first = read.reference_start
        last = read.reference_end or first + 1
        if read.reference_id == reference and last > start and (stop is None or first < stop):
            yield read
        else:
            skipped["outside region"] += 1


def _next_reads(segments: Iterator[pysam.AlignedSegment], count: int) -> Reads:
    """Returns the next `count` reads, fewer at the end; a plain loop over lists is the fastest that Python offers."""
    flags: list[int] = []
    qualities: list[int] = []
    names: list[str] = []
    sequences: list[str] = []
    for segment in islice(segments, count):
        flags.append(segment.flag)
        qualities.append(segment.mapping_quality)
        names.append(segment.query_name or "")
        sequences.append(segment.query_sequence or "")
    return Reads(
        np.array(flags, dtype=np.uint16),
        np.array(qualities, dtype=np.uint8),
        Ragged.from_strings(names),
        Ragged.from_strings(sequences),
    )
