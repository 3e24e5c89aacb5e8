from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import LabelError, SeqnetError, SettingError
from seqnet.datasets.dataset import Dataset, open_dataset
from seqnet.datasets.encoding import ClassSource, encode
from seqnet.datasets.encoding.class_sources import source_in_split
from seqnet.datasets.encoding.given_splits import SPLIT_WORDS, splits_of
from seqnet.datasets.encoding.summary import EncodeSummary
from seqnet.datasets.splits import SPLITS
from tests.similarity.examples import random_strings


def table(path: Path, rows: Sequence[Sequence[str]], header: str = "name,sequence,label,part,family") -> str:
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n")
    return str(path)


def rows(count: int, seed: int = 0, start: int = 0, part: str = "train") -> list[list[str]]:
    """Returns rows of random reads, with alternating classes and ten families."""
    strings = random_strings(count, 40, seed=seed)
    return [[f"r{start + i}", s, "ab"[i % 2], part, f"f{i % 10}"] for i, s in enumerate(strings)]


def encoded(tmp_path: Path, sources: Sequence[ClassSource], **options: Any) -> tuple[Dataset, EncodeSummary]:
    output = tmp_path / "out.safetensors"
    settings = {"label_column": "label"} | options
    summary = encode(sources, output, EncodeOptions(**settings), ReadOptions(), force=True)
    return open_dataset(output), summary


def splits_by_name(data: Dataset) -> dict[str, str]:
    return {name: SPLITS[split] for name, split in zip(data.names.text(), data.split.tolist(), strict=True)}


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, str]:
    """Three files: 60 records of train, 20 of validation, 10 of test."""
    counts = {"train": (60, 0), "validation": (20, 60), "test": (10, 80)}
    return {
        part: table(tmp_path / f"{part}.csv", rows(count, seed=start, start=start))
        for part, (count, start) in counts.items()
    }


def files(parts: dict[str, str], *chosen: str) -> list[ClassSource]:
    return [source_in_split(parts[part], part) for part in chosen]


def test_each_file_is_the_split_that_it_is_given_as(tmp_path: Path, parts: dict[str, str]) -> None:
    data, summary = encoded(tmp_path, files(parts, "test", "train", "validation"))
    assert data.counts().sum(axis=0).tolist() == [60, 20, 10]
    assert splits_by_name(data) == {
        f"r{i}": "train" if i < 60 else "validation" if i < 80 else "test" for i in range(90)
    }
    assert summary.ingestion.notes == ()
    assert summary.warnings() == []
    assert len(np.unique(data.groups)) == 90


def test_a_part_of_train_becomes_the_validation_split_with_a_message(tmp_path: Path, parts: dict[str, str]) -> None:
    data, summary = encoded(tmp_path, files(parts, "train", "test"), split="80/20/0", seed=3)
    assert data.counts().tolist() == [[24, 6, 5], [24, 6, 5]]
    assert summary.ingestion.notes == (
        "no validation split was given: 12 of 60 train records (20.0%) were taken for it",
    )
    assert all(split == "test" for name, split in splits_by_name(data).items() if int(name[1:]) >= 80)
    again, _ = encoded(tmp_path, files(parts, "train", "test"), split="80/20/0", seed=3)
    other, _ = encoded(tmp_path, files(parts, "train", "test"), split="80/20/0", seed=4)
    assert splits_by_name(again) == splits_by_name(data) != splits_by_name(other)
    whole, summary = encoded(tmp_path, files(parts, "train", "test"), split="100/0/0")
    assert whole.counts().sum(axis=0).tolist() == [60, 0, 10]
    assert summary.ingestion.notes == ()


def test_the_part_of_train_has_whole_groups(tmp_path: Path, parts: dict[str, str]) -> None:
    data, summary = encoded(tmp_path, files(parts, "train", "test"), group_by="family")
    train = {int(group) for group in data.groups[data.split == 0]}
    assert train.isdisjoint(data.groups[data.split == 1].tolist())
    assert (data.split == 1).sum() == 12
    # All ten families are in both files.
    assert "10 groups have records in two of the given splits" in summary.warnings()
    assert "10 groups" in summary.lines()


def test_files_of_a_class_and_split(tmp_path: Path) -> None:
    paths = {}
    for index, name in enumerate(("pos.train", "neg.train", "pos.test", "neg=test")):
        path = paths[name] = tmp_path / f"{name}.fa"
        path.write_text("".join(f">{name}{i}\n{s}\n" for i, s in enumerate(random_strings(20, 30, seed=index))))
    sources = [
        source_in_split(f"pos={paths['pos.train']}", "train"),
        source_in_split(f"neg={paths['neg.train']}", "train"),
        source_in_split(f"pos={paths['pos.test']}", "test"),
        source_in_split(f"neg={paths['neg=test']}", "test"),
    ]
    data, _ = encoded(tmp_path, sources, label_column=None)
    assert data.classes == ("pos", "neg")
    assert data.counts().tolist() == [[18, 2, 20], [18, 2, 20]]
    # A file whose own name has = is a file.
    assert source_in_split(str(paths["neg=test"]), "test").label is None


def test_generated_records_have_the_split_of_the_real_ones(tmp_path: Path, parts: dict[str, str]) -> None:
    sources = [
        *(source_in_split(f"real={parts[part]}", part) for part in SPLITS),
        ClassSource.parse("made=@dinucleotide"),
    ]
    data, _ = encoded(tmp_path, sources, label_column=None)
    assert data.counts().tolist() == [[60, 20, 10], [60, 20, 10]]


