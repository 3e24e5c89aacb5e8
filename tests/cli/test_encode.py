from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from seqnet.datasets.dataset import open_dataset
from tests.cli.running import PROTEINS, READS, Runner


def test_the_contract_line_for_reads(tmp_path: Path, cli: Runner) -> None:
    output = tmp_path / "reads.safetensors"
    outcome = cli(
        "encode", "--class", f"human={READS}", "--class", "random=@uniform", "--group-by", r"^sim:(\d*)\d{4}:",
        "--split", "80/10/10", "--seed", "1", "-o", output,
    )  # fmt: skip
    assert outcome.code == 0
    data = open_dataset(output)
    assert data.classes == ("human", "random")
    assert data.positive == 0
    assert data.counts().sum(axis=1).tolist() == [4000, 4000]
    human = np.flatnonzero(data.labels == 0)
    regions = {name.split(":")[1][:-4]: set() for name in data.names.take(human).text()}  # type: ignore[var-annotated]
    for name, split in zip(data.names.take(human).text(), data.split[human], strict=True):
        regions[name.split(":")[1][:-4]].add(int(split))
    assert len(regions) > 30
    assert all(len(splits) == 1 for splits in regions.values())
    assert "human" in outcome.out
    assert "generated: random by @uniform" in outcome.out
    assert outcome.err.endswith(f"wrote {output}\n")


def test_the_same_command_twice_gives_the_same_bytes(tmp_path: Path, cli: Runner) -> None:
    output = tmp_path / "out.safetensors"
    words = ("encode", PROTEINS, "--label-regex", r"label=(\S+)", "--limit", "100", "-o", output)
    assert cli(*words).code == 0
    first = output.read_bytes()
    assert cli(*words, "--force").code == 0
    assert open_dataset(output).tokens.data.tobytes() in first


def test_the_summary(tmp_path: Path, cli: Runner) -> None:
    lines = [
        f">r{i} label={'xy'[i % 2]}\n{'ACGTTGCA' * (i % 3 + 1)}{'ACGT'[i % 4]}{'TGCA'[i // 4 % 4]}\n" for i in range(20)
    ]
    path = tmp_path / "in.fa"
    path.write_text("".join(lines) + ">r0 label=y\nACGTTGCAAT\n")
    outcome = cli("encode", path, "--label-regex", r"label=(\w)", "--split", "60/20/20", "-o", tmp_path / "o")
    assert outcome.out.splitlines() == [
        "class       train  validation        test         all",
        "x               6           2           2          10",
        "y               7           2           2          11",
        "total          13           4           4          21",
        "alphabet dna; positive class y",
        "length percentiles 0, 5, 50, 95, 100: 10, 10, 18, 26, 26",
    ]
    assert "2 records have an exact duplicate with another label" in outcome.err
    assert "1 record has a name that occurred before" in outcome.err


