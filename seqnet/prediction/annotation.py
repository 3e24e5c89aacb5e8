"""Unchanged alignments with added tags for label, probability and status.

Tags are `sl` (text, the label), `sp` (32-bit float, its probability) and `ss` (text, the status unless it is ok). Tags
with lower-case names are free for users. Secondary and supplementary alignments have no tags.

Source: SAM/BAM format specification, sections 1.5 and 4.2.4, https://samtools.github.io/hts-specs/SAMv1.pdf
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqnet.core.errors import FormatError, OutputError
from seqnet.core.originals import Originals
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.prediction.decision import UNCERTAIN
from seqnet.prediction.outputs import Start, Writer
from seqnet.prediction.record_streams import (
    FORM_NAMES,
    beginning_of,
    check_beginning,
    is_pipe,
    opened_stream,
    single_entries,
)
from seqnet.prediction.rows import PredictedRows
from seqnet.readers.bam import tag_starts

__all__ = ["AnnotatedAlignments"]

_TAGS = (b"sl", b"sp", b"ss")
_LIKE_A_TAG = re.compile(rb"(?=s[lps][AcCsSiIfZHB])")
_SIZES = {b"A": 1, b"c": 1, b"C": 1, b"s": 2, b"S": 2, b"i": 4, b"I": 4, b"f": 4}
"""Type of a tag → bytes of its value."""


@dataclass(frozen=True)
class AnnotatedAlignments:
    """A BAM of all alignments, in their order, with tags; see `outputs.Output`.

    Attributes:
        target: the file; None for standard output.
        command: the command line, for the header.
    """

    target: Path | None
    command: str

    def targets(self, start: Start) -> list[Path]:
        """See `outputs.Output`.

        Raises:
            OutputError: the input has no alignments, the name of the file is not that of a BAM, or a class name can't
                be in a tag.
        """
        place = "standard output" if self.target is None else str(self.target)
        if (form := beginning_of(start).form) != "bam":
            problem = f"only SAM, BAM and CRAM have tags, and the input has {FORM_NAMES[form]}"
            raise OutputError(place, problem, "use --split-by-class DIR, or a table with -o FILE")
        if not is_pipe(self.target) and not place.lower().endswith(".bam"):
            raise OutputError(place, "annotated alignments are written as BAM", "end the name in .bam")
        for name in start.bundle.classes:
            if not (name.isascii() and name.isprintable()):
                problem = f"the class name {name} can't be in a tag, which has ASCII letters only"
                raise OutputError(place, problem, "use --split-by-class DIR, or a table with -o FILE")
        return [] if self.target is None else [self.target]

    @contextmanager
    def opened(self, paths: Sequence[Path], start: Start) -> Iterator[Writer]:
        """See `outputs.Output`."""
        first = beginning_of(start)
        labels = [b"slZ%b\0" % name.encode() for name in (*start.bundle.classes, UNCERTAIN)]
        statuses = [b"" if one == RecordStatus.OK else b"ssZ%b\0" % one.word.encode() for one in RecordStatus]
        path = paths[0] if paths else None
        with opened_stream(path, first, self.command, compress=not is_pipe(self.target)) as stream:

            def render(batch: RecordBatch, rows: PredictedRows) -> bytes:
                originals = batch.originals
                assert originals is not None
                check_beginning(first, originals)
                _check_untagged(originals)
                tags = _tags(rows, labels, statuses)
                # The last one is that of alignments that are no records.
                tags.append(b"")
                of_entries = [tags[record] for record in originals.records.tolist()]
                return stream.encode(_with_tags(originals.entries, of_entries))

            yield Writer(render, stream.write)


def _tags(rows: PredictedRows, labels: Sequence[bytes], statuses: Sequence[bytes]) -> list[bytes]:
    """Returns the tags of N records; the last of the `labels` is that of uncertain records."""
    chosen = rows.probabilities[np.arange(len(rows)), rows.labels].astype("<f4").tobytes()
    words = rows.labels if rows.uncertain is None else np.where(rows.uncertain, len(labels) - 1, rows.labels)
    tags = [statuses[status] for status in rows.status.tolist()]
    for index, (label, word) in enumerate(zip(rows.labels.tolist(), words.tolist(), strict=True)):
        if label >= 0:
            tags[index] = b"%bspf%b%b" % (labels[word], chosen[4 * index : 4 * index + 4], tags[index])
    return tags


def _with_tags(entries: Ragged, tags: Sequence[bytes]) -> bytes:
    """Returns M records of a BAM, each with further tags at its end."""
    added = np.fromiter(map(len, tags), dtype=np.int64, count=len(tags))
    sizes = (entries.lengths - 4 + added).astype("<i4").tobytes()
    parts = []
    for index, (entry, more) in enumerate(zip(single_entries(entries), tags, strict=True)):
        parts += [sizes[4 * index : 4 * index + 4], entry[4:], more]
    return b"".join(parts)


def _check_untagged(originals: Originals) -> None:
    """Checks that no alignment has a tag of the same name.

    Raises:
        FormatError: one has.
    """
    entries = originals.entries
    found = np.array([match.start() for match in _LIKE_A_TAG.finditer(entries.data.data)], dtype=np.int64)
    if not len(found):
        return
    starts = tag_starts(entries)
    index = np.searchsorted(entries.offsets, found, side="right") - 1
    # Names, bases and base qualities may have the same bytes.
    for entry in np.unique(index[found >= starts[index]]).tolist():
        for tag in _tag_names(entries.data[starts[entry] : entries.offsets[entry + 1]].tobytes()):
            if tag in _TAGS:
                problem = f"the alignment has a tag {tag.decode()} already"
                remedy = "remove these tags first: samtools view -b -x sl -x sp -x ss"
                name = originals.names[entry].decode(errors="replace")
                raise FormatError(problem, remedy, record=name)


def _tag_names(tags: bytes) -> Iterator[bytes]:
    """Yields the names of the tags of an alignment."""
    at = 0
    while at + 3 <= len(tags):
        yield tags[at : at + 2]
        kind = tags[at + 2 : at + 3]
        at += 3
        if kind in (b"Z", b"H"):
            at = tags.find(b"\0", at) + 1 or len(tags)
        elif kind == b"B":
            at += 5 + _SIZES.get(tags[at : at + 1], 1) * int.from_bytes(tags[at + 1 : at + 5], "little")
        else:
            at += _SIZES.get(kind, len(tags))
