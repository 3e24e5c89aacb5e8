from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import (
    AlphabetMismatchError,
    FormatError,
    LabelError,
    OutputError,
    SeqnetError,
    SettingError,
    SymbolError,
)
from seqnet.core.ragged import Ragged
from seqnet.datasets import alphabet_check
from seqnet.datasets.dataset import Dataset, open_dataset
from seqnet.datasets.encoding import ClassSource, encode
from seqnet.datasets.encoding.summary import EncodeSummary

PEPTIDE = "MKVLAAGIVGLAEPDQMKVLAAGIVGLAEPDQ"


def random_sequences(count: int, length: int = 30, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list("ACGT"), length)) for _ in range(count)]


def fasta(path: Path, records: Mapping[str, str] | Sequence[str]) -> str:
    """Writes records of header and sequence; sequences alone are named r1, r2, ..."""
    if not isinstance(records, Mapping):
        records = {f"r{number}": sequence for number, sequence in enumerate(records, 1)}
    path.write_text("".join(f">{header}\n{sequence}\n" for header, sequence in records.items()))
    return str(path)


def encoded(tmp_path: Path, *sources: str, **options: Any) -> tuple[Dataset, EncodeSummary]:
    """Returns the dataset and summary of sources in the notation of the command line."""
    output = tmp_path / "out.safetensors"
    given = [ClassSource.parse(text) if "=" in text else ClassSource(None, path=text) for text in sources]
    summary = encode(given, output, EncodeOptions(**options), ReadOptions(), force=True)
    return open_dataset(output), summary


def rows(dataset: Dataset) -> list[tuple[str, str, str]]:
    """Returns name, sequence and class of each record."""
    symbols = dataset.alphabet.decode(dataset.tokens.data)
    texts = Ragged(symbols, dataset.tokens.offsets).text()
    labels = [dataset.classes[label] for label in dataset.labels]
    return list(zip(dataset.names.text(), texts, labels, strict=True))


def refusal(tmp_path: Path, kind: type[SeqnetError], *sources: str, **options: Any) -> str:
    """Returns the error of a run that fails, after checking that it left nothing behind."""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(kind) as caught:
        encoded(tmp_path, *sources, **options)
    assert sorted(tmp_path.rglob("*")) == before
    return str(caught.value)


# Classes of the records.


def test_the_files_of_the_classes_follow_each_other(tmp_path: Path) -> None:
    mouse = fasta(tmp_path / "mouse.fa", {"m1 x": "acgtACGT", "m2": "TTTTN"})
    human = fasta(tmp_path / "human.fa", {"h1": "GGGG"})
    more = fasta(tmp_path / "more.fa", {"m3": "RYSW"})
    dataset, summary = encoded(tmp_path, f"mouse={mouse}", f"human={human}", f"mouse={more}")
    assert rows(dataset) == [
        ("m1", "ACGTACGT", "mouse"),
        ("m2", "TTTTN", "mouse"),
        ("h1", "GGGG", "human"),
        ("m3", "RYSW", "mouse"),
    ]
    # The classes are in the user's order, and the first is the positive one.
    assert (dataset.classes, dataset.positive, dataset.alphabet.name) == (("mouse", "human"), 0, "dna")
    assert (summary.about.positive, summary.counts.sum(), summary.ingestion.left_out) == (0, 4, {})
    assert len(set(dataset.groups.tolist())) == 4
    assert encoded(tmp_path, f"mouse={mouse}", f"human={human}", positive="human")[0].positive == 1


def test_classes_from_headers_are_sorted(tmp_path: Path) -> None:
    path = fasta(tmp_path / "x.fa", {"r1 label=soluble": PEPTIDE, "r2 label=insoluble": PEPTIDE[1:]})
    dataset, _ = encoded(tmp_path, path, label_regex=r"label=(\S+)")
    assert (dataset.classes, dataset.positive, dataset.alphabet.name) == (("insoluble", "soluble"), 1, "protein")
    assert rows(dataset) == [("r1", PEPTIDE, "soluble"), ("r2", PEPTIDE[1:], "insoluble")]


