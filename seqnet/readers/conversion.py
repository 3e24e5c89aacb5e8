"""SAM, CRAM and regions → the bytes of an uncompressed BAM, by htslib in a thread of its own.

So that what writes alignments needs to know one format only.
"""

from __future__ import annotations

import io
import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from seqnet.configs.readers import ReadOptions
from seqnet.readers.compression import decompress
from seqnet.readers.htslib import opened_alignments, place_of, selected_reads
from seqnet.readers.inputs import Chunks, Input
from seqnet.readers.replay import ReplayedBytes

__all__ = ["converted_to_bam"]

_OFTEN = 1 << 12
"""Number of reads after which the position in the file is noted."""


class _Conversion(threading.Thread):
    """Writes the alignments of an input to a pipe.

    Attributes:
        failure: what went wrong; None if nothing did.
    """

    def __init__(self, source: Input, options: ReadOptions, skipped: Counter[str], target: int) -> None:
        super().__init__(name="seqnet-conversion")
        self._source, self._options, self._skipped, self._target = source, options, skipped, target
        self.failure: BaseException | None = None

    def run(self) -> None:
        """See `threading.Thread`."""
        import pysam

        try:
            with (
                opened_alignments(self._source, self._options) as alignments,
                pysam.AlignmentFile(self._target, "wb0", template=alignments) as converted,
            ):
                reads = selected_reads(alignments, self._source, self._options, self._skipped)
                for index, read in enumerate(reads):
                    converted.write(read)
                    if not index % _OFTEN:
                        self._source.place = place_of(alignments, self._source, self._options)
        except BaseException as error:
            self.failure = error
        finally:
            os.close(self._target)


@contextmanager
def converted_to_bam(source: Input, options: ReadOptions, skipped: Counter[str]) -> Iterator[BinaryIO]:
    """Yields the alignments of a SAM, of a CRAM, or of a region as an uncompressed BAM.

    Args:
        source: the file.
        options: the region, and the reference of a CRAM.
        skipped: counter for reads outside the region, if they are skipped without an index.

    Raises:
        SeqnetError, OSError: at the end of the block; see `htslib.read_by_htslib`. They take the place of errors about
            incomplete data.
    """
    reading, writing = os.pipe()
    conversion = _Conversion(source, options, skipped, writing)
    conversion.start()
    try:
        with open(reading, "rb") as file:
            yield cast(BinaryIO, io.BufferedReader(Chunks(decompress(ReplayedBytes(file), "bgzip"))))
    except GeneratorExit:
        conversion.join()
        raise
    except BaseException as error:
        conversion.join()
        raise conversion.failure or error from None
    conversion.join()
    if conversion.failure is not None:
        raise conversion.failure
