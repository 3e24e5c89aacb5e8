from __future__ import annotations

import copy
import pickle
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pysam
import pytest

import seqnet
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import ContainerError, LabelError, OutputError, SettingError, SymbolError
from seqnet.datasets.encoding import ClassSource
from seqnet.datasets.encoding import encode as encode_files
from tests.api.test_process_state import DATA, state
from tests.building import random_strings


def frame(count: int = 60, /, **columns: Any) -> pd.DataFrame:
    """Returns random DNA of two classes by turns, in groups of three."""
    found: dict[str, Any] = {
        "seq": random_strings([20] * count),
        "class": ["x", "y"] * (count // 2),
        "cluster": [index // 3 for index in range(count)],
    }
    return pd.DataFrame(found | columns)


def made(table: pd.DataFrame, **options: Any) -> seqnet.Dataset:
    return seqnet.Dataset.from_pandas(table, **{"sequence": "seq", "label": "class", **options})


def same(one: seqnet.Dataset, other: seqnet.Dataset) -> bool:
    return one.to_pandas().equals(other.to_pandas()) and (one.classes, one.positive, one.crop, one.alphabet) == (
        other.classes,
        other.positive,
        other.crop,
        other.alphabet,
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"split": "60/20/20", "seed": 3},
        {"group": "cluster"},
        {"limit": 20, "positive": "x"},
        {"window": 10, "stride": 5, "group": "cluster"},
        {"split_by": "similarity", "kmer": 5},
    ],
)
def test_a_frame_becomes_what_encode_makes_of_its_csv(tmp_path: Path, options: dict[str, Any]) -> None:
    table = frame()
    table.insert(0, "id", [str(row) for row in range(1, 61)])
    table.to_csv(tmp_path / "t.csv", index=False)
    words = {name: value for name, value in options.items() if name != "group"}
    if "group" in options:
        words["group_by"] = options["group"]
    by_file = seqnet.encode(tmp_path / "t.csv", sequence_column="seq", label_column="class", **words)
    assert same(made(table, **options), by_file)


def test_pairs_of_reads_are_kept_together_by_their_names() -> None:
    table = frame(200)
    table.index = pd.Index([f"p{index % 100}/{1 + index // 100}" for index in range(200)])
    found = made(table)
    np.testing.assert_array_equal(found.split[:100], found.split[100:])
    assert found.summary is not None
    assert found.summary.grouping.pairs == 100


def test_a_column_has_the_split() -> None:
    splits = ["train", "validation", "test", "train", "train"] * 12
    found = made(frame(split=splits), split="split").to_pandas()
    assert found["split"].tolist() == splits
    # Windows, and what is left, stay where their record is.
    cut = made(frame(split=splits), split="split", window=10, length="20").to_pandas()
    assert cut["split"].tolist() == [split for split in splits for _ in range(2)]
    assert len(set(cut["group"])) == 60
    with pytest.raises(seqnet.SeqnetError, match="gives the split already"):
        made(frame(split=splits), split="split", split_by="similarity")


def test_there_and_back() -> None:
    first = made(frame(), group="cluster")
    table = first.to_pandas()
    assert list(table.columns) == ["name", "sequence", "label", "group", "split"]
    again = seqnet.Dataset.from_pandas(table, group="group", split="split", name="name")
    assert again.to_pandas().drop(columns="group").equals(table.drop(columns="group"))
    pairs = set(zip(table["group"], again.to_pandas()["group"], strict=True))
    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs}) == 20


def test_saved_and_opened(tmp_path: Path) -> None:
    first = made(frame())
    first.save(tmp_path / "d.safetensors")
    with pytest.raises(OutputError, match="already exists; choose another name or pass force=True"):
        first.save(str(tmp_path / "d.safetensors"))
    first.save(tmp_path / "d.safetensors", force=True)
    opened = seqnet.open_dataset(str(tmp_path / "d.safetensors"))
    assert same(first, opened)
    # The bytes are those of the file that is gone, so that a model knows both as the data of its training.
    assert opened.sha256() == first.sha256()
    assert opened.summary is None
    (tmp_path / "x").write_text("nothing")
    with pytest.raises(ContainerError):
        seqnet.open_dataset(tmp_path / "x")


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = made(frame())
    assert list(tmp_path.iterdir()) == []
    assert len(found.to_pandas()) == 60
    with pytest.raises(LabelError):
        made(frame(**{"class": ["x"] * 59 + [None]}))
    assert list(tmp_path.iterdir()) == []


def test_missing_labels_are_refused_or_left_out_as_in_encode() -> None:
    table = frame(**{"class": ["x", None, *["x", "y"] * 29]})
    with pytest.raises(LabelError) as caught:
        made(table)
    assert str(caught.value) == (
        'DataFrame: record 2: column class is empty; fill it in, or leave such records out with missing_labels="skip"'
    )
    kept = made(table, missing_labels="skip")
    assert len(kept) == 59
    assert "not kept: 1 whose label is missing" in repr(kept)


