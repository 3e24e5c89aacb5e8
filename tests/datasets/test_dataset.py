from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file

from seqnet.core.alphabets import alphabet
from seqnet.core.containers import Spool, write_container
from seqnet.core.errors import ContainerError
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Columns, Description, open_dataset, write_dataset

DNA = alphabet("dna")
ABOUT: dict[str, Any] = {
    "alphabet": "dna",
    "classes": ["human", "random"],
    "positive": 0,
    "generators": {"random": "uniform"},
    "crop": None,
    "provenance": {"command": "seqnet encode", "seed": 1},
}
INT64 = np.iinfo(np.int64)


def int64(*values: int) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def uint8(*values: int) -> NDArray[np.uint8]:
    return np.array(values, dtype=np.uint8)


def columns() -> dict[str, NDArray[Any]]:
    """Returns the columns of three records: ACG, T and NA."""
    return {
        "tokens": uint8(1, 2, 3, 4, 15, 1),
        "offsets": int64(0, 3, 4, 6),
        "name_bytes": np.frombuffer(b"r1r2", dtype=np.uint8),
        "name_offsets": int64(0, 2, 4, 4),
        "labels": np.array([0, 1, 0], dtype=np.int32),
        "groups": int64(5, -7, 5),
        "split": uint8(0, 2, 0),
    }


def write(path: Path, about: dict[str, Any], changed: Mapping[str, NDArray[Any]] = MappingProxyType({})) -> Path:
    write_container(path, "dataset", about, {**columns(), **changed})
    return path


def texts(column: Ragged) -> list[str]:
    return Ragged(DNA.decode(column.data), column.offsets).text()


def test_a_dataset_is_what_the_columns_and_the_description_say(tmp_path: Path) -> None:
    dataset = open_dataset(write(tmp_path / "x", ABOUT))
    assert len(dataset) == 3
    assert texts(dataset.tokens) == ["ACG", "T", "NA"]
    assert dataset.names.text() == ["r1", "r2", ""]
    assert dataset.alphabet is DNA
    assert (dataset.classes, dataset.positive, dataset.generators) == (("human", "random"), 0, {"random": "uniform"})
    assert (dataset.path, dataset.crop, dataset.provenance["seed"]) == (tmp_path / "x", None, 1)
    assert dataset.members("train").tolist() == [0, 2]
    assert dataset.members("validation").tolist() == []
    assert dataset.members("test").tolist() == [1]
    assert dataset.counts().tolist() == [[2, 0, 0], [0, 0, 1]]


records = st.lists(
    st.tuples(st.text("ACGTNRY", min_size=1, max_size=8), st.text(max_size=5), st.integers(0, 2), st.integers(0, 2)),
    min_size=1,
    max_size=12,
)


@given(records, st.booleans())
def test_written_content_reads_back(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, str, int, int]], spooled: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.safetensors"
    sequences, words, labels, split = map(list, zip(*drawn, strict=True))
    symbols, names = Ragged.from_strings(sequences), Ragged.from_strings(words)
    with closing(Spool(np.uint8)) as spool:
        for index in range(len(symbols)):
            spool.append(DNA.encode(symbols.slice(index, index + 1).data))
        write_dataset(
            path,
            Description(DNA, ("a", "b", "c"), None, {}, None, {"seed": 1}),
            Columns(
                tokens=spool if spooled else DNA.encode(symbols.data),
                offsets=symbols.offsets,
                name_bytes=names.data,
                name_offsets=names.offsets,
                labels=np.array(labels, dtype=np.int32),
                groups=np.arange(len(drawn)),
                split=np.array(split, dtype=np.uint8),
            ),
        )
    dataset = open_dataset(path)
    assert texts(dataset.tokens) == sequences
    assert dataset.names.text() == words
    assert (dataset.labels.tolist(), dataset.split.tolist()) == (labels, split)
    expected = [[sum(pair == (k, s) for pair in zip(labels, split, strict=True)) for s in range(3)] for k in range(3)]
    assert dataset.counts().tolist() == expected
    dtypes = {name: array.dtype.name for name, array in load_file(path).items()}
    assert dtypes == {name: array.dtype.name for name, array in columns().items()}


def refusal(path: Path) -> str:
    with pytest.raises(ContainerError) as caught:
        open_dataset(path)
    assert caught.value.place == str(path)
    assert caught.value.remedy == "make one with seqnet encode"
    return caught.value.problem


