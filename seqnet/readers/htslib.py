"""Reads SAM, CRAM and regions of alignment files with htslib, read by read.

Several threads decompress whole CRAM files; pipes and regions use one. htslib would refuse a SAM that does not list its
references, so such a SAM is read with one reference name for all reads. The position of a read is not part of a record.
"""

from __future__ import annotations

import errno
import io
import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, InputError, SeqnetError, SettingError, TruncatedError
from seqnet.core.ragged import Ragged
from seqnet.readers.alignment_records import AlignmentRecords
from seqnet.readers.bam_header import BAM, skip_header
from seqnet.readers.inputs import Chunks, Input
from seqnet.readers.pipes import Pipe
from seqnet.readers.references import usable_reference
from seqnet.readers.sam_text import (
    CRAM,
    LongRead,
    SamText,
    has_long_lines,
    is_sam,
    lists_no_references,
    with_any_reference,
    with_one_reference,
    without_references,
)

if TYPE_CHECKING:
    import pysam

__all__ = ["OUTSIDE", "opened_alignments", "place_of", "read_by_htslib", "selected_reads"]

OUTSIDE = "outside region"
"""Reason for skipping a read."""
_REGION = re.compile(r"(?P<name>.+):(?P<start>[\d,]+)(?:-(?P<stop>[\d,]*))?")
_ANY_BYTES = "surrogateescape"


def read_by_htslib(
    source: Input, options: ReadOptions, skipped: Counter[str]
) -> Generator[AlignmentRecords, None, None]:
    """Yields the reads of a SAM, of a CRAM, or of a region.

    Args:
        source: the file.
        options: the region, and the number of threads for decompression.
        skipped: counter for reads outside the region, if they are skipped without an index.

    Raises:
        FormatError: the file is damaged, or the reference of a CRAM is missing.
        TruncatedError: the file ends within a read.
        SettingError: the text of the region is not valid, or the file does not have this reference.
    """
    if is_sam(source.head) and (not _seekable_path(source) or source.compression or has_long_lines(source.path)):
        yield from _read_sam(SamText(source.text()), source, options, skipped)
        return
    with opened_alignments(source, options) as alignments:
        segments = selected_reads(alignments, source, options, skipped)
        while len(reads := _next_reads(segments, options.batch_bytes)):
            source.place = place_of(alignments, source, options)
            yield reads
            del reads  # frees memory


def _read_sam(
    text: SamText, source: Input, options: ReadOptions, skipped: Counter[str]
) -> Generator[AlignmentRecords, None, None]:
    """Yields the reads of a SAM whose text is read here: htslib gets it in stretches without very long reads."""
    source.place = None if options.region else 0
    one_reference = lists_no_references(source.head)
    further = True
    while further:
        lines = with_one_reference(text.stretch()) if one_reference else text.stretch()
        stream = io.BufferedReader(Chunks(lines))
        with opened_alignments(source, options, stream) as alignments:
            segments = selected_reads(alignments, source, options, skipped)
            while len(reads := _next_reads(segments, options.batch_bytes)):
                yield reads
                del reads  # frees memory
            further = text.before_long_read
            found = _long_read(text.long_read(), alignments, source, options, skipped) if further else None
        if found is not None:
            yield found
            del found  # frees memory


def _long_read(
    read: LongRead, alignments: pysam.AlignmentFile, source: Input, options: ReadOptions, skipped: Counter[str]
) -> AlignmentRecords | None:
    """Returns a long read; None if it is outside the region.

    Raises:
        ValueError: its line breaks the format.
    """
    import pysam

    line = with_any_reference(read.line) if lists_no_references(source.head) else read.line
    segment = pysam.AlignedSegment.fromstring(line, alignments.header)  # type: ignore[arg-type]
    if segment.cigartuples and segment.infer_query_length() != len(read.symbols):
        raise ValueError("the CIGAR is of another length than the sequence")
    if not list(selected_reads(alignments, source, options, skipped, [segment])):
        return None
    symbols = Ragged.from_lengths(read.symbols, np.array([len(read.symbols)]))
    return replace(_next_reads(iter([segment]), 1), symbols=symbols)


@contextmanager
def opened_alignments(
    source: Input, options: ReadOptions, text: io.BufferedIOBase | None = None
) -> Iterator[pysam.AlignmentFile]:
    """Yields an input, or a SAM in its place, opened with htslib; errors become those of `read_by_htslib`."""
    import pysam

    # Messages that htslib would print are raised as errors here.
    pysam.set_verbosity(0)
    pysam.set_encoding_error_handler(_ANY_BYTES)  # a name may not be UTF-8
    if source.head.startswith(BAM):
        # pysam prints a traceback if the header is damaged.
        skip_header(source.text(again=True))
    try:
        with _opened(source, options, text) as alignments:
            yield alignments
    except SeqnetError:
        raise
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOEXEC:
            problem = "it is damaged, or in a version of its format that htslib does not support"
            raise FormatError(problem, "get the file again, or convert it with samtools view -b") from error
        if isinstance(error, OSError) and error.errno:
            raise
        raise _fault(source, options) from error


