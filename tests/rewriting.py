"""Changes containers and corrects the checksum, as somebody who knows the format could do."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xxhash

Change = Callable[[dict[str, Any], dict[str, Any]], None]


def header_of(path: Path) -> tuple[dict[str, Any], bytes]:
    """Returns the header and the bytes after it."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    return json.loads(raw[8 : 8 + length]), raw[8 + length :]


def write_header(path: Path, header: dict[str, Any] | bytes, data: bytes, *, checksum: bool = True) -> None:
    """Writes a file from a header and data; by default the checksum of the header is corrected."""
    if isinstance(header, bytes):
        encoded, checksum = header, False
    else:
        sealed = checksum and "checksum" in header.get("__metadata__", {})
        if sealed:
            about = {"checksum": "0" * 32, **header["__metadata__"]} | {"checksum": "0" * 32}
            header = {"__metadata__": about, **{name: one for name, one in header.items() if name != "__metadata__"}}
        encoded = json.dumps(header, separators=(",", ":")).encode()
        checksum = sealed
    encoded += b" " * (-len(encoded) % 8)
    whole = struct.pack("<Q", len(encoded)) + encoded + data
    if checksum:
        whole = whole.replace(b"0" * 32, xxhash.xxh3_128(whole).hexdigest().encode(), 1)
    path.write_bytes(whole)


def description_of(path: Path) -> dict[str, Any]:
    """Returns the description of a container."""
    found: dict[str, Any] = json.loads(header_of(path)[0]["__metadata__"]["seqnet"])
    return found


def rewrite(path: Path, change: Change) -> None:
    """Changes the description and the table of tensors of a container."""
    header, data = header_of(path)
    about = json.loads(header["__metadata__"]["seqnet"])
    change(about, header)
    header["__metadata__"]["seqnet"] = json.dumps(about)
    write_header(path, header, data)