def test_rows_without_a_sequence_are_left_out_with_a_warning_or_a_line() -> None:
    table = frame()
    table.loc[4, "seq"] = None
    with pytest.warns(seqnet.SeqnetWarning, match="DataFrame: not kept: 1 whose sequence is missing") as caught:
        assert len(made(table)) == 59
    assert caught[0].filename == __file__
    reported: list[str] = []
    made(table, progress=reported.append)
    assert any(line.startswith("not kept: 1 whose sequence is missing") for line in reported)
    assert reported[0].split() == ["class", "train", "validation", "test", "all"]


def test_duplicates_are_kept_and_reported() -> None:
    table = frame()
    table["seq"] = [*table["seq"][:30], *table["seq"][:30]]
    reported: list[str] = []
    found = made(table, progress=reported.append)
    assert len(found) == 60
    assert any("have an exact duplicate in another split" in line for line in reported)
    assert found.summary is not None
    assert set(found.summary.warnings()) <= set(reported)


def test_unknown_symbols_are_refused_or_masked() -> None:
    table = frame()
    table.loc[1, "seq"] = "ACGJ"
    with pytest.raises(SymbolError) as caught:
        made(table)
    assert (caught.value.record, caught.value.position, caught.value.symbol) == ("2", 4, "J")
    assert made(table, unknown="mask").to_pandas()["sequence"][1] == "ACGN"


@pytest.mark.parametrize(
    ("options", "reported"),
    [
        ({"seeed": 1}, "there is no setting seeed; did you mean seed?"),
        ({"label_column": "x"}, "there is no setting label_column; use one of alphabet, "),
        ({"seed": -1}, "seed must be at least 0, not -1"),
        ({"split": "80/10"}, "split must be three percentages, train/validation/test, that add up to 100"),
        ({"split": "part"}, "DataFrame: no column named 'part'; its columns are: seq, class, cluster"),
    ],
)
def test_invalid_input_is_refused(options: dict[str, Any], reported: str) -> None:
    with pytest.raises(seqnet.SeqnetError) as caught:
        made(frame(), **options)
    assert str(caught.value).startswith(reported)


@pytest.fixture
def fasta(tmp_path: Path) -> Path:
    path = tmp_path / "human.fa"
    path.write_text("".join(f">h{index}\n{text}\n" for index, text in enumerate(random_strings([30] * 40))))
    return path


def test_encode_makes_what_the_command_makes(tmp_path: Path, fasta: Path) -> None:
    output = tmp_path / "d.safetensors"
    found = seqnet.encode(output=output, classes={"human": fasta, "random": "@uniform:20"}, seed=np.int64(4))
    assert (found.path, found.classes, len(found)) == (output, ("human", "random"), 60)
    assert found.summary is not None
    sources = [ClassSource("human", path=str(fasta)), ClassSource("random", generator="uniform", count=20)]
    encode_files(sources, tmp_path / "e.safetensors", EncodeOptions(seed=4), ReadOptions())
    assert output.read_bytes() == (tmp_path / "e.safetensors").read_bytes()
    with pytest.raises(OutputError, match="already exists; choose another name or pass force=True"):
        seqnet.encode(output=str(output), classes={"human": str(fasta), "random": "@uniform"})
    in_memory = seqnet.encode(classes={"human": [str(fasta)], "random": "@uniform:20"}, seed=4)
    assert same(in_memory, found)


def test_encode_refuses_keywords_that_there_are_not(fasta: Path) -> None:
    with pytest.raises(seqnet.SeqnetError, match="there is no setting group_bye; did you mean group_by"):
        seqnet.encode(fasta, group_bye="x")
    with pytest.raises(SettingError, match=r"^force needs output, a file to replace$"):
        seqnet.encode(classes={"human": fasta, "random": "@uniform"}, force=True)
    with pytest.raises(SettingError, match=r"^held_out needs crop$"):
        seqnet.encode(classes={"human": fasta, "random": "@uniform"}, held_out=5)
    with pytest.raises(SettingError, match=r"^missing_labels needs label_column, label_regex or labels$"):
        seqnet.encode(classes={"human": fasta, "random": "@uniform"}, missing_labels="skip")
    with pytest.raises(seqnet.SeqnetError, match="there is no input"):
        seqnet.encode()
    with pytest.raises(seqnet.SeqnetError, match="its records have no class; pass classes, label_regex"):
        seqnet.encode(fasta)
    with pytest.raises(FileNotFoundError):
        seqnet.encode("nowhere.fa", label_regex="(x)")


def test_a_file_that_looks_like_a_generator_is_one_as_a_path(
    tmp_path: Path, fasta: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fasta.rename(tmp_path / "@uniform")
    found = seqnet.encode(classes={"a": Path("@uniform"), "b": "@uniform:5"})
    assert found.counts().sum(axis=1).tolist() == [40, 5]


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str], fasta: Path) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        seqnet.encode(classes={"human": fasta, "random": "@uniform"})
        made(frame())
    assert capfd.readouterr() == ("", "")
    assert caught == []


