"""The reference FASTA of a CRAM, in a form that htslib can use.

htslib reads it by position, which needs a plain or bgzip file with an index next to it. If the index is missing and
can't be written, as in a shared read-only folder, it is made in a temporary folder.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from seqnet.core.errors import FormatError
from seqnet.readers.compression import find_compression

__all__ = ["usable_reference"]

_HEAD_BYTES = 64


@contextmanager
def usable_reference(path: str) -> Iterator[str]:
    """Yields a path of the reference at which htslib finds its index or can write one.

    Raises:
        FormatError: the file has another compression than bgzip, or there is no folder for the index.
        OSError: the file can't be read.
    """
    with open(path, "rb") as file:
        compression = find_compression(file.read(_HEAD_BYTES))
    if compression not in (None, "bgzip"):
        raise FormatError(
            f"the reference is compressed with {compression}, and can't be read by position",
            "give a plain or bgzip FASTA: decompress it, or compress it again with bgzip",
            path=path,
        )
    endings = (".fai", ".gzi") if compression else (".fai",)
    indexed = all(os.path.exists(path + ending) for ending in endings)
    if indexed or os.access(os.path.dirname(os.path.abspath(path)), os.W_OK):
        yield path
        return
    try:
        folder = tempfile.TemporaryDirectory(prefix="seqnet-")
    except OSError as error:
        raise FormatError(
            "the reference has no index, and there is no place to write one", f"run: samtools faidx {path}", path=path
        ) from error
    with folder as name:
        link = os.path.join(name, os.path.basename(path))
        os.symlink(os.path.abspath(path), link)
        yield link
