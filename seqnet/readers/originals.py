"""Batches with the entries of their file, cut so that mates of a pair are in one batch; see `core.originals`."""

from __future__ import annotations

from collections.abc import Generator, Iterable

import numpy as np

from seqnet.core.escaping import one_line
from seqnet.core.originals import Beginning, Form, Originals, without_mates
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch, joined_batches, parted
from seqnet.readers.record_reader import EMPTY

__all__ = ["form_of", "nothing_but", "templates_kept_together", "with_text"]

_FORMS: dict[str, Form] = {"fasta": "fasta", "fastq": "fastq", "sam": "bam"}
_ENDINGS: dict[str, Form] = {"fq": "fastq", "fastq": "fastq"}
_MOST = 1 << 22
"""Bytes of entries with one name after which no more are awaited."""


def form_of(format: str, path: str) -> Form:
    """Returns how the entries of a file are stored: as they are, or as FASTA.

    Args:
        format: name of its format; an empty file has none, and its name decides between FASTA and FASTQ.
        path: the file.
    """
    words = path.lower().split(".")
    ending: Form = next((_ENDINGS[word] for word in words[:0:-1] if word in _ENDINGS), "fasta")
    return ending if format == EMPTY else _FORMS.get(format, "fasta")


def nothing_but(beginning: Beginning) -> RecordBatch:
    """Returns a batch without records that has the beginning of a file."""
    empty = Ragged.from_strings([])
    nothing = np.empty(0, np.int64)
    originals = Originals(beginning.form, empty, nothing, empty, nothing.astype(np.uint8), beginning)
    return RecordBatch.concatenate([]).with_originals(originals)


def with_text(batch: RecordBatch, form: Form, entries: Ragged) -> RecordBatch:
    """Returns N records with their N entries of a text file."""
    names, mates = without_mates(batch.names)
    return batch.with_originals(Originals(form, entries, np.arange(len(batch)), names, mates))


def _as_fasta(batch: RecordBatch) -> RecordBatch:
    """Returns N records of any format with entries that are FASTA, each sequence on one line."""
    headers = one_line(batch.headers)
    entries = [b">%b\n%b\n" % (headers[index], batch.symbols[index]) for index in range(len(batch))]
    return with_text(batch, "fasta", Ragged.from_strings(entries))


def templates_kept_together(
    batches: Iterable[RecordBatch], beginning: Beginning | None
) -> Generator[RecordBatch, None, None]:
    """Yields the records of a file in batches that no template is divided between.

    The first batch has the beginning of the file and nothing else. Entries with one name that take more than a few
    megabytes are not kept together.

    Args:
        batches: records, with the entries of their file unless they become FASTA.
        beginning: that of the file; None if the first of the batches has it.
    """
    if beginning is not None:
        yield nothing_but(beginning)
    held: RecordBatch | None = None
    for batch in batches:
        batch = batch if batch.originals is not None else _as_fasta(batch)
        assert batch.originals is not None
        if batch.originals.beginning is not None:
            yield batch
            continue
        batch = batch if held is None else joined_batches(held, batch)
        assert batch.originals is not None
        others = np.flatnonzero(~batch.originals.names_repeat())
        last = int(others[-1]) + 1 if len(others) else 0
        if last or len(batch.originals.entries.data) >= _MOST:
            ready, held = parted(batch, last) if last else (batch, None)
            yield ready
            del ready  # frees memory
        else:
            held = batch
    if held is not None:
        yield held
