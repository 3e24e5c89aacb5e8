"""Attributions → TSV or NumPy arrays.

TSV has one row for each record and position: `name`, `position` (from 1), `symbol`, `attribution` (of this symbol), for
mutagenesis one column `to_SYMBOL` with the effect of each substitution, `class` (the one that is explained), `logit`
and `status`. A record without a prediction has one row with nothing between name and status. `docs/formats.md`
describes the arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import OutputError
from seqnet.core.escaping import one_line
from seqnet.core.ragged import Ragged
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.explanation.arrays import written_arrays
from seqnet.explanation.attributions import MUTAGENESIS, Attributions
from seqnet.prediction.outputs import Writer
from seqnet.prediction.writers import joined_lines, text_stream

__all__ = ["columns", "format_of", "opened_writer"]

_DIGITS = 6
"""Decimals of an attribution in text."""


def columns(method: str, alphabet: Alphabet) -> list[str]:
    """Returns the names of the columns of TSV."""
    effects = [f"to_{symbol}" for symbol in alphabet.canonical] if method == MUTAGENESIS else []
    return ["name", "position", "symbol", "attribution", *effects, "class", "logit", "status"]


def _numbers(values: NDArray[np.floating[Any]]) -> pa.Array:
    """Returns numbers (R,) as text, NaN as the empty string."""
    rounded = np.round(values.astype(np.float64), _DIGITS) + 0.0  # no -0
    text = pa.array(rounded, mask=np.isnan(rounded)).cast(pa.large_string())
    return pc.fill_null(text, "")


def _text_columns(found: Attributions) -> list[pa.Array]:
    """Returns the columns of TSV as text (R,)."""
    lengths = found.tokens.lengths
    record = np.repeat(np.arange(len(found)), np.maximum(lengths, 1))  # (R,)
    empty = lengths[record] == 0  # (R,)
    place = np.flatnonzero(~empty)
    position = np.arange(len(found.tokens.data)) - np.repeat(found.tokens.offsets[:-1], lengths)  # (ΣL,)

    def spread(values: NDArray[np.generic]) -> NDArray[Any]:
        """Returns the values (ΣL,) as (R,) numbers, NaN where there is no position."""
        rows = np.full(len(record), np.nan)
        rows[place] = values
        return rows

    text = pa.large_string()
    letters = Ragged.from_lengths(found.alphabet.decode(found.tokens.data), (~empty).astype(np.int64)).to_arrow()
    classes = pa.array(found.classes, text).take(pa.array(found.labels, mask=found.labels < 0))
    positions = pa.array(spread(position + 1), mask=empty).cast(pa.int64()).cast(text)
    effects = list(found.values.T) if found.method == MUTAGENESIS else []
    words = pa.array([status.word for status in RecordStatus], text)
    return [
        one_line(found.names).to_arrow().take(pa.array(record)),
        pc.fill_null(positions, ""),
        letters,
        *(_numbers(spread(column)) for column in (found.present, *effects)),
        pc.fill_null(classes, "").take(pa.array(record)),
        _numbers(found.logits).take(pa.array(record)),
        words.take(pa.array(found.status[record])),
    ]


@contextmanager
def _tsv(target: Path | None, header: Sequence[str], *, compress: bool) -> Iterator[Writer]:
    with text_stream(target, compress=compress) as stream:
        stream.write(("\t".join(header) + "\n").encode())
        yield Writer(lambda found: joined_lines(_text_columns(found)), stream.write)


def format_of(target: Path | None) -> str:
    """Returns the format of a file name: tsv, tsv.gz or npz.

    Raises:
        OutputError: the name ends in nothing known.
    """
    if target is None or str(target).startswith(("/dev/", "/proc/")):
        return "tsv"
    for form in ("tsv", "tsv.gz", "npz"):
        if target.name.endswith(f".{form}"):
            return form
    if not target.is_file() and target.exists():
        return "tsv"
    raise OutputError(str(target), "the name does not end in a known format", "end it in .tsv, .tsv.gz or .npz")


def opened_writer(
    target: Path | None, form: str, method: str, classes: Sequence[str], alphabet: Alphabet
) -> AbstractContextManager[Writer]:
    """Returns a context with what writes attributions to a file, or to standard output.

    Args:
        target: the file; None for standard output.
        form: a result of `format_of`.
        method: of the attributions.
        classes: the K class names.
        alphabet: of the tokens.
    """
    if form == "npz":
        assert target is not None
        return written_arrays(target, method, classes, alphabet)
    return _tsv(target, columns(method, alphabet), compress=form == "tsv.gz")
