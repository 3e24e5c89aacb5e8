"""The one file format of datasets, bundles and checkpoints: safetensors with a JSON description.

A container is a safetensors file whose `__metadata__` has the single key `seqnet`: a JSON object with `kind`,
`version` and whatever the kind describes. One key, sorted, and tensors in a fixed order make the bytes a function of
the content. Tensors are read as memory maps and never through pickle.

Source: https://github.com/huggingface/safetensors, format description in its README.
"""

from __future__ import annotations

import json
import mmap
import shutil
import stat
import struct
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from safetensors import SafetensorError, safe_open

from seqnet.errors import ContainerError
from seqnet.outputs import temporary_files

__all__ = ["VERSIONS", "Container", "Spool", "read_container", "write_container"]

VERSIONS: Mapping[str, int] = {"dataset": 1, "model": 2, "checkpoint": 2}
"""Kind → version of its layout that this program writes and reads."""

_KEY = "seqnet"
_DTYPES: Mapping[str, np.dtype[Any]] = {
    "U8": np.dtype(np.uint8), "I32": np.dtype("<i4"), "I64": np.dtype("<i8"),
    "F32": np.dtype("<f4"), "F64": np.dtype("<f8"), "BOOL": np.dtype(np.bool_),
}  # fmt: skip
_CODES = {dtype: code for code, dtype in _DTYPES.items()}


@dataclass(frozen=True)
class Container:
    """What a file holds.

    Attributes:
        description: the JSON object, `kind` and `version` included.
        tensors: name → array, read-only and memory-mapped.
    """

    description: dict[str, Any]
    tensors: dict[str, NDArray[Any]]


class Spool:
    """A one-dimensional column that grows on disk and not in memory; it goes away when closed.

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
        """Returns the column so far, (length,), memory-mapped."""
        self._flush()
        if not self.length:
            return np.empty(0, self.dtype)
        return np.frombuffer(mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ), dtype=self.dtype)

    def copy_to(self, target: IO[bytes]) -> None:
        """Writes the bytes of the column to `target`."""
        self._flush()
        self._file.seek(0)
        shutil.copyfileobj(self._file, target, 1 << 22)

    def _flush(self) -> None:
        with temporary_files():
            self._file.flush()

    def close(self) -> None:
        """Frees the disk space."""
        with temporary_files():
            self._file.close()


def write_container(
    path: Path, kind: str, description: Mapping[str, Any], tensors: Mapping[str, NDArray[Any] | Spool]
) -> None:
    """Writes a container; the same content gives the same bytes.

    Args:
        path: file to write; the caller makes it whole (see `outputs.whole_file`).
        kind: what it is, one of `VERSIONS`.
        description: JSON values that describe it.
        tensors: name → array or spool.
    """
    # As ASCII, so that a path that is not UTF-8, which Python holds as lone surrogates, is still valid JSON.
    text = json.dumps({**description, "kind": kind, "version": VERSIONS[kind]}, sort_keys=True)
    header: dict[str, Any] = {"__metadata__": {_KEY: text}}
    # Widest elements first, as the reference implementation does, keeps every tensor aligned.
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
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(encoded)) + encoded)
        for name in order:
            tensor = tensors[name]
            if isinstance(tensor, Spool):
                tensor.copy_to(file)
            else:
                file.write(np.ascontiguousarray(tensor).data)


def read_container(path: Path, kinds: Sequence[str], remedy: str) -> Container:
    """Returns what the file holds, its tensors memory-mapped.

    Args:
        path: the file.
        kinds: what it may be, some of `VERSIONS`.
        remedy: what the user can do where the file is no good.

    Raises:
        ContainerError: the file is not ours, truncated, or of another kind or version.
        OSError: it can't be read.
    """
    about = path.stat()
    if not (stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode)):
        raise ContainerError(str(path), "this is a pipe or a device, which can't be mapped", "save it as a file first")
    size = about.st_size
    with path.open("rb") as raw:
        start = raw.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        head = raw.read(1) if length else b""
    name = " or ".join(kinds)
    if head != b"{" or length > 100_000_000:
        raise ContainerError(str(path), f"this is not a seqnet {name}", remedy)
    try:
        with safe_open(path, framework="np") as opened:
            metadata = opened.metadata() or {}
    except SafetensorError as error:
        raise ContainerError(str(path), f"the file is damaged or cut short at {size:,} bytes", remedy) from error
    try:
        description = json.loads(metadata[_KEY])
        found, version = description["kind"], description["version"]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ContainerError(str(path), f"a safetensors file, but not a seqnet {name}", remedy) from error
    if found not in kinds:
        raise ContainerError(str(path), f"this is a seqnet {found}, not a {name}", remedy)
    if version != VERSIONS[found]:
        problem = f"this {found} has format version {version}, this program reads version {VERSIONS[found]}"
        raise ContainerError(str(path), problem, remedy)
    return Container(description, _map_tensors(path, length))


def _map_tensors(path: Path, header_length: int) -> dict[str, NDArray[Any]]:
    """Returns the tensors of a file that the reference implementation has found valid."""
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    header = json.loads(mapped[8 : 8 + header_length])
    header.pop("__metadata__", None)
    tensors: dict[str, NDArray[Any]] = {}
    for name, entry in header.items():
        if entry["dtype"] not in _DTYPES:
            raise ContainerError(str(path), f"tensor {name} has type {entry['dtype']}", "make the file again")
        dtype: np.dtype[Any] = _DTYPES[entry["dtype"]]
        count = int(np.prod(entry["shape"], dtype=np.int64))
        offset = 8 + header_length + entry["data_offsets"][0]
        flat: NDArray[Any] = np.empty(0, dtype)
        if count:
            flat = np.frombuffer(mapped, dtype=dtype, count=count, offset=offset)
        tensors[name] = flat.reshape(entry["shape"])
    return tensors