def test_classes_from_a_column(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text("id\tsequence\tkind\nr1\tACGU\tb\nr2\tUUGG\ta\nr3\tACGU\tc\n")
    dataset, summary = encoded(tmp_path, str(path), label_column="kind")
    assert rows(dataset) == [("r1", "ACGU", "b"), ("r2", "UUGG", "a"), ("r3", "ACGU", "c")]
    assert (dataset.classes, dataset.positive, dataset.alphabet.name) == (("a", "b", "c"), None, "rna")
    assert summary.about.positive is None


def test_classes_from_a_file(tmp_path: Path) -> None:
    path = fasta(tmp_path / "x.fa", ["ACGT", "GGGG", "TTTT"])
    labels = tmp_path / "labels.tsv"
    labels.write_text("r3\tb\nr1\ta\nr2\tb\n")
    dataset, _ = encoded(tmp_path, path, labels=str(labels))
    assert [label for _, _, label in rows(dataset)] == ["a", "b", "b"]
    labels.write_text("r1\ta\nr2\tb\nr3\tb\nr9\tb\n")
    message = refusal(tmp_path, LabelError, path, labels=str(labels))
    assert message == f"{labels}: no record has the name r9; correct the names, or remove these lines"
    labels.write_text("r1\ta\nr2\tb\n")
    assert "record r3: it has no label" in refusal(tmp_path, LabelError, path, labels=str(labels))


def test_a_class_may_be_generated_beside_classes_from_headers(tmp_path: Path) -> None:
    path = fasta(tmp_path / "x.fa", {"r1 k=b": "ACGTACGT", "r2 k=a": "GGGGCCCC"})
    dataset, _ = encoded(tmp_path, path, "random=@uniform", label_regex="k=(.)")
    assert (dataset.classes, dataset.positive) == (("random", "a", "b"), None)
    assert [label for _, _, label in rows(dataset)] == ["b", "a", "random", "random"]


@pytest.mark.parametrize(
    ("sources", "options", "message"),
    [
        (["x.fa"], {}, "x.fa: its records have no class; use --class, --label-regex, "),
        (["a=x.fa"], {}, "class a: it is the only class; add a second one, such as --class random=@uniform"),
        (["x.fa"], {"label_regex": "(r)"}, "class r: it is the only class; "),
        (["a=@uniform", "b=@uniform"], {}, "encode: there is no input; give a file, or use --class NAME=FILE"),
        (["a=x.fa", "b=x.fa"], {"length": "99-"}, "encode: no records are left (4 shorter than 99); change the"),
        (["a=x.fa", "b=x.fa"], {"length": "99-", "limit": 1}, "encode: no records are left (4 shorter than 99); "),
        (["a=x.fa", "b=y.fa"], {"length": "4"}, "class b: it has no records left; check the options"),
        (["a=x.fa", "a=@uniform"], {}, "class a: it has a file and a generator; give them different"),
        (["x.fa", "r=@uniform"], {"label_regex": "(r)"}, "class r: it has a file and a generator"),
        (["a\tb=x.fa", "c=@uniform"], {}, "class 'a\\tb': its name has a tab or another control character; rename it"),
        (["a=x.fa", "b=@uniform", "b=@composition"], {}, "class b: it has two generators; give them different"),
    ],
)
def test_labels_that_do_not_fit_the_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sources: list[str], options: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    fasta(Path("x.fa"), ["ACGT", "GGGG"])
    fasta(Path("y.fa"), ["ACGTA"])
    assert refusal(tmp_path, LabelError, *sources, **options).startswith(message)


@pytest.mark.parametrize("positive", ["c", "", "A"])
def test_the_positive_class_must_be_one_of_two(tmp_path: Path, positive: str) -> None:
    x = fasta(tmp_path / "x.fa", ["ACGT"])
    message = refusal(tmp_path, SettingError, f"a={x}", f"b={x}", positive=positive)
    assert message.startswith(f"positive must be one of a, b, not {positive!r}")
    assert "needs two classes; there are 3" in refusal(
        tmp_path, SettingError, f"a={x}", f"b={x}", f"c={x}", positive="a"
    )


# Alphabets of the sequences.


def test_the_first_sequences_decide_the_alphabet(tmp_path: Path) -> None:
    proteins = fasta(tmp_path / "p.fa", [PEPTIDE])
    reads = fasta(tmp_path / "d.fa", ["", "ACGT" * 10])
    message = refusal(tmp_path, AlphabetMismatchError, f"a={proteins}", f"b={reads}")
    assert message.startswith(f"{reads}: this looks like dna, not protein")
    message = refusal(tmp_path, AlphabetMismatchError, f"b={reads}", f"a={proteins}")
    assert message.startswith(f"{proteins}: this looks like protein, not dna")
    # Peptides with only these letters exist, and the user may know that.
    dataset, _ = encoded(tmp_path, f"b={reads}", f"a={proteins}", alphabet="protein")
    assert dataset.alphabet.name == "protein"
    # Low complexity first: the other alphabet is never chosen silently.
    poly = fasta(tmp_path / "poly.fa", ["AAATAAGAAAAATAAACAAATAAAAATAAGAAAAAA"])
    (tmp_path / "out.safetensors").unlink()
    for order in ((f"a={poly}", f"b={proteins}"), (f"b={proteins}", f"a={poly}")):
        assert "use --alphabet" in refusal(tmp_path, AlphabetMismatchError, *order)
    together = fasta(tmp_path / "all.fa", ["AAATAAGAAAAATAAACAAATAAAAATAAGAAAAAA", "GAGAGS" * 10, PEPTIDE * 5])
    assert encoded(tmp_path, f"a={together}", f"b={proteins}")[0].alphabet.name == "protein"
    (tmp_path / "out.safetensors").unlink()
    silk = fasta(tmp_path / "silk.fa", ["GAGAGS" * 10])
    message = refusal(tmp_path, FormatError, f"a={silk}", f"b={proteins}")
    assert message.startswith(f"{silk}: the sequences could be protein, or nucleotides with many")
    assert message.endswith("use --alphabet protein or --alphabet dna")
    assert encoded(tmp_path, f"a={silk}", f"b={proteins}", alphabet="protein")[0].alphabet.name == "protein"
    (tmp_path / "out.safetensors").unlink()
    numbers = fasta(tmp_path / "n.fa", ["123456789"])
    assert "do not look like DNA, RNA or protein" in refusal(tmp_path, FormatError, f"a={numbers}", f"b={reads}")


def test_unknown_symbols_stop_are_skipped_or_masked(tmp_path: Path) -> None:
    x = fasta(tmp_path / "x.fa", {"r1": "ACGTACGTACGT", "r2": "ACGT!CGTACGTACG?", "r3": "TTTTGGGG"})
    y = fasta(tmp_path / "y.fa", ["GGGG"])
    with pytest.raises(SymbolError) as caught:
        encoded(tmp_path, f"a={x}", f"b={y}")
    assert (caught.value.path, caught.value.record, caught.value.position) == (x, "r2", 5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.fa", "y.fa"]
    dataset, summary = encoded(tmp_path, f"a={x}", f"b={y}", unknown="skip")
    assert [name for name, _, _ in rows(dataset)] == ["r1", "r3", "r1"]
    assert summary.ingestion.left_out == {"with a symbol outside the alphabet": 1}
    dataset, summary = encoded(tmp_path, f"a={x}", f"b={y}", unknown="mask")
    assert rows(dataset)[1] == ("r2", "ACGTNCGTACGTACGN", "a")
    assert summary.ingestion.left_out == {"symbols masked": 2}


def test_empty_records_and_empty_files(tmp_path: Path) -> None:
    x = fasta(tmp_path / "x.fa", ["", "ACGT", ""])
    y = fasta(tmp_path / "y.fa", ["GGGG"])
    dataset, summary = encoded(tmp_path, f"a={x}", f"b={y}")
    assert [name for name, _, _ in rows(dataset)] == ["r2", "r1"]
    assert summary.ingestion.left_out == {"without a sequence": 2}
    empty = tmp_path / "empty.fa"
    empty.touch()
    dataset, summary = encoded(tmp_path, f"a={x}", f"b={y}", f"b={empty}")
    assert len(dataset.names) == 2
    assert summary.ingestion.notes == (f"{empty}: the file is empty",)
    (tmp_path / "out.safetensors").unlink()
    assert refusal(tmp_path, LabelError, f"a={x}", f"b={empty}").startswith(
        "class b: it has no records; check its file"
    )
    for sources in ([f"a={empty}", "b=@uniform"], [f"a={empty}", f"b={empty}"]):
        message = refusal(tmp_path, LabelError, *sources)
        assert message.startswith(f"encode: there are no records ({empty}: the file is empty")


@pytest.mark.parametrize("unknown", ["skip", "mask"])
def test_what_is_left_out_for_a_guessed_alphabet_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unknown: str
) -> None:
    monkeypatch.setattr(alphabet_check, "_SAMPLE_SYMBOLS", 40)
    x = fasta(tmp_path / "x.fa", ["ACGT" * 10, PEPTIDE * 9])
    y = fasta(tmp_path / "y.fa", ["ACGT" * 10])
    message = refusal(tmp_path, FormatError, f"a={x}", f"b={y}", unknown=unknown)
    assert "of its symbols are not in the dna alphabet; name the right" in message
    assert encoded(tmp_path, f"a={x}", f"b={y}", unknown=unknown, alphabet="dna")[1].counts.sum() >= 2


# Selection and windows.


@pytest.mark.parametrize(("length", "kept"), [("4", "r1"), ("5-7", "r2 r3"), ("6-", "r3 r4"), ("-5", "r1 r2")])
def test_lengths(tmp_path: Path, length: str, kept: str) -> None:
    x = fasta(tmp_path / "x.fa", ["ACGT", "ACGTA", "ACGTACG", "ACGTACGT"])
    dataset, summary = encoded(tmp_path, f"a={x}", "b=@uniform", length=length)
    assert [name for name, _, label in rows(dataset) if label == "a"] == kept.split()
    assert sum(summary.ingestion.left_out.values()) == 4 - len(kept.split())


def test_windows_know_where_they_come_from(tmp_path: Path) -> None:
    sequences = {"c1 about": random_sequences(1, 25)[0], "c2": "ACGTACGTA", "c3": "ACG"}
    x = fasta(tmp_path / "x.fa", sequences)
    y = fasta(tmp_path / "y.fa", {"d": "TTTTTTTTTT"})
    dataset, summary = encoded(tmp_path, f"a={x}", f"b={y}", window=8, stride=6)
    found = rows(dataset)
    assert [name for name, _, _ in found] == ["c1:1-8", "c1:7-14", "c1:13-20", "c2:1-8", "d:1-8"]
    whole = {header.split()[0]: sequence for header, sequence in sequences.items()} | {"d": "TTTTTTTTTT"}
    for name, text, _ in found:
        record, place = name.split(":")
        start, end = map(int, place.split("-"))
        assert text == whole[record][start - 1 : end]
    assert summary.ingestion.left_out == {
        "shorter than the window of 8": 1,
        "symbols at the ends of records, not covered by a window": 5 + 1 + 2,
    }
    # Without a stride, windows are adjacent.
    assert [name for name, _, _ in rows(encoded(tmp_path, f"a={x}", f"b={y}", window=8)[0])][:3] == [
        "c1:1-8", "c1:9-16", "c1:17-24",
    ]  # fmt: skip


def test_a_limit_draws_from_each_class(tmp_path: Path) -> None:
    x = fasta(tmp_path / "x.fa", random_sequences(200))
    y = fasta(tmp_path / "y.fa", random_sequences(5, seed=1))
    dataset, _ = encoded(tmp_path, f"a={x}", f"b={y}", "c=@uniform", limit=20)
    assert dataset.counts().sum(axis=1).tolist() == [20, 5, 25]
    numbers = [int(name[1:]) for name, _, label in rows(dataset) if label == "a"]
    assert numbers == sorted(numbers)
    assert max(numbers) > 100
    assert rows(encoded(tmp_path, f"a={x}", f"b={y}", limit=20)[0])[:20] == rows(dataset)[:20]
    other = rows(encoded(tmp_path, f"a={x}", f"b={y}", limit=20, seed=2)[0])[:20]
    assert other != rows(dataset)[:20]


# Generated records.


def labelled(dataset: Dataset, name: str) -> list[int]:
    return [int(index) for index in np.flatnonzero(dataset.labels == dataset.classes.index(name))]


@pytest.mark.parametrize("kind", ["uniform", "composition", "dinucleotide"])
def test_every_record_has_a_generated_one_of_its_length_in_its_split(tmp_path: Path, kind: str) -> None:
    lengths = np.random.default_rng(1).integers(5, 60, 60)
    x = fasta(tmp_path / "x.fa", [random_sequences(1, length, seed)[0] for seed, length in enumerate(lengths)])
    dataset, summary = encoded(tmp_path, f"a={x}", f"random=@{kind}", split="60/20/20")
    real, made = labelled(dataset, "a"), labelled(dataset, "random")
    assert dataset.generators == summary.about.generators == {"random": kind}
    assert dataset.tokens.lengths[real].tolist() == dataset.tokens.lengths[made].tolist() == lengths.tolist()
    assert dataset.split[real].tolist() == dataset.split[made].tolist()
    assert dataset.counts().tolist() == [[36, 12, 12], [36, 12, 12]]
    same = [dataset.tokens[one] == dataset.tokens[other] for one, other in zip(real, made, strict=True)]
    assert sum(same) < 10
    if kind == "dinucleotide":
        for one, other in zip(real, made, strict=True):
            assert Counter(pairwise(dataset.tokens[one])) == Counter(pairwise(dataset.tokens[other]))
        assert dataset.groups[real].tolist() == dataset.groups[made].tolist()
        assert rows(dataset)[made[0]][0] == "r1:shuffled"
    else:
        assert len(set(dataset.groups.tolist())) == 120
        assert [rows(dataset)[index][0] for index in made] == [f"random_{number}" for number in range(1, 61)]


def test_generated_records_are_each_a_group_of_their_own(tmp_path: Path) -> None:
    x = fasta(tmp_path / "x.fa", {f"chr{i % 5}:{i}": sequence for i, sequence in enumerate(random_sequences(20))})
    dataset, summary = encoded(tmp_path, f"a={x}", "u=@uniform", "c=@composition:30", group_by="^(chr.)")
    assert summary.groups == len(set(dataset.groups.tolist())) == 5 + 20 + 30


def test_generated_symbols_are_as_frequent_as_requested(tmp_path: Path) -> None:
    x = fasta(tmp_path / "x.fa", ["A" * 90 + "C" * 10] * 100)
    dataset, _ = encoded(tmp_path, f"a={x}", "u=@uniform", "c=@composition")
    shares = {}
    for name in ("u", "c"):
        tokens = dataset.tokens.take(np.array(labelled(dataset, name))).data
        shares[name] = (np.bincount(tokens, minlength=5) / len(tokens)).tolist()
    # Four standard deviations of the share of 10,000 symbols.
    assert shares["u"] == pytest.approx([0, 0.25, 0.25, 0.25, 0.25], abs=0.018)
    assert shares["c"] == pytest.approx([0, 0.9, 0.1, 0, 0], abs=0.012)


@pytest.mark.parametrize("count", [3, 10, 25])
def test_as_many_generated_records_as_requested(tmp_path: Path, count: int) -> None:
    x = fasta(tmp_path / "x.fa", [random_sequences(1, length)[0] for length in range(10, 20)])
    dataset, _ = encoded(tmp_path, f"a={x}", f"u=@uniform:{count}")
    made = labelled(dataset, "u")
    assert len(made) == count
    # Each real record has the same number of generated records, plus or minus one.
    lengths = Counter(dataset.tokens.lengths[made].tolist())
    assert set(lengths) <= set(range(10, 20))
    assert max(lengths.values()) - min(lengths[length] for length in range(10, 20)) <= 1


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("human=x.fa", ClassSource("human", path="x.fa")),
        ("a=b=c.fa", ClassSource("a", path="b=c.fa")),
        ("a=-", ClassSource("a", path="-")),
        ("r=@uniform", ClassSource("r", generator="uniform")),
        ("r=@dinucleotide:7", ClassSource("r", generator="dinucleotide", count=7)),
    ],
)
def test_a_source_is_written_in_one_word(text: str, source: ClassSource) -> None:
    assert ClassSource.parse(text) == source


