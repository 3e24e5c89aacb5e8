from __future__ import annotations

from pathlib import Path

import numpy as np

from seqnet.core.ragged import Ragged
from seqnet.prediction.text_table import Column, class_words, probability_columns, write_text_table


def test_every_kind_of_column_by_hand(tmp_path: Path) -> None:
    probabilities = np.array([[0.25, 0.75], [1.0, 0.0]])
    columns: dict[str, Column] = {
        "name": Ragged.from_strings([b"a\tb", b"odd\xff"]),
        "fold": np.array([1, 12]),
        "class": class_words(["x", "y z"], np.array([1, 0], dtype=np.int32)),
    }
    write_text_table(tmp_path / "rows", columns | probability_columns(["x", "y z"], probabilities))
    assert (tmp_path / "rows").read_bytes().splitlines() == [
        b"name\tfold\tclass\tp_x\tp_y z",
        rb"a\tb" + b"\t1\ty z\t0.250000\t0.750000",
        b"odd\xff\t12\tx\t1.000000\t0.000000",
    ]


def test_no_rows_are_a_header(tmp_path: Path) -> None:
    write_text_table(tmp_path / "rows", {"name": Ragged.from_strings([]), "p_x": np.empty(0)})
    assert (tmp_path / "rows").read_bytes() == b"name\tp_x\n"
