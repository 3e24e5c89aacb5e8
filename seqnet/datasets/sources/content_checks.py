"""Content checks of downloaded files: each check reads the file and raises an error if it is not as expected.

Some sources publish no checksum, and a wrong address often returns a web page. The checks find both.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np
import pysam

from seqnet.core.errors import FormatError, SeqnetError, TruncatedError

__all__ = ["check_bam", "check_token_arrays"]

# Source: SAM/BAM format specification, sections 4.1 (BGZF) and 4.1.2 (end-of-file marker),
# https://samtools.github.io/hts-specs/SAMv1.pdf
_BGZF_MAGIC = b"\x1f\x8b\x08\x04"
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")

_REMEDY = "check the address, or give another one"


def check_bam(path: Path) -> None:
    """Checks that the file is a complete BAM: compressed blocks, the end-of-file marker, and a readable header.

    Raises:
        FormatError: the file is not a BAM.
        TruncatedError: the end-of-file marker is missing.
    """
    with path.open("rb") as file:
        start = file.read(len(_BGZF_MAGIC))
        if start != _BGZF_MAGIC:
            raise FormatError(f"this is not a BAM file, it starts with {start!r}", _REMEDY)
        file.seek(max(0, path.stat().st_size - len(_BGZF_END)))
        end = file.read()
    if end != _BGZF_END:
        raise TruncatedError("the end-of-file marker of the BAM is missing, so it is incomplete", "download it again")
    # htslib prints its own messages to stderr. They are suppressed, because the exception has all information.
    verbosity = pysam.set_verbosity(0)
    try:
        with pysam.AlignmentFile(str(path), "rb", check_sq=False) as bam:
            readable = bam.is_bam
    except (OSError, ValueError) as error:
        raise FormatError("this is not a BAM file, its header can't be read", _REMEDY) from error
    finally:
        pysam.set_verbosity(verbosity)
    if not readable:
        raise FormatError("this is not a BAM file, though compressed like one", _REMEDY)


def check_token_arrays(path: Path) -> None:
    """Checks that the file is an npz with two-dimensional integer arrays `positives` and `negatives`.

    Raises:
        FormatError: the file is not a BAM.
    """
    if not zipfile.is_zipfile(path):
        raise FormatError("this is not an npz file", _REMEDY)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            for name in ("positives", "negatives"):
                array = arrays[name]
                if array.ndim != 2 or not np.issubdtype(array.dtype, np.integer):
                    raise FormatError(f"the array {name} is {array.ndim}-D {array.dtype}, not 2-D integer", _REMEDY)
    except KeyError as error:
        raise FormatError("this npz file has no arrays `positives` and `negatives`", _REMEDY) from error
    except SeqnetError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise FormatError("the arrays of this npz file can't be read", _REMEDY) from error
