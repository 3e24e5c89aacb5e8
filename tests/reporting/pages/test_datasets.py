from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from seqnet.core.provenance import file_hash
from seqnet.datasets.profile import profile_dataset
from seqnet.reporting.pages.content import Facts, Figures, Section, Table, Text
from seqnet.reporting.pages.datasets import MOST_ROWS, clipped, dataset_origin, dataset_section, first_rows
from tests.building import make_dataset, planted, saved


def parts(section: Section) -> tuple[dict[str, str | Sequence[str]], Table, list[str], list[str]]:
    """Returns the facts, the table, the paragraphs and the keys of the figures of a section."""
    facts = {name: value for block in section.blocks if isinstance(block, Facts) for name, value in block.rows}
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    texts = [block.text for block in section.blocks if isinstance(block, Text)]
    keys = [picture.key for block in section.blocks if isinstance(block, Figures) for picture in block.pictures]
    return facts, table, texts, keys


def test_the_table_has_records_splits_and_lengths_of_each_class() -> None:
    strings = ["ACGT", "AC", "ACGTAC", "ACGTACGT"]
    dataset = make_dataset(strings, [0, 0, 1, 1], ["train", "test", "train", "validation"])
    facts, table, texts, keys = parts(dataset_section(dataset, profile_dataset(dataset)))
    assert facts["sequences"] == "4 records, DNA"
    assert facts["positive class"] == "signal"
    shown = [[cell if isinstance(cell, str) else cell.text for cell in row] for row in table.rows]
    assert table.columns == ["class", "train", "validation", "test", "all", "share", "shortest", "median", "longest"]
    assert shown == [
        ["noise", "1", "0", "1", "2", "50.0 %", "2", "3", "4"],
        ["signal", "1", "1", "0", "2", "50.0 %", "6", "7", "8"],
    ]
    assert (texts, keys) == ([], ["lengths", "composition"])


def test_one_length_is_a_sentence_and_no_figure() -> None:
    dataset = planted((8, 4, 4), length=24)
    _, _, texts, keys = parts(dataset_section(dataset, profile_dataset(dataset)))
    assert texts == ["All sequences have 24 bases."]
    assert keys == ["composition"]


def test_windows_and_generated_classes_are_named() -> None:
    dataset = make_dataset(["ACGT" * 5, "ACGT"], [1, 0], ["train", "test"], generators={"noise": "uniform"}, crop=4)
    facts, _, texts, _ = parts(dataset_section(dataset, profile_dataset(dataset)))
    assert facts["generated"] == ["noise by uniform"]
    assert "windows of 4 bases" in texts[0]


def test_the_origin_has_the_hash_and_what_the_file_says(tmp_path: Path) -> None:
    about = {
        "command": "seqnet encode a.fa",
        "inputs": [{"path": "a.fa", "sha256": "ab12"}, {"path": "-", "sha256": None}],
        "versions": {"numpy": "2.0"},
    }
    dataset = saved(replace(planted(), provenance=about), tmp_path / "data.safetensors")
    found = dict(dataset_origin(dataset))
    assert found == {
        "dataset SHA-256": file_hash(tmp_path / "data.safetensors"),
        "dataset made by": "seqnet encode a.fa",
        "its inputs": ["a.fa, SHA-256 ab12", "-, SHA-256 not known: a stream"],
        "its versions": "numpy 2.0",
    }


@pytest.mark.parametrize("odd", [5, "text", [1, "a", None], {"a": 1}, [{"sha256": []}], None])
def test_a_provenance_may_have_anything(odd: object) -> None:
    dataset = replace(planted(), provenance={"command": odd, "inputs": odd, "versions": odd}, digest="ab")
    found = dict(dataset_origin(dataset))
    assert found.pop("dataset SHA-256") == "ab"
    assert all(isinstance(value, str | list) for value in found.values())


def test_what_is_left_out_is_reported() -> None:
    rows = list(range(MOST_ROWS + 1))
    assert first_rows(rows[:-1], "classes") == (rows[:-1], "")
    assert first_rows(rows, "classes", "All are there.") == (
        rows[:-1],
        "The first 200 of 201 classes are shown. All are there.",
    )
    assert clipped("x" * 12, 10) == "x" * 10 + "… (12 characters)"
