"""SAM, CRAM and regions → the bytes of an uncompressed BAM, by htslib.

So the code that writes alignments handles one format only. htslib writes to a temporary file, whose bytes are read and
removed while it is written. A pipe between two threads would hang: pysam holds Python's global lock while it closes a
file, so the thread that reads the pipe could not continue.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import ResourceError
from seqnet.core.outputs import temporary_files
from seqnet.readers.compression import decompress
from seqnet.readers.htslib import opened_alignments, place_of, selected_reads
from seqnet.readers.inputs import Chunks, Input
from seqnet.readers.replay import ReplayedBytes

if TYPE_CHECKING:
    import pysam

__all__ = ["converted_to_bam"]

_OFTEN = 1 << 6
"""Number of reads after which the size of the temporary file is looked at."""
_CHUNK = 1 << 19
"""Bytes of the temporary file that are read at once, or a little more."""


@contextmanager
def converted_to_bam(source: Input, options: ReadOptions, skipped: Counter[str]) -> Iterator[BinaryIO]:
    """Yields the alignments of a SAM, of a CRAM, or of a region as an uncompressed BAM.

    Reading it raises the errors of `htslib.read_by_htslib`.

    Args:
        source: the file.
        options: the region, and the reference of a CRAM.
        skipped: counter for reads outside the region, if they are skipped without an index.
    """
    with closing(_written(source, options, skipped)) as written:
        stored = ReplayedBytes(io.BufferedReader(Chunks(written)))
        yield cast(BinaryIO, io.BufferedReader(Chunks(decompress(stored, "bgzip"))))


def _written(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[bytes, None, None]:
    """Yields the bytes of the BAM."""
    import pysam

    with opened_alignments(source, options) as alignments, tempfile.TemporaryFile() as file:
        spool = _GrowingFile(file.fileno())
        converted = pysam.AlignmentFile(file.fileno(), "wb0", template=alignments)
        try:
            for index, read in enumerate(selected_reads(alignments, source, options, skipped)):
                _write(converted, read)
                if not index % _OFTEN and spool.waiting() >= _CHUNK:
                    source.place = place_of(alignments, source, options)
                    yield spool.taken()
        finally:
            with temporary_files():
                converted.close()
        if spool.waiting():
            yield spool.taken()


def _write(target: pysam.AlignmentFile, read: pysam.AlignedSegment) -> None:
    """Writes a read.

    Raises:
        ResourceError: the temporary file can't be written; htslib does not say why.
    """
    try:
        target.write(read)
    except OSError as error:
        problem = "a temporary file can't be written"
        remedy = "free some space, or set TMPDIR to another directory"
        raise ResourceError(tempfile.gettempdir(), problem, remedy) from error


class _GrowingFile:
    """A file that is written at its end, and whose bytes are removed when they have been read.

    Args:
        descriptor: of the file; reading does not move the place where it is written.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._read = descriptor, 0

    def waiting(self) -> int:
        """Returns the number of bytes that have not been read."""
        return max(os.fstat(self._descriptor).st_size - self._read, 0)

    def taken(self) -> bytes:
        """Returns these bytes."""
        data = os.pread(self._descriptor, self.waiting(), self._read)
        self._read += len(data)
        # The next write is at the same place as before; the file has a hole in front of it, which takes no space.
        os.ftruncate(self._descriptor, 0)
        return data
