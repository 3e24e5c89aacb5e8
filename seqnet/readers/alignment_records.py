"""Reads of an alignment file → record batch: selection of the reads, and their sequences as sequenced.

Sequences of reads on the reverse strand are reverse-complemented. Secondary and supplementary alignments are skipped,
because they repeat a read that is also in the file. Unmapped reads are kept. A read without a sequence is an empty
record. Mates of a pair have the same name in an alignment file, so /1 or /2 is added to the names, as in
`samtools fastq -N`.

A minimum mapping quality applies only to mapped reads, since unmapped reads have none. With a region it applies to all
reads, because a region selects by position.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.readers import ReadOptions
from seqnet.core.alphabets import ALPHABETS
from seqnet.core.originals import Originals
from seqnet.core.ragged import Ragged, gather_positions
from seqnet.core.records import RecordBatch

__all__ = ["AlignmentRecords", "primary_records"]

_PAIRED, _UNMAPPED, _REVERSE, _FIRST, _LAST = 0x1, 0x4, 0x10, 0x40, 0x80
_SECONDARY, _SUPPLEMENTARY = 0x100, 0x800
_LONG = 1 << 12
"""Mean length from which reads are reversed one by one; an array of positions takes eight times the memory of bases."""
_PIECE = 1 << 22
"""Number of bases of a long read that are complemented at once."""


@dataclass(frozen=True, slots=True)
class AlignmentRecords:
    """N reads of an alignment file.

    Attributes:
        flags: (N,) uint16, bits of the field FLAG.
        qualities: (N,) uint8, mapping qualities.
        names: N read names.
        symbols: N sequences, as aligned; empty if the file has none.
        entries: the N records of a BAM; None if they are not wanted.
    """

    flags: NDArray[np.uint16]
    qualities: NDArray[np.uint8]
    names: Ragged
    symbols: Ragged
    entries: Ragged | None = None

    def __len__(self) -> int:
        return len(self.flags)


def primary_records(reads: AlignmentRecords, options: ReadOptions, skipped: Counter[str]) -> RecordBatch:
    """Returns the reads that are records, and counts the others by reason."""
    judged = (reads.flags & _UNMAPPED == 0) | (options.region is not None)
    reasons = {
        "secondary": reads.flags & _SECONDARY != 0,
        "supplementary": reads.flags & _SUPPLEMENTARY != 0,
        "low mapping quality": judged & (reads.qualities < options.min_mapq),
    }
    kept = np.ones(len(reads), dtype=bool)
    for reason, applies in reasons.items():
        if count := int(np.count_nonzero(kept & applies)):
            skipped[reason] += count
        kept &= ~applies
    names = _with_mates(reads.names, reads.flags)
    batch = RecordBatch(names, _as_sequenced(reads.symbols, reads.flags & _REVERSE != 0), names)
    batch = batch if kept.all() else batch.take(np.flatnonzero(kept))
    if reads.entries is None:
        return batch
    records = np.where(kept, np.cumsum(kept) - 1, -1)
    return batch.with_originals(Originals("bam", reads.entries, records, reads.names, _mates(reads.flags)))


def _mates(flags: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Returns (N,) uint8, which mate of a pair each read is, 1 or 2; 0 if its flags do not say so."""
    ends = np.where(flags & _PAIRED != 0, flags & (_FIRST | _LAST), 0)
    return np.where(ends == _FIRST, 1, np.where(ends == _LAST, 2, 0)).astype(np.uint8)


def _with_mates(names: Ragged, flags: NDArray[np.uint16]) -> Ragged:
    """Returns N names, with /1 or /2 added if the flags (N,) uint16 say which mate of a pair a read is.

    A name that already ends in /1 or /2 is not changed.
    """
    which = _mates(flags)
    mates = np.flatnonzero(which)
    if not len(mates):
        return names
    digits = which[mates] + np.uint8(ord("0"))
    stops = names.offsets[1:][mates]
    named = names.lengths[mates] > 2
    named[named] = (names.data[stops[named] - 2] == ord("/")) & (names.data[stops[named] - 1] == digits[named])
    mates, digits, stops = mates[~named], digits[~named], stops[~named]
    marks = np.stack([np.full_like(digits, ord("/")), digits], axis=1)  # (M, 2)
    lengths = names.lengths.copy()
    lengths[mates] += 2
    return Ragged.from_lengths(np.insert(names.data, np.repeat(stops, 2), marks.ravel()), lengths)


def _as_sequenced(symbols: Ragged, reverse: NDArray[np.bool_]) -> Ragged:
    """Returns N sequences, reverse-complemented where `reverse` (N,) is true."""
    if not reverse.any():
        return symbols
    if symbols.rows is not None and len(symbols) > 1:
        rows = symbols.rows.copy()  # (N, L)
        rows[reverse] = _complement_table()[rows[reverse, ::-1]]
        return Ragged(rows.reshape(-1), symbols.offsets)
    starts, lengths = symbols.offsets[:-1][reverse], symbols.lengths[reverse]
    data = symbols.data.copy()
    if int(lengths.sum()) >= _LONG * len(lengths):
        for start, stop in zip(starts.tolist(), (starts + lengths).tolist(), strict=True):
            for at in range(start, stop, _PIECE):
                piece = symbols.data[at : min(at + _PIECE, stop)]
                turned = np.frombuffer(piece.tobytes().translate(_complement_bytes()), np.uint8)[::-1]
                end = stop - (at - start)
                data[end - len(piece) : end] = turned
        return Ragged(data, symbols.offsets)
    positions = gather_positions(starts, lengths)
    mirrored = np.repeat(2 * starts + lengths - 1, lengths) - positions
    data[positions] = _complement_table()[symbols.data[mirrored]]
    return Ragged(data, symbols.offsets)


@cache
def _complement_bytes() -> bytes:
    return _complement_table().tobytes()


@cache
def _complement_table() -> NDArray[np.uint8]:
    """(256,) uint8, complement of each byte; a byte that is not a DNA symbol, such as `=`, is unchanged."""
    dna = ALPHABETS["dna"]
    table = np.arange(256, dtype=np.uint8)
    table[dna.to_symbol[1:]] = dna.to_symbol[dna.complement[1:]]
    return table
