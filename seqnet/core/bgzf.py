"""Bytes → blocks of the compression bgzip, which every program that reads gzip can read.

Blocks are independent, so that several threads can compress parts of one file.

Source: SAM/BAM format specification, section 4.1, https://samtools.github.io/hts-specs/SAMv1.pdf
"""

from __future__ import annotations

from struct import Struct

__all__ = ["BGZF_END", "bgzf"]

BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
"""The last block of a file; section 4.1.2, "End-of-file marker"."""

_START = Struct("<12s4sH")
_GZIP = bytes.fromhex("1f8b08040000000000ff0600")
_FIELD = b"BC\2\0"
_TAIL = Struct("<II")
_STORED = Struct("<BHH")
_MOST = 0xFF00
"""Maximum bytes of data in a block, as in htslib; a block that can't be compressed is a little longer."""
_LEVEL = 1


def bgzf(data: bytes | memoryview, *, compress: bool = True) -> bytes:
    """Returns the blocks of some data, without the last block of a file; nothing for no data.

    Args:
        data: any bytes.
        compress: whether the data are compressed within the blocks; a pipe to another program is faster without it.
    """
    from isal import igzip_lib, isal_zlib

    blocks = []
    for start in range(0, len(data), _MOST):
        piece = data[start : start + _MOST]
        if compress:
            body = igzip_lib.compress(piece, _LEVEL, igzip_lib.COMP_DEFLATE)
        else:
            body = _STORED.pack(1, len(piece), len(piece) ^ 0xFFFF) + piece
        size = _START.size + len(body) + _TAIL.size
        blocks += [_START.pack(_GZIP, _FIELD, size - 1), body, _TAIL.pack(isal_zlib.crc32(piece), len(piece))]
    return b"".join(blocks)
