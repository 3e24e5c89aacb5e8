"""Cache of embeddings on disk, by content: each is computed once and read in every epoch.

    FOLDER/ENVIRONMENT/about.json     the environment of all embeddings in this folder
    FOLDER/ENVIRONMENT/ab/abcd….f32   (L, C) float32, little-endian, and its CRC-32; named by SHA-256 of the tokens

`ENVIRONMENT` is a hash of everything that can change a bit of an embedding, so that results with and without the cache
are identical. An embedding is written completely or not at all, so runs may share a folder and may be stopped at any
time. A damaged embedding is computed again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from seqnet.core.errors import OutputError
from seqnet.core.outputs import remove_stale_in, whole_file

__all__ = ["EmbeddingCache", "cache_folder"]

_LAYOUT = 1
_FLOAT = np.dtype("<f4")


def cache_folder(setting: str) -> Path | None:
    """Returns the folder for the setting `encoder.cache`: `auto` is the platform's cache folder, `none` gives None."""
    if setting == "none":
        return None
    if setting != "auto":
        return Path(setting).expanduser()
    return user_cache_path("seqnet", appauthor=False) / "plm"


class EmbeddingCache:
    """The embeddings of one model in one environment.

    Args:
        folder: folder of all caches; created when the first embedding is written.
        environment: JSON values, everything that can change a bit of an embedding.
        channels: C, length of a residue's vector.

    Attributes:
        place: folder of this environment.
    """

    def __init__(self, folder: Path, environment: Mapping[str, Any], channels: int) -> None:
        self._about = json.dumps({**environment, "layout": _LAYOUT}, sort_keys=True, indent=2) + "\n"
        self._channels = channels
        self._begun: set[Path] = set()  # existing folders from which stale files have been removed
        self.place = folder / hashlib.sha256(self._about.encode()).hexdigest()[:16]

    def __contains__(self, tokens: NDArray[np.uint8]) -> bool:
        try:
            return self._file(tokens).stat().st_size == self.size(len(tokens))
        except FileNotFoundError:
            return False

    def size(self, length: int) -> int:
        """Returns the size on disk of the embedding of a sequence with `length` residues, in bytes."""
        return length * self._channels * _FLOAT.itemsize + 4

    def get(self, tokens: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """Returns the embedding (L, C) float32 of tokens (L,) uint8; None if it is missing or damaged."""
        try:
            content = bytearray(self._file(tokens).read_bytes())
        except FileNotFoundError:
            return None
        if len(content) != self.size(len(tokens)):
            return None
        values = np.frombuffer(content, dtype=_FLOAT, count=len(tokens) * self._channels)
        if struct.pack("<I", zlib.crc32(values.data)) != content[-4:]:
            return None
        found: NDArray[np.float32] = values.astype(np.float32, copy=False).reshape(len(tokens), self._channels)
        return found

    def put(self, tokens: NDArray[np.uint8], embedding: NDArray[np.float32]) -> None:
        """Stores the embedding (L, C) float32 of tokens (L,) uint8.

        Raises:
            OSError: there is too little disk space, or the folder can't be written.
        """
        self._write(self.place / "about.json", self._about.encode(), replace=False)
        values = np.ascontiguousarray(embedding, dtype=_FLOAT)
        self._write(self._file(tokens), values.tobytes() + struct.pack("<I", zlib.crc32(values.data)), replace=True)

    def check_space(self, size: int) -> None:
        """Checks that there is disk space for `size` more bytes.

        Raises:
            OutputError: there is not enough.
        """
        there = next(folder for folder in (self.place, *self.place.parents) if folder.exists())
        free = shutil.disk_usage(there).free
        if size > free:
            problem = f"the embeddings need {size / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB are free"
            raise OutputError(str(self.place.parent), problem, "set encoder.cache to another folder, or to none")

    def _file(self, tokens: NDArray[np.uint8]) -> Path:
        name = hashlib.sha256(np.ascontiguousarray(tokens).data).hexdigest()
        return self.place / name[:2] / f"{name}.f32"

    def _write(self, target: Path, content: bytes, *, replace: bool) -> None:
        if not replace and target.exists():
            return
        if target.parent not in self._begun:
            target.parent.mkdir(parents=True, exist_ok=True)
            remove_stale_in(target.parent)
            self._begun.add(target.parent)
        with whole_file(target, force=True) as temporary:
            temporary.write_bytes(content)
