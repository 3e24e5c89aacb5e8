"""Attributions → an .npz file of NumPy arrays; `docs/formats.md` describes them.

The columns grow on disk, so that memory does not grow with the number of records.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as numpy_format
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.containers import Spool
from seqnet.core.ragged import Ragged, chunks
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.explanation.attributions import Attributions
from seqnet.prediction.outputs import Writer

__all__ = ["written_arrays"]

_COLUMNS = {
    "name_bytes": "u1", "name_lengths": "i8", "status": "u1", "labels": "i8", "logits": "f8", "lengths": "i8",
    "tokens": "u1", "values": "f4", "attributions": "f4",
}  # fmt: skip
_TOGETHER = 1 << 20
"""Bytes of names that are converted to text together."""


@contextmanager
def written_arrays(target: Path, method: str, classes: Sequence[str], alphabet: Alphabet) -> Iterator[Writer]:
    """Yields what collects attributions, and writes the file at the end of the block, if no error is raised."""
    with ExitStack() as stack:
        spools = {name: stack.enter_context(closing(Spool(kind))) for name, kind in _COLUMNS.items()}

        def write(columns: dict[str, NDArray[Any]]) -> None:
            for name, column in columns.items():
                spools[name].append(column)

        yield Writer(_columns_of, write)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            _store(archive, "method", np.array(method))
            _store(archive, "classes", np.array(classes))
            _store(archive, "alphabet", np.array(list("-" + alphabet.symbols)))
            _store_names(archive, spools["name_bytes"], spools["name_lengths"])
            words = np.array([status.word for status in RecordStatus])
            _store(archive, "status", words[spools["status"].view()])
            _store(archive, "offsets", np.concatenate([[0], np.cumsum(spools["lengths"].view())]))
            for name in ("labels", "logits", "tokens", "attributions"):
                _store_spool(archive, name, spools[name], (spools[name].length,))
            _store_spool(archive, "values", spools["values"], (spools["tokens"].length, alphabet.size))


def _columns_of(found: Attributions) -> dict[str, NDArray[Any]]:
    return {
        "name_bytes": found.names.data,
        "name_lengths": found.names.lengths,
        "status": found.status,
        "labels": found.labels,
        "logits": found.logits,
        "lengths": found.tokens.lengths,
        "tokens": found.tokens.data,
        "values": found.values.ravel(),
        "attributions": found.present,
    }


def _store(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    _store_pieces(archive, name, array.dtype, array.shape, [array.tobytes()])


def _store_spool(archive: zipfile.ZipFile, name: str, spool: Spool, shape: tuple[int, ...]) -> None:
    _store_pieces(archive, name, spool.dtype, shape, spool.pieces())


def _store_names(archive: zipfile.ZipFile, data: Spool, lengths: Spool) -> None:
    """Stores the names as text of one width, some at a time."""
    names = Ragged.from_lengths(data.view(), lengths.view())
    parts = list(chunks(names, _TOGETHER))
    width = max((len(text) for part in parts for text in names.slice(*part).text()), default=0)
    kind = np.dtype(f"<U{max(width, 1)}")
    pieces = (np.array(names.slice(*part).text(), dtype=kind).tobytes() for part in parts)
    _store_pieces(archive, "names", kind, (len(names),), pieces)


def _store_pieces(
    archive: zipfile.ZipFile, name: str, dtype: np.dtype[Any], shape: tuple[int, ...], pieces: Iterable[bytes]
) -> None:
    """Stores an array under a fixed time, so that the same attributions give the same bytes."""
    about = zipfile.ZipInfo(f"{name}.npy")
    about.compress_type = zipfile.ZIP_DEFLATED
    header = {"descr": numpy_format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    with archive.open(about, "w", force_zip64=True) as file:
        numpy_format.write_array_header_1_0(file, header)
        for piece in pieces:
            file.write(piece)
