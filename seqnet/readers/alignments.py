"""SAM, BAM and CRAM to record batches, decoded by htslib.

Sequences are as the machine read them: those of reads on the reverse strand are turned back to their reverse
complement. Secondary and supplementary alignments repeat a read that is in the file anyway and are skipped; unmapped
reads are kept, and a read without a sequence is an empty one. Both mates of a pair have the same name.

A smallest mapping quality is asked of mapped reads only, since an unmapped one has none. With a region, which is a
question about where reads lie, it is asked of all.

Threads decompress whole BAM and CRAM files; pipes and regions make do with one.

Source: SAM/BAM format specification, https://samtools.github.io/hts-specs/SAMv1.pdf
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from seqnet.alphabets import ALPHABETS
from seqnet.configs.reading import ReadOptions
from seqnet.errors import FormatError, InputError, SettingError, TruncatedError
from seqnet.readers.compression import BGZF_END
from seqnet.readers.formats import RecordFormat
from seqnet.readers.inputs import Input
from seqnet.readers.pipes import Pipe
from seqnet.records import Ragged, RecordBatch, gather_positions

if TYPE_CHECKING:
    import pysam

__all__ = ["FORMAT"]

_UNMAPPED, _REVERSE, _SECONDARY, _SUPPLEMENTARY = 0x4, 0x10, 0x100, 0x800
_BAM, _CRAM = b"BAM\1", b"CRAM"
_SAM_HEADER = re.compile(rb"@(?:HD|SQ|RG|PG)\t[A-Za-z][A-Za-z0-9]:|@CO\t")
_SAM_LINE = re.compile(
    rb"[^\t\n@][^\t\n]*\t\d+\t[^\t\n]+\t\d+\t\d+\t(?:\*|(?:\d+[MIDNSHP=X])+)\t[^\t\n]+\t\d+\t-?\d+\t"
)
_REGION = re.compile(r"(?P<name>.+):(?P<start>[\d,]+)(?:-(?P<stop>[\d,]*))?")
# Source: CRAM format specification, section 9, "End of file container", of version 3 and of version 2.1.
_CRAM_ENDS = (
    bytes.fromhex("0f000000ffffffff0fe0454f4600000000010005bdd94f0001000606010001000100ee63014b"),
    bytes.fromhex("0b000000ffffffff0fe0454f460000000001000001000606010001000100"),
)
_FIRST_READS = 128

_Columns = tuple[list[int], list[int], list[str], list[str]]


def _recognises(head: bytes) -> bool:
    return head.startswith((_BAM, _CRAM)) or bool(_SAM_HEADER.match(head) or _SAM_LINE.match(head))


def _read(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[RecordBatch, None, None]:
    import pysam

    # What htslib would print is raised as an error here.
    pysam.set_verbosity(0)
    if source.head.startswith(_BAM):
        _check_header(source)
    _check_end(source)
    try:
        with _opened(source, options) as alignments:
            reads = _reads(alignments, source, options, skipped)
            count = _FIRST_READS
            while (columns := _next_columns(reads, count, judged=options.min_mapq > 0))[0]:
                source.place = _place(alignments, source, options)
                yield _batch(columns, options, skipped)
                size = sum(map(len, columns[2])) + sum(map(len, columns[3]))
                count = max(1, min(4 * count, options.batch_bytes * count // max(1, size)))
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        _check_end(source)
        raise _fault(source) from error
    _check_end(source)


def _check_header(source: Input) -> None:
    """Reads the header of a BAM once, since pysam prints a traceback where it is damaged.

    Raises:
        TruncatedError: it is incomplete.
        FormatError: it is not a header.
    """
    stream = source.text(again=True)
    stream.read(len(_BAM))
    _skip_block(stream)
    for _ in range(_whole_number(stream)):
        _skip_block(stream)
        _whole_number(stream)


def _whole_number(stream: BinaryIO) -> int:
    data = stream.read(4)
    if len(data) < 4:
        raise TruncatedError("it ends within the BAM header", "get the file again")
    number = int.from_bytes(data, "little", signed=True)
    if number < 0:
        raise FormatError("damaged BAM header", "get the file again")
    return number


def _skip_block(stream: BinaryIO) -> None:
    """Skips a number of bytes and as many bytes."""
    size = _whole_number(stream)
    if len(stream.read(size)) < size:
        raise TruncatedError("it ends within the BAM header", "get the file again")


def _check_end(source: Input) -> None:
    """Looks for the marker that ends a complete BAM, CRAM or bgzip file, unless a pipe has more to come.

    Raises:
        TruncatedError: it is missing.
    """
    tail = source.tail()
    if tail is None:
        return
    if source.compression == "bgzip":
        complete = tail.endswith(BGZF_END)
    else:
        complete = tail.endswith(_CRAM_ENDS) or not source.head.startswith(_CRAM)
    if not complete:
        raise TruncatedError("its end marker is missing, so that reads may be, too", "get the file again")


def _fault(source: Input) -> InputError:
    """Returns what is wrong with an input that htslib stopped at, although its end marker is there."""
    if source.head.startswith(_CRAM):
        return FormatError(
            "the CRAM can't be decoded", "give the FASTA that it was compressed against with --reference"
        )
    if not source.head.startswith(_BAM):
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
    if alignments.compression == "BGZF":
        return int(alignments.tell()) >> 16  # the block, in a virtual offset
    # Asked of a BAM without blocks, pysam looks in the wrong place.
    return int(alignments.tell()) if alignments.is_sam or alignments.is_cram else None


def _seekable_path(source: Input) -> str | None:
    return source.file() if source.compression in (None, "bgzip") else None


def _reads(
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
        stop = int((match["stop"] or "").replace(",", "") or 0) or None
        if start > 0 and (stop is None or start <= stop):
            return match["name"], start - 1, stop
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


def _next_columns(reads: Iterator[pysam.AlignedSegment], count: int, *, judged: bool) -> _Columns:
    """Returns flags, mapping qualities, names and sequences of the next `count` reads, fewer at the end.

    A plain loop over lists is the fastest that Python offers: a million reads in a third of a second. The qualities are
    left out where they are not `judged`.
    """
    flags: list[int] = []
    qualities: list[int] = []
    names: list[str] = []
    sequences: list[str] = []
    for read in islice(reads, count):
        flags.append(read.flag)
        names.append(read.query_name or "")
        sequences.append(read.query_sequence or "")
        if judged:
            qualities.append(read.mapping_quality)
    return flags, qualities, names, sequences


def _batch(columns: _Columns, options: ReadOptions, skipped: Counter[str]) -> RecordBatch:
    """Returns those of N reads that are kept."""
    flags, qualities, names, sequences = columns
    flag = np.array(flags, dtype=np.int64)  # (N,)
    judged = (flag & _UNMAPPED == 0) | (options.region is not None)
    reasons = {
        "secondary": flag & _SECONDARY != 0,
        "supplementary": flag & _SUPPLEMENTARY != 0,
    }
    if qualities:
        reasons["low mapping quality"] = judged & (np.array(qualities) < options.min_mapq)
    kept = np.ones(len(flag), dtype=bool)
    for reason, applies in reasons.items():
        if count := int(np.count_nonzero(kept & applies)):
            skipped[reason] += count
        kept &= ~applies
    name_column = Ragged.from_strings(names)
    symbols = _as_sequenced(Ragged.from_strings(sequences), flag & _REVERSE != 0)
    batch = RecordBatch(name_column, symbols, name_column)
    return batch if kept.all() else batch.take(np.flatnonzero(kept))


def _as_sequenced(symbols: Ragged, reverse: NDArray[np.bool_]) -> Ragged:
    """Returns N sequences with those replaced by their reverse complement for which `reverse` (N,) is true."""
    starts, lengths = symbols.offsets[:-1][reverse], symbols.lengths[reverse]
    positions = gather_positions(starts, lengths)
    mirrored = np.repeat(2 * starts + lengths - 1, lengths) - positions
    data = symbols.data.copy()
    data[positions] = _complement_table()[symbols.data[mirrored]]
    return Ragged(data, symbols.offsets)


@cache
def _complement_table() -> NDArray[np.uint8]:
    """(256,) uint8, complement of each byte; what is not a symbol of DNA, such as `=`, is its own."""
    dna = ALPHABETS["dna"]
    table = np.arange(256, dtype=np.uint8)
    table[dna.to_symbol[1:]] = dna.to_symbol[dna.complement[1:]]
    return table


FORMAT = RecordFormat(_recognises, _read)