@pytest.mark.parametrize(
    "text", ["x.fa", "=x.fa", "a=", "a=@", "a=@random", "a=@uniform:", "a=@uniform:0", "a=@uniform:x"]
)
def test_another_source_is_refused(text: str) -> None:
    with pytest.raises(SettingError) as caught:
        ClassSource.parse(text)
    assert caught.value.name == "class"
    assert caught.value.value in (text, text.removeprefix("a="))


def test_a_mistyped_generator_gets_the_nearest_one() -> None:
    with pytest.raises(SettingError, match=r"not '@unifrom'; did you mean @uniform\?"):
        ClassSource.parse("a=@unifrom")


# Splits.


def splits_of(dataset: Dataset, name: str) -> dict[str, set[int]]:
    """Returns the splits of records whose names have the same text before the first `:`."""
    found: dict[str, set[int]] = {}
    for record, split in zip(dataset.names.text(), dataset.split.tolist(), strict=True):
        if record.startswith(name):
            found.setdefault(record.split(":")[0], set()).add(split)
    return found


def test_groups_by_an_expression(tmp_path: Path) -> None:
    sequences = random_sequences(100)
    x = fasta(tmp_path / "x.fa", {f"chr{i % 10}:{i}": sequence for i, sequence in enumerate(sequences)})
    dataset, summary = encoded(tmp_path, f"a={x}", "s=@dinucleotide", "u=@uniform", group_by=r"^(chr\d)")
    found = splits_of(dataset, "chr")
    assert len(found) == 10
    assert all(len(splits) == 1 for splits in found.values())
    assert dataset.counts().tolist() == [[80, 10, 10]] * 3
    # Ten groups, each with its shuffled records; each random record is its own group.
    assert summary.groups == 110
    ungrouped, plain = encoded(tmp_path, f"a={x}", "s=@dinucleotide")
    assert plain.groups is None
    assert any(len(splits) > 1 for splits in splits_of(ungrouped, "chr").values())


