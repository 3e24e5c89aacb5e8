from __future__ import annotations

from collections import Counter
from collections.abc import Generator

import pytest

from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.readers.record_reader import EMPTY, RecordReader, shown_path


class Reader(RecordReader):
    """Yields one batch for each number of records."""

    def __init__(self, *counts: int, format: str = "fasta", region: str | None = None) -> None:
        self.path, self.format, self.region = "x.fa", format, region
        self.skipped, self.notes, self.closed = Counter(), [], False
        self._counts = counts

    @property
    def passed(self) -> int | None:
        return None

    def close(self) -> None:
        self.closed = True

    def _batches(self) -> Generator[RecordBatch, None, None]:
        for count in self._counts:
            names = Ragged.from_strings(["a"] * count)
            yield RecordBatch(names, names, names)


def test_records_are_counted_and_a_file_is_iterated_once() -> None:
    with Reader(2, 3) as reader:
        assert [len(batch) for batch in reader] == [2, 3]
        assert (reader.count, reader.why_empty) == (5, None)
        with pytest.raises(RuntimeError, match=r"x\.fa can be iterated once; open it again"):
            iter(reader)
        assert not reader.closed
    assert reader.closed


def test_why_there_are_no_records() -> None:
    assert Reader(format=EMPTY).why_empty == "the file is empty"
    assert Reader().why_empty == "the file has no records"
    assert Reader(region="chr1").why_empty == "no read overlaps chr1"
    reader = Reader()
    reader.skipped["secondary alignments"] = 2
    assert reader.why_empty == "all of its records were skipped: 2 secondary alignments"


def test_standard_input_has_a_name() -> None:
    assert [shown_path(path) for path in ("-", "a.fa")] == ["stdin", "a.fa"]
