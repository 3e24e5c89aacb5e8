"""`seqnet` with or without the check of the checksum of a model, to measure what it costs.

python -m benchmarks.rivals.checksums checked|unchecked WORDS...
"""

from __future__ import annotations

import mmap
import sys

from seqnet.__main__ import main
from seqnet.core import containers

__all__: list[str] = []


def _stated(content: bytes | mmap.mmap) -> str:
    """Returns the checksum that a file states, without reading the rest of it."""
    return bytes(content[containers._PLACE]).decode()


if __name__ == "__main__":
    how, *words = sys.argv[1:]
    if how == "unchecked":
        containers._checksum = _stated
    sys.argv = ["seqnet", *words]
    main()