@pytest.mark.parametrize(
    "changed",
    [
        {"labels": np.array([0, 2, 0], dtype=np.int32)},
        {"labels": np.array([0, -1, 0], dtype=np.int32)},
        {"labels": np.array([0, 1], dtype=np.int32)},
        {"labels": np.array([], dtype=np.int32)},
        {"groups": int64(1, 2)},
        {"groups": int64(1, 2, 3, 4)},
        {"split": uint8(0, 3, 0)},
        {"split": uint8(0, 1)},
        # Tokens that are padding, or outside of the alphabet.
        {"tokens": uint8(1, 2, 0, 4, 15, 1)},
        {"tokens": uint8(1, 2, 16, 4, 15, 1)},
        {"tokens": uint8(1, 2, 255, 4, 15, 1)},
        {"tokens": uint8(1, 2, 3, 4, 15)},
        {"tokens": uint8(1, 2, 3, 4, 15, 1, 1)},
        {"offsets": int64(0, 3, 4)},
        {"offsets": int64(0, 3, 4, 5)},
        {"offsets": int64(0, 3, 4, 7)},
        {"offsets": int64(1, 3, 4, 6)},
        {"offsets": int64(0, 3, 3, 6)},
        {"offsets": int64(0, 4, 3, 6)},
        {"offsets": int64(0, -3, 4, 6)},
        {"offsets": int64(0, 9, 4, 6)},
        # The 64-bit differences of these overflow to positive numbers.
        {"offsets": int64(0, INT64.max, -2, 6)},
        {"offsets": int64(0)},
        {"offsets": int64()},
        {"name_offsets": int64(0, 4, 2, 4)},
        {"name_offsets": int64(0, 2, 4, 3)},
        {"name_offsets": int64(2, 2, 4, 4)},
        {"name_offsets": int64(0, INT64.max, -2, 4)},
        {"name_offsets": int64(0, 4)},
        {"name_bytes": uint8(65)},
        {name: column[:0] for name, column in columns().items()},
        {name: column[:0] for name, column in columns().items()} | {"offsets": int64(0), "name_offsets": int64(0)},
    ],
)
def test_columns_that_do_not_fit_each_other_are_refused(tmp_path: Path, changed: dict[str, NDArray[Any]]) -> None:
    assert refusal(write(tmp_path / "x", ABOUT, changed)) == "the columns of the dataset don't fit each other"


@pytest.mark.parametrize("name", list(columns()))
def test_a_column_that_is_missing_or_of_another_type_is_refused(tmp_path: Path, name: str) -> None:
    path, known = tmp_path / "x", columns()
    wrong = f"tensor {name} of the dataset is of the wrong type or shape"
    for other in (np.float32, np.bool_, np.int32 if known[name].dtype != np.int32 else np.int64):
        assert refusal(write(path, ABOUT, {name: known[name].astype(other)})) == wrong
    assert refusal(write(path, ABOUT, {name: known[name].reshape(1, -1)})) == wrong
    assert refusal(write(path, ABOUT, {name: known[name][0]})) == wrong
    write_container(path, "dataset", ABOUT, {key: column for key, column in known.items() if key != name})
    assert refusal(path) == f"the dataset lacks {name}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alphabet", "dnb"),
        ("alphabet", None),
        ("alphabet", ["dna"]),
        ("classes", None),
        ("classes", 2),
        ("classes", [1, 2]),
        ("classes", [["a"], ["b"]]),
        ("classes", ["human", "human"]),
        ("positive", 2),
        ("positive", -1),
        ("positive", "human"),
        ("generators", None),
        ("generators", ["random"]),
        ("generators", {"mouse": "uniform"}),
        ("crop", 0),
        ("crop", "36"),
        ("provenance", None),
        ("provenance", "seqnet encode"),
    ],
)
def test_a_damaged_description_is_refused(tmp_path: Path, name: str, value: object) -> None:
    assert refusal(write(tmp_path / "x", ABOUT | {name: value})).startswith("the description of the dataset is damaged")
    without = {key: known for key, known in ABOUT.items() if key != name}
    assert refusal(write(tmp_path / "x", without)) == f"the description of the dataset is damaged: {name} is missing"


def test_labels_need_a_class_each(tmp_path: Path) -> None:
    about = ABOUT | {"classes": ["human"], "positive": None, "generators": {}}
    assert refusal(write(tmp_path / "x", about)) == "the columns of the dataset don't fit each other"


def test_only_two_classes_have_a_positive_one(tmp_path: Path) -> None:
    about = ABOUT | {"classes": ["human", "random", "mouse"]}
    assert "damaged" in refusal(write(tmp_path / "x", about))
    assert open_dataset(write(tmp_path / "y", about | {"positive": None})).positive is None


def test_sequences_that_windows_are_drawn_from_are_long_enough(tmp_path: Path) -> None:
    # Only those of the train split, with 3 and 2 symbols.
    assert open_dataset(write(tmp_path / "x", ABOUT | {"crop": 2})).crop == 2
    assert refusal(write(tmp_path / "y", ABOUT | {"crop": 3})) == "the columns of the dataset don't fit each other"


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    write_container(tmp_path / "x", "model", ABOUT, columns())
    assert refusal(tmp_path / "x") == "this is a seqnet model, not a dataset"


def test_columns_stay_on_disk(tmp_path: Path) -> None:
    dataset = open_dataset(write(tmp_path / "x", ABOUT))
    for column in (dataset.tokens.data, dataset.names.data, dataset.labels, dataset.groups, dataset.split):
        assert not column.flags.owndata
        assert not column.flags.writeable
