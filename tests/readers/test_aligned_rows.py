from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.errors import FormatError
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.readers.aligned_rows import AlignedRows, check_no_gaps, without_gaps

from .examples import read


@given(st.lists(st.text("AC-.~", max_size=6), max_size=6))
def test_gaps_are_taken_out_and_nothing_else(sequences: list[str]) -> None:
    names = Ragged.from_strings([str(index) for index in range(len(sequences))])
    batch = RecordBatch(names, Ragged.from_strings(sequences), names)
    expected = [sequence.translate(str.maketrans("", "", "-.~")) for sequence in sequences]
    found = without_gaps(batch)
    assert found.symbols.text() == expected
    check_no_gaps(found)
    if expected != sequences:
        with pytest.raises(FormatError, match="is a gap of the alignment"):
            check_no_gaps(batch)


def test_aligned_fasta_has_its_gaps_removed_on_request(tmp_path: Path) -> None:
    path = tmp_path / "in.fa"
    path.write_text(">a\nAC--GT\n>b\n......\n")
    assert read(path, gaps="remove") == [("a", "ACGT", "a"), ("b", "", "b")]
    assert read(path) == [("a", "AC--GT", "a"), ("b", "......", "b")]


def test_rows() -> None:
    rows = AlignedRows()
    first, second = rows.begin("a"), rows.begin("b")
    rows.add(first, "AC-")
    rows.add(first, "GT")
    rows.add(second, "AC-GT")
    rows.check_lengths(1)
    assert list(rows) == [("a", b"AC-GT"), ("b", b"AC-GT")]
    assert (len(rows), rows.length(first), rows.residues(first), rows.symbols(0), rows.name(1)) == (
        2,
        5,
        4,
        "AC-GT",
        "b",
    )