def _fault(source: Input, options: ReadOptions) -> InputError:
    """Returns the error for an input at which htslib stopped, although its end marker exists."""
    if source.head.startswith(CRAM):
        given = f" with the reference {options.reference}" if options.reference else ""
        return FormatError(
            f"the CRAM can't be decoded{given}", "give the FASTA that it was compressed against with --reference"
        )
    if not source.head.startswith(BAM):
        return FormatError(
            "a line is not valid SAM, or names a reference that is not in the header", "correct it, or use BAM"
        )
    if source.compression:
        return FormatError("the BAM data are damaged", "get the file again")
    return TruncatedError("the BAM ends within a read", "get the file again")


@contextmanager
def _opened(source: Input, options: ReadOptions, text: io.BufferedIOBase | None) -> Iterator[pysam.AlignmentFile]:
    """Opens an input with htslib, which decompresses bgzip itself."""
    import pysam

    path = None if text else _seekable_path(source)
    with ExitStack() as stack:
        reference = stack.enter_context(usable_reference(options.reference)) if options.reference else None
        target = path or stack.enter_context(Pipe(text or _stream(source)))
        alignments = pysam.AlignmentFile(target, "r", check_sq=False, reference_filename=reference)
        try:
            if options.threads > 1 and path and options.region is None and not alignments.is_sam:
                # pysam's constructor hangs with several threads while it looks for the end of a damaged file. Threads
                # also hang if htslib waits for a pipe that Python writes to, or seeks in a damaged file.
                alignments.add_hts_options([f"nthreads={options.threads - 1}"])
            yield alignments
        finally:
            # After an error in the data, closing the file fails, too, with an unrelated error number.
            with suppress(OSError):
                alignments.close()


def place_of(alignments: pysam.AlignmentFile, source: Input, options: ReadOptions) -> int | None:
    """Returns htslib's position in the stored bytes; None if unknown."""
    if options.region is not None:
        return None
    if not _seekable_path(source):
        return source.passed
    place = int(alignments.tell())
    return place >> 16 if alignments.compression == "BGZF" else place  # the position of the block in a virtual offset


def _seekable_path(source: Input) -> str | None:
    plain = source.compression in (None, "bgzip") and not lists_no_references(source.head)
    return source.file() if plain else None


def _stream(source: Input) -> io.RawIOBase | io.BufferedIOBase:
    """Returns the bytes of an input that htslib reads through a pipe."""
    if lists_no_references(source.head):
        return io.BufferedReader(Chunks(without_references(source.text())))
    return source.stored() if source.compression in (None, "bgzip") else source.text()


def selected_reads(
    alignments: pysam.AlignmentFile,
    source: Input,
    options: ReadOptions,
    skipped: Counter[str],
    among: Sequence[pysam.AlignedSegment] | None = None,
) -> Iterator[pysam.AlignedSegment]:
    """Returns the reads of the region, or all reads; `among` gives reads to choose from in place of the file's."""
    reads = alignments.fetch(until_eof=True) if among is None else iter(among)
    if options.region is None:
        return reads
    references = () if lists_no_references(source.head) else alignments.references
    name, start, stop = _parse_region(options.region, references)
    if (
        among is None
        and _seekable_path(source)
        and (alignments.is_bam or alignments.is_cram)
        and alignments.has_index()
    ):
        return alignments.fetch(name, start, stop)
    return _overlapping(reads, alignments.get_tid(name), start, stop, skipped)


def _parse_region(region: str, references: Sequence[str]) -> tuple[str, int, int | None]:
    """Returns name, 0-based start and end (exclusive; None for the end of the reference) of a region.

    Raises:
        SettingError: the text is not a valid region, or the file does not have this reference.
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
            raise SettingError("read.region", region, "NAME:START-END with START at most END")
    known = ", ".join(references[:5]) + (", ..." if len(references) > 5 else "") if references else "none"
    raise SettingError(
        "read.region", region, f"NAME or NAME:START-END, where NAME is a reference of the file ({known})"
    )


def _overlapping(
    reads: Iterable[pysam.AlignedSegment], reference: int, start: int, stop: int | None, skipped: Counter[str]
) -> Iterator[pysam.AlignedSegment]:
    """Yields the reads that an index would find; an unmapped read has one base at the position of its mate."""
    for read in reads:
        first = read.reference_start
        last = read.reference_end or first + 1
        if read.reference_id == reference and last > start and (stop is None or first < stop):
            yield read
        else:
            skipped[OUTSIDE] += 1


def _next_reads(segments: Iterator[pysam.AlignedSegment], size: int) -> AlignmentRecords:
    """Returns the next reads with up to `size` bytes of names and bases, plus one read; fewer at the end.

    A plain loop over lists is the fastest way in Python.
    """
    flags: list[int] = []
    qualities: list[int] = []
    names: list[str] = []
    sequences: list[str] = []
    for segment in segments:
        name, sequence = segment.query_name or "", segment.query_sequence or ""
        flags.append(segment.flag)
        qualities.append(segment.mapping_quality)
        names.append(name)
        sequences.append(sequence)
        size -= len(name) + len(sequence)
        if size <= 0:
            break
    return AlignmentRecords(
        np.array(flags, dtype=np.uint16),
        np.array(qualities, dtype=np.uint8),
        _names(names),
        Ragged.from_strings(sequences),
    )


def _names(names: list[str]) -> Ragged:
    """Returns N names with the same bytes as in the file."""
    try:
        return Ragged.from_strings(names)
    except UnicodeEncodeError:
        return Ragged.from_strings([name.encode(errors=_ANY_BYTES) for name in names])
