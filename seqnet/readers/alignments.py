"""SAM, BAM and CRAM to record batches.

A whole BAM is decoded by `bam`, which is twice as fast as htslib. htslib reads everything else. The records of a valid
file are the same in both cases.

Source: SAM/BAM format specification, https://samtools.github.io/hts-specs/SAMv1.pdf
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import nullcontext

from seqnet.configs.readers import ReadOptions
from seqnet.core.bgzf import BGZF_END
from seqnet.core.errors import InputError, TruncatedError
from seqnet.core.originals import Beginning
from seqnet.core.records import RecordBatch
from seqnet.readers.alignment_records import AlignmentRecords, primary_records
from seqnet.readers.bam import read_bam
from seqnet.readers.bam_header import BAM, read_header
from seqnet.readers.conversion import converted_to_bam
from seqnet.readers.formats import RecordFormat
from seqnet.readers.htslib import read_by_htslib
from seqnet.readers.inputs import Input
from seqnet.readers.originals import nothing_but
from seqnet.readers.parts import is_read_directly, part_pieces
from seqnet.readers.pieces import Pieces, plain_pieces, whole_pieces
from seqnet.readers.record_starts import BamStarts
from seqnet.readers.sam_text import CRAM

__all__ = ["FORMAT"]

_PIECE = 2
"""Bytes of a BAM for each byte of a batch: names and bases are half of the records of short reads."""
_SAM_HEADER = re.compile(rb"@(?:HD|SQ|RG|PG)\t[A-Za-z][A-Za-z0-9]:|@CO\t")
_SAM_LINE = re.compile(
    rb"[^\t\n@][^\t\n]*\t\d+\t[^\t\n]+\t\d+\t\d+\t(?:\*|(?:\d+[MIDNSHP=X])+)\t[^\t\n]+\t\d+\t-?\d+\t"
)
# Source: CRAM format specification, section 9, "End of file container", of version 3 and of version 2.1.
_CRAM_ENDS = (
    bytes.fromhex("0f000000ffffffff0fe0454f4600000000010005bdd94f0001000606010001000100ee63014b"),
    bytes.fromhex("0b000000ffffffff0fe0454f460000000001000001000606010001000100"),
)


def _recognises(head: bytes) -> bool:
    return head.startswith((BAM, CRAM)) or bool(_SAM_HEADER.match(head) or _SAM_LINE.match(head))


def _read(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[RecordBatch, None, None]:
    _check_end(source)
    try:
        if options.originals:
            yield from _with_originals(source, options, skipped)
        elif source.head.startswith(BAM) and options.region is None:
            yield from _primary(_whole_or_part(source, options), options, skipped)
        else:
            yield from _primary(read_by_htslib(source, options, skipped), options, skipped)
    except InputError:
        _check_end(source)  # if the end marker is missing, this is the reason
        raise
    _check_end(source)


def _primary(
    found: Iterable[AlignmentRecords], options: ReadOptions, skipped: Counter[str]
) -> Generator[RecordBatch, None, None]:
    for reads in found:
        yield primary_records(reads, options, skipped)


def _with_originals(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[RecordBatch, None, None]:
    """Yields a batch that has only the header, and the reads with their records as in a BAM."""
    whole = source.head.startswith(BAM) and options.region is None
    with nullcontext(source.text()) if whole else converted_to_bam(source, options, skipped) as stream:
        # What is not compressed is a SAM as text, or a BAM in a pipe.
        yield nothing_but(Beginning("bam", True, read_header(stream)))
        pieces = Pieces(plain_pieces(stream, _PIECE * options.batch_bytes))
        yield from _primary(read_bam(pieces, originals=True, header=False), options, skipped)


def _whole_or_part(source: Input, options: ReadOptions) -> Iterator[AlignmentRecords]:
    """Yields the reads of a BAM, or of the part of it that the options name.

    Raises:
        TruncatedError: the file ends within a read.
        FormatError: the file is damaged.
    """
    size = _PIECE * options.batch_bytes
    if not _reads_parts(source, options):
        return read_bam(whole_pieces(source, size)[0])
    header = len(read_header(source.text(again=True)))
    pieces, _ = part_pieces(source, options, size, BamStarts, header)
    return read_bam(pieces, header=not options.part_start)


def _reads_parts(source: Input, options: ReadOptions) -> bool:
    is_whole = source.head.startswith(BAM) and options.region is None and not options.originals
    return is_whole and source.compression == "bgzip" and is_read_directly(source, options)


def _check_end(source: Input) -> None:
    """Checks that a complete BAM, CRAM or bgzip file has its end marker, unless a pipe has not ended yet.

    Raises:
        TruncatedError: the end marker is missing.
    """
    tail = source.tail()
    if tail is None:
        return
    if source.compression == "bgzip":
        complete = tail.endswith(BGZF_END)
    else:
        complete = tail.endswith(_CRAM_ENDS) or not source.head.startswith(CRAM)
    if not complete:
        raise TruncatedError("the end-of-file marker is missing, so reads may be missing", "get the file again")


FORMAT = RecordFormat(_recognises, _read, reads_parts=_reads_parts)
