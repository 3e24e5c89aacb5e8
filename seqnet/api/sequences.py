"""Sequences of any kind in memory → a record batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from seqnet.core.errors import SequencesError
from seqnet.core.printable import counted, shortened
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from Bio.SeqRecord import SeqRecord

__all__ = ["Sequences", "as_records"]

Sequences: TypeAlias = (
    "Mapping[Any, str | bytes | None] | Iterable[str | bytes | SeqRecord | None] | pd.Series[Any] | pa.Array "
    "| pa.ChunkedArray"
)
"""Sequences in memory; see `as_records`."""

_KINDS = "text, bytes, a Bio.SeqRecord or Bio.Seq, or None where it is missing"


def as_records(sequences: Sequences, names: Iterable[object] | None = None) -> RecordBatch:
    """Returns sequences as a record batch.

    Args:
        sequences: N of them: a list, tuple, iterator, NumPy array or Arrow array of text or bytes; a pandas Series,
            whose index has the names unless it is a RangeIndex; `Bio.SeqRecord`s, whose `id` is the name; or a
            dictionary name → sequence. None, NaN and pandas.NA are missing sequences.
        names: N names; None for those that the sequences have. A missing name is the number of the sequence, from 1.

    Raises:
        SequencesError: it is a single sequence, an array of another dimension or type, or a sequence is none; or there
            are more or fewer names than sequences.
    """
    _refuse_single(sequences)
    own: list[str | None] | None = None
    if isinstance(sequences, Mapping):
        own, sequences = list(map(_name, sequences)), list(sequences.values())
    elif _is_from("pandas", sequences):
        own, sequences = _from_pandas(sequences)
    if _is_from("pyarrow", sequences) and hasattr(sequences, "is_null"):
        symbols, missing = _from_arrow(sequences)
    else:
        elements = _elements(sequences)
        if own is None:
            own = [_id(element) for element in elements]
        symbols, missing = _from_elements(elements)
    given = Ragged.from_strings(_names(len(symbols), own, names)).as_utf8()
    return RecordBatch(given, symbols, given, missing=missing if missing.any() else None)


def _is_from(package: str, value: object) -> bool:
    """Returns whether a value is of a class of a package, which need not be loaded for that."""
    return type(value).__module__.partition(".")[0] == package


def _refuse_single(sequences: object) -> None:
    kind = type(sequences).__name__
    biological = _is_from("Bio", sequences) and kind in ("Seq", "MutableSeq", "SeqRecord")
    if isinstance(sequences, str | bytes | bytearray) or biological:
        raise SequencesError("this is a single sequence", "pass a list of sequences, such as [sequence]")
    if kind in ("DataFrame", "Table", "RecordBatch"):
        raise SequencesError("this is a table, not a column of sequences", 'pass one column, such as frame["sequence"]')
    if not isinstance(sequences, Iterable):
        raise SequencesError(
            f"sequences can't be of type {kind}", "pass a list of sequences, or use predict_file for a file"
        )


def _from_pandas(series: Any) -> tuple[list[str | None] | None, list[Any]]:
    """Returns the names that the index of a Series has, if any, and the values."""
    index = getattr(series, "index", None)
    if index is None or type(index).__name__ == "RangeIndex":
        return None, series.tolist()
    return [_name(name) for name in index], series.tolist()


def _from_arrow(array: Any) -> tuple[Ragged, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Returns the sequences of an Arrow array, and where (N,) bool they are missing."""
    import pyarrow as pa

    kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    binary = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    text = (pa.types.is_string, pa.types.is_large_string, *binary)
    if not any(test(kind) for test in (*text, pa.types.is_null)) and str(kind) not in ("string_view", "binary_view"):
        raise SequencesError(f"the Arrow array is of type {array.type}", "pass an array of strings")
    missing = np.asarray(array.is_null().to_numpy(zero_copy_only=False), dtype=bool)
    if "binary" in str(kind):
        return _from_elements(array.to_pylist())
    return Ragged.from_arrow(array), missing


def _elements(sequences: Any) -> list[Any]:
    if isinstance(sequences, np.ndarray):
        if sequences.ndim != 1:
            raise SequencesError(
                f"the array has {counted(sequences.ndim, 'dimensions')}",
                "pass one of 1 dimension, a sequence in each place",
            )
        return list(sequences.tolist())
    return list(sequences)


def _id(element: object) -> str | None:
    """Returns the name that a sequence has, None where it has none."""
    return _name(element.id) if hasattr(element, "seq") and hasattr(element, "id") else None


def _from_elements(elements: list[Any]) -> tuple[Ragged, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Returns the sequences of a list, and where (N,) bool they are missing."""
    strings = [element if type(element) is str else _string(place, element) for place, element in enumerate(elements)]
    missing = np.fromiter((string is None for string in strings), dtype=bool, count=len(strings))
    if missing.any():
        strings = [string or "" for string in strings]
    try:
        return Ragged.from_strings(strings), missing  # type: ignore[arg-type]
    except (TypeError, UnicodeEncodeError):  # text beside bytes; half of a surrogate pair, which no alphabet has
        encoded = [one.encode(errors="replace") if isinstance(one, str) else one for one in strings]
        return Ragged.from_strings(encoded), missing  # type: ignore[arg-type]


def _string(place: int, element: Any) -> str | bytes | None:
    """Returns a sequence as text or bytes, None where it is missing."""
    if isinstance(element, str):
        return str(element)
    if isinstance(element, bytes | bytearray):
        return bytes(element)
    if _is_missing(element):
        return None
    if _is_from("pyarrow", element) and hasattr(element, "as_py"):
        return _string(place, element.as_py())
    sequence = getattr(element, "seq", element)
    if sequence is None:
        return None
    if _is_from("Bio", sequence):
        from Bio.Seq import UndefinedSequenceError

        try:
            return bytes(sequence)
        except UndefinedSequenceError:  # a record of a length, without the sequence
            return None
    kind = type(element).__name__
    raise SequencesError(
        f"a sequence can't be of type {kind}: {shortened(element)}", f"pass {_KINDS}", record=str(place + 1)
    )


def _name(given: Any) -> str | None:
    """Returns a name as text; None where it is missing."""
    if isinstance(given, bytes):
        return given.decode(errors="replace")
    # Half of a surrogate pair is no character.
    return None if _is_missing(given) else str(given).encode(errors="replace").decode()


def _is_missing(element: Any) -> bool:
    """Returns whether something is None, NaN, NaT or `pandas.NA`."""
    missing = element is None or type(element).__name__ in ("NAType", "NaTType")
    return missing or (isinstance(element, float) and element != element)


def _names(count: int, own: list[str | None] | None, names: Iterable[object] | None) -> list[str]:
    """Returns N names: the given ones, else the sequences' own; numbers from 1 for missing ones."""
    if isinstance(names, str | bytes):
        raise SequencesError("names is a single text", "pass a list of names, one for each sequence")
    if names is not None and not isinstance(names, Iterable):
        raise SequencesError(f"names is {shortened(names)}", "pass a list of names, one for each sequence")
    found = (own or [None] * count) if names is None else [_name(name) for name in names]
    if len(found) != count:
        raise SequencesError(
            f"{counted(len(found), 'names')} for {counted(count, 'sequences')}", "pass one name for each sequence"
        )
    return [str(place) if name is None else name for place, name in enumerate(found, 1)]