@pytest.mark.parametrize("compress", [False, True])
def test_standard_input(compress: bool, tmp_path: Path, cli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"".join(b">r%d\n%s\n" % (i, b"ACGTTTGCA" * 4) for i in range(10))
    path = tmp_path / "in"
    path.write_bytes(gzip.compress(text) if compress else text)
    with path.open("rb") as file, monkeypatch.context() as patch:
        patch.setattr("sys.stdin", type("Stdin", (), {"buffer": file}))
        outcome = cli("encode", "--class", "x=-", "--class", "r=@dinucleotide", "-o", tmp_path / "o")
    assert outcome.code == 0, outcome.err
    assert open_dataset(tmp_path / "o").counts().sum() == 20


def test_inspect_shows_the_dataset(trained: Path, cli: Runner) -> None:
    found = json.loads(cli("inspect", trained / "proteins.safetensors", "--json").out)
    assert found["kind"] == "dataset"
    assert found["alphabet"] == "protein"
    assert found["classes"] == ["insoluble", "soluble"]
    assert found["positive"] == "soluble"
    assert found["records"] == 1500
    assert sum(sum(splits.values()) for splits in found["counts"].values()) == 1500
    assert found["provenance"]["inputs"][0]["sha256"]


def test_no_class_at_all(tmp_path: Path, cli: Runner) -> None:
    outcome = cli("encode", PROTEINS, "-o", tmp_path / "o")
    assert outcome.code == 1
    assert outcome.err.startswith(f"seqnet: error: {PROTEINS}: its records have no class")
    assert cli("encode", "-o", tmp_path / "o").err.startswith("seqnet: error: encode: there is no input")
    outcome = cli("encode", "--class", f"x={PROTEINS}", "-o", tmp_path / "o")
    assert "only class" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_as_many_generated_records_as_requested(tmp_path: Path, cli: Runner) -> None:
    for count in (500, 9000):
        output = tmp_path / f"{count}.safetensors"
        words = ("encode", "--class", f"human={READS}", "--class", f"random=@uniform:{count}", "-o", output)
        assert cli(*words).code == 0
        assert open_dataset(output).counts().sum(axis=1).tolist() == [4000, count]
    outcome = cli("encode", "--class", f"human={READS}", "--class", "random=@uniform:many", "-o", tmp_path / "o")
    assert outcome.code == 1
    assert "COUNT, with a whole number" in outcome.err


def test_a_generated_record_is_in_the_split_of_its_real_record(tmp_path: Path, cli: Runner) -> None:
    output = tmp_path / "out.safetensors"
    assert (
        cli("encode", "--class", f"x={READS}", "--class", "y=@dinucleotide", "--limit", "200", "-o", output).code == 0
    )
    data = open_dataset(output)
    names = data.names.text()
    place = {name: index for index, name in enumerate(names)}
    for index, name in enumerate(names):
        if name.endswith(":shuffled"):
            original = place[name.removesuffix(":shuffled")]
            assert data.split[index] == data.split[original]
            assert data.groups[index] == data.groups[original]
            assert sorted(data.tokens[index]) == sorted(data.tokens[original])


def test_warnings_of_windows_that_overlap_and_of_empty_splits(tmp_path: Path, cli: Runner) -> None:
    fasta = tmp_path / "in.fa"
    fasta.write_text(">c\n" + "ACGTTGCATGATTACA" * 40 + "\n")
    words = ("encode", "--class", f"x={fasta}", "--class", "y=@uniform", "--window", "30")
    assert "windows of one record may be in different splits" in cli(*words, "-o", tmp_path / "a").err
    grouped = cli(*words, "--stride", "10", "--group-by", r"^(\w+):", "-o", tmp_path / "c")
    assert "without --group-by" not in grouped.err
    assert "the validation split is empty" in grouped.err


def test_shuffles_have_names_of_their_own(tmp_path: Path, cli: Runner) -> None:
    output = tmp_path / "out.safetensors"
    words = ("encode", "--class", f"x={READS}", "--class", "y=@dinucleotide:9000", "-o", output)
    assert "occurred before" not in cli(*words).err
    names = open_dataset(output).names.text()
    assert len(set(names)) == len(names) == 13_000


def test_splits_that_are_given(tmp_path: Path, cli: Runner) -> None:
    rng = np.random.default_rng(0)
    texts = ["".join(row) for row in rng.choice(list("ACGT"), (40, 30))]
    turned = texts[0][::-1].translate(str.maketrans("ACGT", "TGCA"))
    for name, chosen in {"train": texts[:30], "test": [*texts[30:], turned, texts[1]]}.items():
        rows = "".join(f"{name}{index}\t{text}\t{'ab'[index % 2]}\n" for index, text in enumerate(chosen))
        (tmp_path / f"{name}.tsv").write_text("name\tsequence\tlabel\n" + rows)
    output = tmp_path / "out.safetensors"
    words = ("encode", "--train", tmp_path / "train.tsv", "--test", tmp_path / "test.tsv", "--label-column", "label")
    outcome = cli(*words, "-o", output)
    assert outcome.code == 0
    assert open_dataset(output).counts().sum(axis=0).tolist() == [26, 4, 12]
    assert outcome.err.splitlines() == [
        "seqnet: note: no validation split was given: 4 of 30 train records (13.3%) were taken for it",
        "seqnet: warning: 2 records have an exact duplicate in another split",
        "seqnet: warning: 1 of 12 test records (8.3%) are the reverse complement of a train record",
        "seqnet: warning: 1 of 16 held-out records (6.25%) have a near-duplicate in another split",
        f"wrote {output}",
    ]
    # An input is not written to, whatever option names it.
    refused = cli("encode", "--train", f"x={tmp_path / 'train.tsv'}", "-o", tmp_path / "train.tsv", "--force")
    assert refused.code == 1
    assert "this is also an input" in refused.err