def test_groups_by_the_place_of_a_window(tmp_path: Path) -> None:
    x = fasta(tmp_path / "x.fa", {"c": random_sequences(1, 2000)[0]})
    # Windows that start in the same hundred positions.
    dataset, summary = encoded(
        tmp_path, f"a={x}", "u=@uniform", window=10, group_by=r":(\d*?)\d{1,2}-", split="50/25/25"
    )
    names = [name for name, _, label in rows(dataset) if label == "a"]
    assert len(names) == 200
    where: dict[int, set[int]] = {}
    for name, split in zip(names, dataset.split.tolist(), strict=False):
        where.setdefault(int(name[2:].split("-")[0]) // 100, set()).add(split)
    assert len(where) == 20
    assert all(len(splits) == 1 for splits in where.values())
    assert dataset.counts()[0].tolist() == [100, 50, 50]
    assert summary.groups == 220


def test_groups_by_a_column(tmp_path: Path) -> None:
    lines = [
        f"f{i % 5}:{i}\t{sequence}\t{'xy'[i % 2]}\tfamily{i % 5}" for i, sequence in enumerate(random_sequences(50))
    ]
    path = tmp_path / "x.tsv"
    path.write_text("\n".join(["id\tsequence\tkind\tfamily", *lines]))
    dataset, _ = encoded(tmp_path, str(path), label_column="kind", group_by="family", split="60/20/20")
    found = splits_of(dataset, "f")
    assert len(found) == 5
    assert all(len(splits) == 1 for splits in found.values())
    assert dataset.counts().tolist() == [[15, 5, 5], [15, 5, 5]]


def test_groups_by_a_file_of_clusters(tmp_path: Path) -> None:
    x = fasta(tmp_path / "x.fa", {f"f{i // 4}:{i}": sequence for i, sequence in enumerate(random_sequences(20))})
    clusters = tmp_path / "clusters.tsv"
    # All but the last four, which form their own groups.
    clusters.write_text("".join(f"f{i // 4}:{i // 4 * 4}\tf{i // 4}:{i}\n" for i in range(16)))
    dataset, summary = encoded(tmp_path, f"a={x}", "u=@uniform", group_by=str(clusters), split="60/20/20")
    found = splits_of(dataset, "f")
    assert all(len(found[f"f{number}"]) == 1 for number in range(4))
    assert dataset.counts()[0].tolist() == [12, 4, 4]
    assert summary.groups == 4 + 4 + 20


@pytest.mark.parametrize("content", ["NA\tr1\n", "c1\tother\n"])
def test_groups_that_no_record_is_in_are_refused(tmp_path: Path, content: str) -> None:
    x = fasta(tmp_path / "x.fa", ["ACGT", "GGGG"])
    (tmp_path / "clusters.tsv").write_text(content)
    for group_by in (str(tmp_path / "clusters.tsv"), "^(chr)"):
        message = refusal(tmp_path, SettingError, f"a={x}", "u=@uniform", group_by=group_by)
        assert message.endswith("matches no record; check names or column")
    assert "must be a regular expression with" in refusal(
        tmp_path, SettingError, f"a={x}", "u=@uniform", group_by="family"
    )


@pytest.mark.parametrize("options", [{"split": "80/20"}, {"length": "a"}, {"label_regex": "x"}, {"group_by": "("}])
def test_a_wrong_setting_ends_the_run_before_it_starts(tmp_path: Path, options: dict[str, Any]) -> None:
    x = fasta(tmp_path / "x.fa", ["ACGT", "GGGG"])
    assert refusal(tmp_path, SettingError, x, **options)[:5] in ("split", "encod", "label", "group")


def test_what_could_be_optimistic_is_reported(tmp_path: Path) -> None:
    x = fasta(tmp_path / "x.fa", {**{f"r{i}": "ACGTACGT" for i in range(10)}, "s": "GGGGCCCC"})
    y = fasta(tmp_path / "y.fa", {"r0": "TTTTAAAA", "t": "GGGGCCCC"})
    _, summary = encoded(tmp_path, f"a={x}", f"b={y}")
    assert summary.warnings()[:3] == [
        "10 records have an exact duplicate in another split",
        "2 records have an exact duplicate with another label",
        "1 record has a name that occurred before; all are kept",
    ]
    assert summary.duplicates.records == 12


# Windows that are drawn during training.


def test_a_genome_is_held_as_blocks_and_windows(tmp_path: Path) -> None:
    genome = random_sequences(1, 300_000)[0]
    x = fasta(tmp_path / "x.fa", {"c": genome[:150_000] + "NNNN" + genome[150_000:], "short": "ACGT"})
    dataset, summary = encoded(tmp_path, f"a={x}", "u=@uniform", crop=36, held_out=50)
    assert (dataset.crop, summary.about.crop) == (36, 36)
    # 100 blocks of 3,000; 50 windows of each held-out block, and the records generated for them.
    assert dataset.counts().tolist() == [[80, 50, 50], [0, 50, 50]]
    assert summary.ingestion.left_out == {"symbols in stretches too short for a window, or ambiguous": 8}
    whole = genome[:150_000] + "NNNN" + genome[150_000:]
    trained = np.zeros(len(whole), dtype=bool)
    for name, text, label in rows(dataset):
        if label == "u":
            continue
        place = name.split(":")[1].replace("+", "-").split("-")
        start, end = int(place[0]) - 1, int(place[1])
        if len(text) != 36:
            assert text == whole[start:end]
            trained[start:end] = True
    for name, text, label in rows(dataset):
        if label == "a" and len(text) == 36 and "+" in name:
            start = int(name.split(":")[1].split("-")[0]) - 1 + int(name.split("+")[1])
            assert text == whole[start : start + 36]
            # No held-out window overlaps with the train split.
            assert not trained[start : start + 36].any()
    assert trained.sum() == 240_000


# The output file.


def test_the_provenance_has_command_and_inputs(tmp_path: Path) -> None:
    x = fasta(tmp_path / "x.fa", ["ACGT", "GGGG"])
    output = tmp_path / "out.safetensors"
    reported: list[int] = []
    options = EncodeOptions(seed=7)
    sources = [ClassSource("a", path=x), ClassSource("r", generator="uniform")]
    encode(sources, output, options, ReadOptions(batch_bytes=1), command="seqnet encode", progress=reported.append)
    found = open_dataset(output).provenance
    assert found["inputs"] == [{"path": x, "sha256": hashlib.sha256(Path(x).read_bytes()).hexdigest()}]
    assert (found["command"], found["seed"], found["options"]) == ("seqnet encode", 7, options.to_dict())
    assert set(found["versions"]) >= {"python", "seqnet", "numpy", "torch"}
    assert sum(reported) == 2


def test_the_same_run_is_the_same_bytes_however_it_is_read(tmp_path: Path) -> None:
    x = fasta(tmp_path / "x.fa", random_sequences(300))
    sources = [
        ClassSource("a", path=x),
        ClassSource("u", generator="uniform"),
        ClassSource("s", generator="dinucleotide"),
    ]
    for options in (EncodeOptions(), EncodeOptions(limit=50), EncodeOptions(window=10, group_by="^(r.)")):
        outputs = []
        for number, batch_bytes in enumerate((1 << 20, 1 << 20, 100)):
            output = tmp_path / f"out{number}"
            encode(sources, output, options, ReadOptions(batch_bytes=batch_bytes), force=True)
            outputs.append(output.read_bytes())
        assert outputs[0] == outputs[1] == outputs[2]
    encode(sources, tmp_path / "other", EncodeOptions(seed=2), ReadOptions())
    encode(sources, tmp_path / "one", EncodeOptions(seed=1), ReadOptions())
    assert open_dataset(tmp_path / "other").split.tolist() != open_dataset(tmp_path / "one").split.tolist()


def test_an_existing_output_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    output = tmp_path / "out.safetensors"
    output.write_text("precious")
    sources = [ClassSource("a", path=str(tmp_path / "missing.fa"))]
    with pytest.raises(OutputError, match="already exists"):
        encode(sources, output, EncodeOptions(), ReadOptions())
    assert output.read_text() == "precious"
    # With --force, the old file stays until the new one is complete.
    with pytest.raises(FileNotFoundError):
        encode(sources, output, EncodeOptions(), ReadOptions(), force=True)
    assert output.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [output]


def test_an_error_while_the_file_is_written_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x = fasta(tmp_path / "x.fa", ["ACGT", "GGGG"])
    before = list(tmp_path.iterdir())

    def fail(path: Path, *_: object, **__: object) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("seqnet.datasets.dataset.write_container", fail)
    with pytest.raises(OSError, match="No space left"):
        encoded(tmp_path, f"a={x}", "u=@uniform")
    assert list(tmp_path.iterdir()) == before


# Mates of a pair.


def fastq(path: Path, headers: Sequence[str], seed: int) -> str:
    sequences = random_sequences(len(headers), seed=seed)
    path.write_text("".join(f"@{name}\n{one}\n+\n{'I' * 30}\n" for name, one in zip(headers, sequences, strict=True)))
    return str(path)


def torn(dataset: Dataset, pairs: int) -> int:
    """Returns the number of pairs p0, p1, ... whose mates are in two splits."""
    where: dict[str, set[int]] = {}
    for name, split in zip(dataset.names.text(), dataset.split.tolist(), strict=True):
        where.setdefault(name.removesuffix("/1").removesuffix("/2"), set()).add(split)
    return sum(len(where[f"p{number}"]) > 1 for number in range(pairs))


MATES = {
    "marked": ("p{}/1", "p{}/2"),
    "Casava": ("p{} 1:N:0:ATCACG", "p{} 2:N:0:ATCACG"),
    "equal": ("p{} 1 length=30", "p{} 2 length=30"),
}


@pytest.mark.parametrize("names", MATES)
@pytest.mark.parametrize("files", [1, 2])
def test_mates_are_kept_in_one_split(tmp_path: Path, names: str, files: int) -> None:
    first, second = ([form.format(number) for number in range(50)] for form in MATES[names])
    if files == 1:
        sources = [fastq(tmp_path / "x.fq", [one for pair in zip(first, second, strict=True) for one in pair], 1)]
    else:
        sources = [fastq(tmp_path / "1.fq", first, 1), fastq(tmp_path / "2.fq", second, 2)]
    dataset, summary = encoded(tmp_path, *(f"x={path}" for path in sources), "r=@uniform", split="60/20/20")
    assert torn(dataset, 50) == 0
    assert dataset.counts().sum(axis=0).tolist() == [120, 40, 40]
    assert "50 pairs of reads, mates kept in one split" in summary.lines()


def test_mates_that_flags_tell_are_kept_in_one_split(tmp_path: Path) -> None:
    path = tmp_path / "x.sam"
    sequences = random_sequences(100)
    rows = (f"p{i // 2}\t{(77, 141)[i % 2]}\t*\t0\t0\t*\t*\t0\t0\t{one}\t*\n" for i, one in enumerate(sequences))
    path.write_text("".join(rows))
    dataset, summary = encoded(tmp_path, f"x={path}", "r=@uniform", split="60/20/20")
    assert dataset.names.text()[:3] == ["p0/1", "p0/2", "p1/1"]
    assert torn(dataset, 50) == 0
    assert summary.grouping.pairs == 50
    dataset, summary = encoded(tmp_path, f"x={path}", "r=@uniform", split="60/20/20", group_by=r"(p\d+/\d)")
    assert summary.grouping.parted == torn(dataset, 50) > 10
    assert summary.warnings()[0].startswith(
        f"mates of {summary.grouping.parted} pairs of reads are in two splits, because --group-by"
    )
    assert encoded(tmp_path, f"x={path}", "r=@uniform", group_by=r"(p\d+)/")[1].grouping.parted == 0


def test_without_pairs_nothing_is_grouped_or_reported(tmp_path: Path) -> None:
    x, y = (fasta(tmp_path / f"{name}.fa", random_sequences(40, seed=seed)) for seed, name in enumerate("xy"))
    dataset, summary = encoded(tmp_path, f"a={x}", f"b={y}")  # equal names in different classes
    assert len(np.unique(dataset.groups)) == 80
    assert (summary.grouping.pairs, summary.grouping.parted) == (0, 0)


def test_names_of_mates_are_not_repeated_names_but_those_of_copies_are(tmp_path: Path) -> None:
    names = [f"p{number}" for number in range(50)]
    sources = [fastq(tmp_path / "1.fq", names, 1), fastq(tmp_path / "2.fq", names, 2)]
    _, summary = encoded(tmp_path, *(f"x={path}" for path in sources), "r=@uniform")
    assert summary.grouping.pairs == 50
    assert not [line for line in summary.warnings() if "occurred before" in line]
    copy = fastq(tmp_path / "3.fq", names, 1)
    _, summary = encoded(tmp_path, f"x={sources[0]}", f"x={copy}", "r=@uniform")
    assert "50 records have a name that occurred before; all are kept" in summary.warnings()
