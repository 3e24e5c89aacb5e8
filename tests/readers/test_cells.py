from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.ragged import Ragged
from seqnet.readers.cells import MISSING_WORDS, blanked, is_missing, missing_cells, trimmed


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["ACGT", "AC"], ["ACGT", "AC"]),
        ([" ACGT", "AC\t ", "\u00a0AC\u3000", "A C"], ["ACGT", "AC", "AC", "A C"]),
        (["", None, "  "], ["", "", ""]),
        ([1.5, None], ["1.5", ""]),
        ([], []),
    ],
)
def test_blanks_around_a_cell_are_dropped(cells: list[object], expected: list[str]) -> None:
    assert trimmed(pa.array(cells)).text() == expected
    assert trimmed(pa.chunked_array([pa.array(cells), pa.array(cells)])).text() == expected * 2


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=5)))
def test_it_is_what_python_drops(cells: list[str]) -> None:
    # Python includes four separators (of files, groups, …) in the blanks, Arrow does not.
    cells = [cell.translate(dict.fromkeys(range(0x1C, 0x20))) for cell in cells]
    assert trimmed(pa.array(cells, pa.large_string())).text() == [cell.strip() for cell in cells]


@pytest.mark.parametrize(
    "word", ["", "NA", "na", "N/A", "nan", "NaN", "NAN", "None", "null", "NULL", "<NA>", "#N/A", "#REF!"]
)
def test_the_words_for_a_missing_value(word: str) -> None:
    assert is_missing(word)
    found = missing_cells(Ragged.from_strings(["ACGT", word, "MKVLAAGIVGL"]))
    assert found is not None
    assert found.tolist() == [False, True, False]


@pytest.mark.parametrize("word", ["NAN" * 2, "NAC", "N", "A", "nano", "0", "-", "."])
def test_other_words_are_values(word: str) -> None:
    assert not is_missing(word)
    assert missing_cells(Ragged.from_strings([word, "ACGTACGTACGT"])) is None


def test_missing_cells_are_emptied() -> None:
    column = Ragged.from_strings(["NA", "ACGT", "", "nan", "GG"])
    found = missing_cells(column)
    assert found is not None
    assert blanked(column, found).text() == ["", "ACGT", "", "", "GG"]
    assert blanked(column, np.zeros(5, dtype=bool)).text() == column.text()


def test_the_words_are_written_in_lower_case() -> None:
    assert [word.lower() for word in MISSING_WORDS] == list(MISSING_WORDS)
