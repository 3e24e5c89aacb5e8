"""The file format of datasets, models and checkpoints: safetensors with a JSON description and a checksum.

A container is a safetensors file whose `__metadata__` has two keys. `checksum` is the checksum of the whole file.
`seqnet` is a JSON object with `kind`, `version` and the description of this kind. Keys are sorted and tensors have a
fixed order, so that the same content always gives the same bytes. Tensors are never read through pickle.

The checksum is at a fixed position. It is XXH3-128 of all bytes of the file, with zeros in place of the checksum, so
that a change of any bit is found. It detects damage; it does not prove who wrote the file.

Source: https://github.com/huggingface/safetensors, format description in its README; https://xxhash.com.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import xxhash
from numpy.typing import DTypeLike, NDArray
from safetensors import SafetensorError, safe_open

from seqnet.core.errors import ContainerError
from seqnet.core.mapping import map_file
from seqnet.core.outputs import temporary_files
from seqnet.core.printable import counted, shortened
from seqnet.core.schema import SchemaError, anything

__all__ = ["VERSION", "Container", "Spool", "drop_pages", "read_container", "write_container"]

VERSION = 3
"""Version of the layout that is written."""

_OLDER: Mapping[str, tuple[int, ...]] = {"dataset": (1,), "model": (2,), "checkpoint": (2,)}
"""Kind → older versions, without a checksum, that can also be read."""

_KEY, _SUM = "seqnet", "checksum"
_ZEROS = "0" * 32
_START = f'{{"__metadata__":{{"{_SUM}":"'.encode()
_PLACE = slice(8 + len(_START), 8 + len(_START) + len(_ZEROS))
"""Position of the checksum in the file: after the length of the header and the start of the header."""

_LONGEST_HEADER = 16_000_000
_MOST_VALUES = 500_000
"""Maximum bytes of a header, and values in it, so that reading it takes little memory and time."""

_COPIED = 1 << 28
"""Maximum bytes of a file that is read into memory. Larger files are mapped, and cutting one ends the process."""

_PIECE = 1 << 20
_DTYPES: Mapping[str, np.dtype[Any]] = {
    "U8": np.dtype(np.uint8), "I32": np.dtype("<i4"), "I64": np.dtype("<i8"),
    "F32": np.dtype("<f4"), "F64": np.dtype("<f8"), "BOOL": np.dtype(np.bool_),
}  # fmt: skip
_CODES = {dtype: code for code, dtype in _DTYPES.items()}


@dataclass(frozen=True)
class Container:
    """The content of a file.

    Attributes:
        description: the JSON object, with `kind` and `version`.
        tensors: name → array, read-only; memory-mapped if the file is large.
        check_whole: raises `ContainerError` if a memory-mapped file has been cut since it was opened.
    """

    description: dict[str, Any]
    tensors: dict[str, NDArray[Any]]
    check_whole: Callable[[], None] = field(default=lambda: None, compare=False)


class Spool:
    """A one-dimensional column that grows on disk and not in memory; `close` deletes it.

    Args:
        dtype: type of its elements.
    """

    def __init__(self, dtype: DTypeLike) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.length = 0
        self._file: IO[bytes] = tempfile.TemporaryFile(buffering=1 << 20)  # noqa: SIM115 - open until `close`

    @property
    def shape(self) -> tuple[int]:
        """Shape of the column so far."""
        return (self.length,)

    def append(self, values: NDArray[Any]) -> None:
        """Adds `values` (M,) at the end."""
        with temporary_files():
            self._file.write(np.ascontiguousarray(values, dtype=self.dtype).data)
        self.length += len(values)

    def view(self) -> NDArray[Any]:
        """Returns all values of the column so far, (length,), memory-mapped."""
        self._flush()
        if not self.length:
            return np.empty(0, self.dtype)
        return np.frombuffer(mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ), dtype=self.dtype)

    def pieces(self) -> Iterator[bytes]:
        """Yields the bytes of the column, piece by piece."""
        self._flush()
        self._file.seek(0)
        while piece := self._file.read(_PIECE):
            yield piece

    def _flush(self) -> None:
        with temporary_files():
            self._file.flush()

    def close(self) -> None:
        """Frees the disk space."""
        with temporary_files():
            self._file.close()


def drop_pages(part: NDArray[Any]) -> None:
    """Removes part of a memory-mapped column from memory; the next access reads it from disk again.

    Call it for parts that have been processed when going once through a large column. Other arrays are not changed.
    """
    base: Any = part
    while isinstance(base, np.ndarray | memoryview):
        base = base.base if isinstance(base, np.ndarray) else base.obj
    if not (isinstance(base, mmap.mmap) and part.nbytes and part.flags.c_contiguous and hasattr(base, "madvise")):
        return
    whole = np.frombuffer(base, dtype=np.uint8)
    start = part.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    first = start // mmap.PAGESIZE * mmap.PAGESIZE
    base.madvise(mmap.MADV_DONTNEED, first, start + part.nbytes - first)


def write_container(
    path: Path, kind: str, description: Mapping[str, Any], tensors: Mapping[str, NDArray[Any] | Spool]
) -> None:
    """Writes a container. The same content gives the same bytes.

    Args:
        path: file to write; the caller makes sure that it is complete (see `core.outputs.whole_file`).
        kind: kind of the file, one of `VERSIONS`.
        description: JSON values that describe the content.
        tensors: name → array or spool.
    """
    # As ASCII: Python holds a path that is not UTF-8 as lone surrogates, which are valid in JSON only as escapes.
    text = json.dumps({**description, "kind": kind, "version": VERSION}, sort_keys=True, allow_nan=False)
    header: dict[str, Any] = {"__metadata__": {_SUM: _ZEROS, _KEY: text}}
    # The widest elements come first, as in the reference implementation. This keeps every tensor aligned.
    order = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    position = 0
    for name in order:
        tensor = tensors[name]
        size = int(np.prod(tensor.shape, dtype=np.int64)) * tensor.dtype.itemsize
        header[name] = {
            "dtype": _CODES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [position, position + size],
        }
        position += size
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    start = struct.pack("<Q", len(encoded)) + encoded
    digest = xxhash.xxh3_128(start)
    with path.open("wb") as file:
        if not file.seekable():  # a pipe: there is no seeking back to the checksum
            for piece in _pieces(tensors, order):
                digest.update(piece)
            start = start[: _PLACE.start] + digest.hexdigest().encode() + start[_PLACE.stop :]
        file.write(start)
        for piece in _pieces(tensors, order):
            digest.update(piece)
            file.write(piece)
        if file.seekable():
            file.seek(_PLACE.start)
            file.write(digest.hexdigest().encode())


def _pieces(tensors: Mapping[str, NDArray[Any] | Spool], order: Sequence[str]) -> Iterator[memoryview | bytes]:
    """Yields the bytes of the tensors, in the given order."""
    for name in order:
        tensor = tensors[name]
        if isinstance(tensor, Spool):
            yield from tensor.pieces()
        else:
            content = np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).data
            yield from (content[at : at + _PIECE] for at in range(0, len(content), _PIECE))


def read_container(path: Path, kinds: Sequence[str], remedy: str) -> Container:
    """Returns the content of the file.

    Args:
        path: the file.
        kinds: allowed kinds: dataset, model, checkpoint.
        remedy: advice in the error message if the file can't be used.

    Raises:
        ContainerError: the file is not a seqnet file, is damaged, or has another kind or version.
        OSError: it can't be read.
    """
    content, check_whole = _content(path, remedy)
    name, size = " or ".join(kinds), len(content)
    (length,) = struct.unpack("<Q", content[:8]) if size > 8 else (0,)
    if content[8:9] != b"{" or length > _LONGEST_HEADER:
        raise ContainerError(str(path), f"this is not a seqnet {name}", remedy)
    header = content[8 : 8 + length]
    if sum(header.count(mark) for mark in (b",", b"[", b"{")) > _MOST_VALUES:
        raise ContainerError(str(path), "the description of the file is too large", remedy)
    try:
        with safe_open(path, framework="np") as opened:
            metadata = opened.metadata() or {}
    except SafetensorError as error:
        raise ContainerError(
            str(path), f"the file is damaged or cut short at {counted(size, 'bytes')}", remedy
        ) from error
    if _SUM in metadata and (content[8 : _PLACE.start] != _START or _checksum(content) != metadata[_SUM]):
        raise ContainerError(str(path), "the file is damaged: its content does not match its checksum", remedy)
    try:
        description = _parsed(metadata[_KEY])
        found, version = description["kind"], description["version"]
    except SchemaError as error:
        raise ContainerError(str(path), f"the description of the file is damaged: {error}", remedy) from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ContainerError(str(path), f"this is a safetensors file, but not a seqnet {name}", remedy) from error
    if found not in kinds:
        raise ContainerError(str(path), f"this is a seqnet {str(found)[:40]}, not a {name}", remedy)
    older = _OLDER[found]
    if version not in (*older, VERSION) or not isinstance(version, int):
        known = " and ".join(map(str, (*older, VERSION)))
        problem = f"this {found} has format version {shortened(version)}, this program reads versions {known}"
        raise ContainerError(str(path), problem, remedy)
    if version == VERSION and _SUM not in metadata:
        raise ContainerError(str(path), "the file is damaged: it has no checksum", remedy)
    return Container(description, _tensors(path, content, length, remedy), check_whole)


def _content(path: Path, remedy: str) -> tuple[bytes | mmap.mmap, Callable[[], None]]:
    """Returns the bytes of a file, mapped if it is large, and a function that checks whether the file has been cut."""
    # Check this before opening, because opening a named pipe would wait for a writer.
    if not (path.is_file() or path.is_dir()) and path.exists():
        raise ContainerError(str(path), "this is a pipe or a device, not a file", "save it to a file first")
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size <= _COPIED:
            return file.read(), lambda: None
    return map_file(path, remedy)


def _checksum(content: bytes | mmap.mmap) -> str:
    """Returns the checksum of a file, computed with zeros in place of the checksum."""
    digest = xxhash.xxh3_128(content[: _PLACE.start] + _ZEROS.encode())
    with memoryview(content) as view:
        for start in range(_PLACE.stop, len(view), _PIECE):
            digest.update(view[start : start + _PIECE])
    return digest.hexdigest()


def _parsed(text: str) -> dict[str, Any]:
    """Returns the description as an object.

    Raises:
        ValueError: the text is not JSON; a `SchemaError` if a value is not allowed in a description.
    """

    def refuse(word: str) -> None:
        raise SchemaError(f"it has {word}, which is not a JSON number")

    description: dict[str, Any] = json.loads(text, parse_constant=refuse)
    if not isinstance(description, dict):
        raise ValueError("no description")
    anything("", description)
    return description


def _tensors(path: Path, content: bytes | mmap.mmap, header_length: int, remedy: str) -> dict[str, NDArray[Any]]:
    """Returns the tensors of a file that the safetensors library has found valid."""
    header = json.loads(content[8 : 8 + header_length])
    header.pop("__metadata__", None)
    tensors: dict[str, NDArray[Any]] = {}
    for name, entry in header.items():
        if entry["dtype"] not in _DTYPES:
            raise ContainerError(str(path), f"tensor {name} has type {entry['dtype']}", remedy)
        dtype: np.dtype[Any] = _DTYPES[entry["dtype"]]
        count = int(np.prod(entry["shape"], dtype=np.int64))
        offset = 8 + header_length + entry["data_offsets"][0]
        flat: NDArray[Any] = np.empty(0, dtype)
        if count:
            flat = np.frombuffer(content, dtype=dtype, count=count, offset=offset)
        tensors[name] = flat.reshape(entry["shape"])
    return tensors
