"""Strings without control characters, for text files with one record a line."""

from __future__ import annotations

import numpy as np

from seqnet.core.printable import CONTROLS
from seqnet.core.ragged import Ragged

__all__ = ["one_line"]

_IS_CONTROL = np.isin(np.arange(256), list(CONTROLS))
_ESCAPED = [CONTROLS.get(byte, bytes([byte])) for byte in range(256)]


def one_line(column: Ragged) -> Ragged:
    r"""Returns the strings with tabs, line ends and other control characters as `\t`, `\n`, `\x1b`."""
    if not _IS_CONTROL[column.data].any():
        return column
    return Ragged.from_strings([b"".join(map(_ESCAPED.__getitem__, column[row])) for row in range(len(column))])
