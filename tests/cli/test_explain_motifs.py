"""`seqnet explain --motifs` and `--words`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seqnet.models.bundles import write_bundle
from tests.cli.running import Runner
from tests.explanation.motifs.planting import CNN, planted_dataset, trained

FILES = {"index.html", "motifs.meme", "motifs.tsv", "motifs.jaspar", "motifs.transfac"}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model that has found a planted motif, and records with their classes."""
    folder = tmp_path_factory.mktemp("planted")
    dataset = planted_dataset(3, 40)
    write_bundle(folder / "model.safetensors", trained(dataset, CNN))
    lines = []
    for row in dataset.members("test")[:240].tolist():
        text = bytes(dataset.alphabet.decode(np.frombuffer(dataset.tokens[row], np.uint8))).decode()
        lines.append(f">r{row} class={dataset.classes[dataset.labels[row]]}\n{text}\n")
    (folder / "records.fa").write_text("".join(lines))
    return folder


def table(path: Path) -> list[dict[str, str]]:
    header, *rows = path.read_text().splitlines()
    return [dict(zip(header.split("\t"), row.split("\t"), strict=True)) for row in rows]


def test_motifs_and_words_are_written(cli: Runner, planted: Path, tmp_path: Path) -> None:
    model, records, folder, words = (
        planted / "model.safetensors", planted / "records.fa", tmp_path / "motifs", tmp_path / "words.tsv",
    )  # fmt: skip
    done = cli("explain", model, records, "--motifs", folder, "--words", words, "--label-regex", r"class=(\S+)",
               "--threads", "2")  # fmt: skip
    assert done.code == 0
    assert done.out == ""
    assert {path.name for path in folder.iterdir()} == FILES
    rows = table(folder / "motifs.tsv")
    (row,) = [row for row in rows if row["source"] == "attributions"]
    assert float(row["labelled_signal"]) > 0.6 > float(row["labelled_noise"])
    assert f"{row['motif']}: {row['consensus']}, attributions, {row['hits']} hits, effect +" in done.err
    assert f"see {folder / 'index.html'}" in done.err
    assert done.err.endswith("240 records: 240 ok\n")
    # The words are those of the motif, for the class signal.
    found = table(words)
    assert found[0]["class"] == "signal" or any(one["class"] == "signal" for one in found)
    assert float(found[0]["q_value"]) < 1e-6
    again = cli("explain", model, records, "--motifs", folder)
    assert again.code != 0
    assert "already exists; choose another name or use --force" in again.err


def test_attributions_are_written_beside_motifs_on_request(cli: Runner, planted: Path, tmp_path: Path) -> None:
    model, records = planted / "model.safetensors", planted / "records.fa"
    words = tmp_path / "words.tsv"
    done = cli("explain", model, records, "--words", words, "-o", tmp_path / "attributions.tsv", "--threads", "1")
    assert done.code == 0
    assert len((tmp_path / "attributions.tsv").read_text().splitlines()) == 1 + 240 * 40
    alone = tmp_path / "alone.tsv"
    assert cli("explain", model, records, "--words", alone).code == 0
    assert alone.read_text() == words.read_text()


def test_an_empty_file_has_no_motifs(cli: Runner, planted: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.fa"
    empty.touch()
    done = cli(
        "explain", planted / "model.safetensors", empty, "--motifs", tmp_path / "m", "--words", tmp_path / "w.tsv"
    )
    assert done.code == 0
    assert "there are no records" in done.err
    assert table(tmp_path / "m" / "motifs.tsv") == []
    assert table(tmp_path / "w.tsv") == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--known", "known.meme"], "--known needs --motifs"),
        (["--label-regex", "(a)"], "--label-regex needs --motifs"),
        (["--motifs", "m", "--records", "r1"], "--records can't be combined with --motifs or --words"),
        (["--motifs", "m.html"], "--motifs names a directory; m.html looks like a file"),
        (["--words", "-"], "--words names a file"),
        (["--words", "w.tsv", "--word-length", "13"], "--word-length must be at most 12"),
        (["--motifs", "m", "--motif-q", "0"], "--motif-q must be more than 0"),
    ],
)
def test_wrong_options(
    cli: Runner, planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = cli("explain", planted / "model.safetensors", planted / "records.fa", *words)
    assert done.code != 0
    assert message in done.err
    assert list(tmp_path.iterdir()) == []


def test_known_motifs_that_cannot_be_read(cli: Runner, planted: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.meme"
    known.write_text("MEME version 4\nALPHABET= ACGT\nMOTIF a\nletter-probability matrix: w= 2\n1 0 0 0\n1 1 0 0\n")
    done = cli(
        "explain", planted / "model.safetensors", planted / "records.fa", "--motifs", tmp_path / "m", "--known", known
    )
    assert done.code == 1
    assert done.err == (
        f"seqnet: error: {known}: line 6: this row of a matrix does not have 4 shares with a sum of 1; correct it\n"
    )
    assert not (tmp_path / "m").exists()