@pytest.mark.parametrize("word", [*SPLIT_WORDS, "TRAIN", " Val ", "Dev"])
def test_words_of_a_column(tmp_path: Path, word: str) -> None:
    given = [*rows(20), *rows(2, seed=1, start=20, part=word), *rows(2, seed=2, start=22, part="dev")]
    data, _ = encoded(tmp_path, [ClassSource(None, table(tmp_path / "t.csv", given))], split_column="part")
    assert {splits_by_name(data)[f"r{i}"] for i in (20, 21)} == {SPLITS[SPLIT_WORDS[word.strip().lower()]]}


def test_a_file_of_names_has_the_split(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", rows(30))
    names = tmp_path / "names.tsv"
    words = ["train"] * 20 + ["val"] * 5 + ["Test"] * 5
    lines = [f"r{i}\t{word}" for i, word in enumerate(words)]
    names.write_text("\n".join(["id\tpart", *lines]) + "\n")
    data, _ = encoded(tmp_path, [ClassSource(None, path)], split_file=str(names), group_by="family")
    expected = {f"r{i}": SPLITS[SPLIT_WORDS[word.lower()]] for i, word in enumerate(words)}
    assert splits_by_name(data) == expected

    def refused(changed: Sequence[str]) -> str:
        names.write_text("\n".join(changed) + "\n")
        with pytest.raises(LabelError) as caught:
            encoded(tmp_path, [ClassSource(None, path)], split_file=str(names))
        return str(caught.value)

    assert refused(lines[2:]) == (
        f"{names}: 2 of 30 records have no split; the first is record r0; add a line for each of them"
    )
    assert "no record has the name x1, nor 1 other name" in refused([*lines, "x1\ttest", "x2\ttest"])
    assert "record r4: 'tset' is not a split; write train" in refused([*lines[:4], "r4\ttset", *lines[5:]])
    assert "train split: it has no records" in refused([f"r{i}\ttest" for i in range(30)])


def test_windows_of_a_genome_by_chromosome(tmp_path: Path) -> None:
    fasta = tmp_path / "g.fa"
    fasta.write_text("".join(f">chr{i}\n{s}\n" for i, s in enumerate(random_strings(4, 4000, seed=5))))
    names = tmp_path / "names.tsv"
    names.write_text("chr0\ttrain\nchr1\ttrain\nchr2\tvalid\nchr3\ttest\n")
    sources = [ClassSource.parse(f"g={fasta}"), ClassSource.parse("n=@uniform")]
    for options in ({"crop": 50, "held_out": 30}, {"window": 50}):
        data, summary = encoded(tmp_path, sources, label_column=None, split_file=str(names), **options)
        real = [(name, split) for name, split in splits_by_name(data).items() if name.startswith("chr")]
        wanted = {"chr0": "train", "chr1": "train", "chr2": "validation", "chr3": "test"}
        assert {(name.partition(":")[0], split) for name, split in real} == set(wanted.items())
        assert not any("windows of one record" in line for line in summary.warnings())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split_column": "part"}, "split-column can't be combined with --train"),
        ({"split_file": "x"}, "split-file can't be combined with --train"),
        ({"split_by": "similarity"}, "split_by can't be combined with --train, which gives the splits already"),
        ({"split": "60/20/20"}, "split can't be combined with --validation"),
    ],
)
def test_options_that_contradict_given_splits(
    tmp_path: Path, parts: dict[str, str], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        encoded(tmp_path, files(parts, "train", "validation"), **options)
    with pytest.raises(SettingError, match="split_file can't be combined with --split-column"):
        EncodeOptions(split_column="a", split_file="b")


def test_input_that_is_refused(tmp_path: Path, parts: dict[str, str]) -> None:
    def refused(sources: Sequence[ClassSource], **options: Any) -> str:
        with pytest.raises(SeqnetError) as caught:
            encoded(tmp_path, sources, **options)
        assert not (tmp_path / "out.safetensors").exists()
        return str(caught.value)

    twice = [source_in_split(parts["train"], "train"), source_in_split(parts["train"], "test")]
    assert "this file is given twice" in refused(twice)
    beside = [*files(parts, "train"), ClassSource(None, parts["test"])]
    assert f"{parts['test']}: it has no split, but other files are given with --train" in refused(beside)
    assert "train split: it has no records" in refused(files(parts, "validation", "test"))
    table(tmp_path / "empty.csv", [])
    empty = [*files(parts, "train"), source_in_split(str(tmp_path / "empty.csv"), "test")]
    assert "test split: it has no records" in refused(empty)
    whole = [ClassSource(None, parts["train"])]
    assert "no column named 'fold'; its columns are: name," in refused(whole, split_column="fold")
    fasta = tmp_path / "r.fa"
    fasta.write_text(">r part=test\nACGT\n")
    no_table = refused([ClassSource("x", str(fasta))], split_column="part", label_column=None)
    assert "there is no column part; --split-column needs a table" in no_table
    assert "record r0: column family has 'f0', which is not a split" in refused(whole, split_column="family")
    with pytest.raises(SettingError, match="train takes files; give a generator with --class"):
        source_in_split("x=@uniform", "train")


def test_codes_tell_the_split() -> None:
    groups = np.array([-2, 1, -4, 0, -3], dtype=np.int64)
    assert splits_of(groups, ["2\0a", "0\0b"]).tolist() == [0, 0, 2, 2, 1]
