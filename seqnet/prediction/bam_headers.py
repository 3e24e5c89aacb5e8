"""Headers of BAM files: the order of the alignments, and the lines that name this program.

Source: SAM/BAM format specification, sections 1.3 and 4.2, https://samtools.github.io/hts-specs/SAMv1.pdf
"""

from __future__ import annotations

import itertools
import re
from struct import Struct

import seqnet

__all__ = ["is_sorted_by_position", "with_program"]

_START = Struct("<4si")
"""The magic bytes, and the length of the text."""
_SORTED = re.compile(rb"@HD\t[^\n]*\bSO:coordinate\b")
_BLANKS = re.compile(r"[\t\r\n]")


def _parted(header: bytes) -> tuple[bytes, bytes, bytes]:
    """Returns the magic bytes, the text, and the list of references."""
    magic, length = _START.unpack_from(header)
    end = _START.size + length
    return magic, header[_START.size : end].rstrip(b"\0"), header[end:]


def is_sorted_by_position(header: bytes) -> bool:
    """Returns whether the header of a BAM, uncompressed, says so."""
    return bool(_SORTED.match(_parted(header)[1]))


def with_program(header: bytes, command: str) -> bytes:
    """Returns the header of a BAM with a line @PG for this program after each last program, as samtools adds it.

    Args:
        header: from the first byte to the first record, uncompressed.
        command: the command line.
    """
    magic, text, references = _parted(header)
    if text and not text.endswith(b"\n"):
        text += b"\n"
    programs = [_fields(line) for line in text.split(b"\n") if line.startswith(b"@PG\t")]
    ids = [fields.get(b"ID", b"") for fields in programs]
    followed = {fields.get(b"PP") for fields in programs}
    version, line = seqnet.__version__.encode(), _BLANKS.sub(" ", command).encode(errors="replace")
    for last in [one for one in ids if one not in followed] or [b""]:
        names = itertools.chain([b"seqnet"], (b"seqnet.%d" % number for number in itertools.count(1)))
        name = next(name for name in names if name not in ids)
        ids.append(name)
        previous = b"\tPP:" + last if last else b""
        text += b"@PG\tID:%b\tPN:seqnet%b\tVN:%b\tCL:%b\n" % (name, previous, version, line)
    return _START.pack(magic, len(text)) + text + references


def _fields(line: bytes) -> dict[bytes, bytes]:
    """Returns tag → value of a header line."""
    return {field[:2]: field[3:] for field in line.rstrip(b"\r").split(b"\t")[1:]}
