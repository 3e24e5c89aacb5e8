from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqnet.core.alphabets import alphabet
from seqnet.core.containers import write_container
from seqnet.core.errors import ContainerError
from seqnet.datasets.dataset import Columns, Description, write_dataset
from seqnet.models.inspection import inspect, lines


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Returns a dataset of five records of 1, 2, 3, 4 and 9 bases in three groups."""
    write_dataset(
        tmp_path / "x",
        Description(
            alphabet=alphabet("dna"),
            classes=("human", "random"),
            positive=1,
            generators={"random": "uniform"},
            crop=None,
            provenance={"command": "seqnet encode", "inputs": [{"path": "x.fa", "sha256": None}]},
        ),
        Columns(
            tokens=np.ones(19, dtype=np.uint8),
            offsets=np.array([0, 1, 3, 6, 10, 19]),
            name_bytes=np.full(5, ord("r"), dtype=np.uint8),
            name_offsets=np.arange(6),
            labels=np.array([0, 1, 0, 1, 0], dtype=np.int32),
            groups=np.array([3, 3, 3, 8, 9]),
            split=np.array([0, 0, 0, 1, 2], dtype=np.uint8),
        ),
    )
    return tmp_path / "x"


def test_what_a_dataset_holds(path: Path) -> None:
    assert inspect(path) == {
        "kind": "dataset",
        "version": 3,
        "records": 5,
        "symbols": 19,
        "alphabet": "dna",
        "classes": ["human", "random"],
        "positive": "random",
        "generators": {"random": "uniform"},
        "crop": None,
        "counts": {
            "human": {"train": 2, "validation": 0, "test": 1},
            "random": {"train": 1, "validation": 1, "test": 0},
        },
        "groups": 3,
        "lengths": {"shortest": 1, "median": 3.0, "longest": 9},
        "provenance": {"command": "seqnet encode", "inputs": [{"path": "x.fa", "sha256": None}]},
    }


def test_what_a_dataset_holds_in_lines(path: Path) -> None:
    assert lines(inspect(path)) == [
        "kind: dataset",
        "version: 3",
        "records: 5",
        "symbols: 19",
        "alphabet: dna",
        "classes: human, random",
        "positive: random",
        "generators",
        "  random: uniform",
        "crop: none",
        "counts",
        "  human",
        "    train: 2",
        "    validation: 0",
        "    test: 1",
        "  random",
        "    train: 1",
        "    validation: 1",
        "    test: 0",
        "groups: 3",
        "lengths",
        "  shortest: 1",
        "  median: 3",
        "  longest: 9",
        "provenance",
        "  command: seqnet encode",
        "  inputs",
        "    -",
        "      path: x.fa",
        "      sha256: none",
    ]


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (1_234_567, "x: 1,234,567"),
        (True, "x: True"),
        (0.5, "x: 0.5"),
        (2 / 3, "x: 0.6667"),
        (None, "x: none"),
        ([36, 4], "x: 36, 4"),
    ],
)
def test_values_in_lines(value: object, line: str) -> None:
    assert lines({"x": value}) == [line]


def test_sentences_are_listed_line_by_line_and_what_is_empty_is_left_out() -> None:
    found = {"card": {"failures": ["one, and more", "two"], "elsewhere": {}}}
    assert lines(found) == ["card", "  failures", "    - one, and more", "    - two"]


def test_layers_are_a_table() -> None:
    layers: list[dict[str, Any]] = [
        {"name": "network.dense", "type": "Linear", "output": [256], "parameters": 262_400},
        {"name": "pool", "type": "MaxPool1d", "output": [64, 16], "parameters": 0},
    ]
    assert lines({"layers": layers}) == [
        "layers",
        "  network.dense  Linear                   256     262,400",
        "  pool           MaxPool1d              64×16           0",
    ]


@pytest.mark.parametrize("content", [b"", b">r1\nACGT\n"])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.fa").write_bytes(content)
    with pytest.raises(ContainerError) as caught:
        inspect(tmp_path / "x.fa")
    assert str(caught.value) == (
        f"{tmp_path}/x.fa: this is not a seqnet dataset or model; "
        "give a dataset of seqnet encode or a model of seqnet train"
    )
    write_container(tmp_path / "c", "checkpoint", {}, {})
    with pytest.raises(ContainerError, match="this is a seqnet checkpoint, not a dataset or model"):
        inspect(tmp_path / "c")