def test_the_process_is_left_as_it_was(tmp_path: Path, fasta: Path) -> None:
    pysam.set_verbosity(2)
    before = state()
    classes: dict[str, str | Path] = {"x": DATA / "reverse.bam", "random": "@uniform"}
    with pytest.warns(seqnet.SeqnetWarning, match="not kept: 1 without a sequence") as caught:
        seqnet.encode(output=tmp_path / "d.safetensors", classes=classes, split="100/0/0")
    assert caught[0].filename == __file__
    assert state() == before
    seqnet.encode(classes={"x": DATA / "unaligned.sam", "random": "@uniform"}, split="100/0/0")
    assert state() == before
    made(frame()).to_pandas()
    with pytest.raises(seqnet.SeqnetError):
        seqnet.encode(classes={"x": DATA / "truncated.bam", "random": "@uniform"})
    assert state() == before
    assert not list(tmp_path.glob(".*"))


def test_files_of_splits(tmp_path: Path) -> None:
    table = frame()
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    table.iloc[:40].to_csv(train, index=False)
    pd.concat([table.iloc[40:], table.iloc[:2]]).to_csv(test, index=False)
    reported: list[str] = []
    options: dict[str, Any] = {"label_column": "class", "sequence_column": "seq"}
    found = seqnet.encode(train=train, validation=[test], progress=reported.append, **options)
    assert found.counts().sum(axis=0).tolist() == [40, 22, 0]
    assert "4 records have an exact duplicate in another split" in reported
    with pytest.warns(seqnet.SeqnetWarning, match="no validation split was given"):
        found = seqnet.encode(train={"a": train}, test={"b": [test]}, sequence_column="seq")
    assert found.counts().tolist() == [[36, 4, 0], [0, 0, 22]]
    with pytest.raises(seqnet.SeqnetError, match="train takes files; give a generator with classes"):
        seqnet.encode(train={"a": "@uniform"})
    with pytest.raises(seqnet.SeqnetError, match="split_column can't be combined with train"):
        seqnet.encode(train=train, split_column="x", **options)


def test_a_dataset_is_pickled_with_its_columns(tmp_path: Path) -> None:
    here = made(frame())
    here.save(tmp_path / "d.safetensors")
    opened = seqnet.open_dataset(tmp_path / "d.safetensors")
    for data in (here, opened):
        text = pickle.dumps(data)
        again = pickle.loads(text)
        pd.testing.assert_frame_equal(again.to_pandas(), data.to_pandas())
        assert (again.sha256(), again.classes, repr(again)) == (data.sha256(), data.classes, repr(data))
        again.check_whole()
        pd.testing.assert_frame_equal(copy.deepcopy(data).to_pandas(), data.to_pandas())
    (tmp_path / "d.safetensors").unlink()
    assert pickle.loads(text).sha256() == here.sha256()


@pytest.mark.parametrize(
    ("arguments", "reported"),
    [
        (
            {"split": (80, 10, 10)},
            "split must be the name of a column, or percentages such as 80/10/10, not (80, 10, 10)",
        ),
        ({"split": None}, "split must be the name of a column, or percentages such as 80/10/10, not None"),
        ({"group": ["a"]}, "group must be the name of one column, not ['a']"),
        ({"label": None}, "label must be the name of one column, not None"),
        ({"label": "seq"}, "label can't be the column of the sequences"),
        ({"length": 10}, 'length must be text, such as "10", not 10'),
        ({"progress": 5}, "progress must be a function that takes a line, such as print, or None, not 5"),
    ],
)
def test_arguments_of_a_wrong_kind_are_refused(arguments: dict[str, Any], reported: str) -> None:
    with pytest.raises(SettingError) as caught:
        seqnet.Dataset.from_pandas(frame(), **{"sequence": "seq", "label": "class", **arguments})
    assert str(caught.value) == reported


def test_remedies_are_for_a_frame() -> None:
    table = pd.DataFrame({"sequence": ["ACGT" * 9, "AC-T" + "ACGT" * 9], "label": ["a", "b"]})
    for rows, reported in (
        (table[:1], "class a: it is the only class; add records of a second class"),
        (table[:0], "give a DataFrame with rows"),
        (table, "DataFrame: record 2: position 3: '-' is an alignment gap; remove them"),
    ):
        with pytest.raises(seqnet.SeqnetError) as caught:
            seqnet.Dataset.from_pandas(rows)
        assert str(caught.value).endswith(reported)


def test_a_missing_name_is_the_number_of_the_row() -> None:
    table = pd.DataFrame({"sequence": ["ACGT", "GGCA"], "label": ["a", "b"]}, index=["x", None])
    assert seqnet.Dataset.from_pandas(table, split="100/0/0").names.text() == ["x", "2"]
