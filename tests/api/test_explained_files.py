"""Explanations of files from Python have the bytes of those of the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import seqnet
from seqnet.core.errors import InputError, OutputError, SettingError
from tests.api.conftest import cli as cli
from tests.api.conftest import folder_bytes
from tests.building import make_bundle, random_strings, run_config
from tests.cli.running import Runner

NETWORK = {"name": "cnn", "filters": [4], "kernels": [5], "pools": [1]}
ALL = {"method": "gradient", "motif_q": 1, "motif_effect": 0, "motif_sites": 5}
"""Options with which all filters are motifs."""
WORDS = ("--method", "gradient", "--motif-q", "1", "--motif-effect", "0", "--motif-sites", "5", "--device", "cpu",
         "--threads", "1")  # fmt: skip


@pytest.fixture
def model(tmp_path: Path) -> seqnet.Model:
    seqnet.Model(make_bundle(run_config(network=NETWORK))).save(tmp_path / "m.safetensors")
    return seqnet.load(tmp_path / "m.safetensors", device="cpu", threads=1)


@pytest.fixture
def reads(tmp_path: Path) -> Path:
    path = tmp_path / "reads.fa"
    classes = ("noise", "signal", "NA", "noise")
    strings = [*random_strings([12] * 78), "AC!T", ""]
    path.write_text("".join(f">r{at} class={classes[at % 4]}\n{text}\n" for at, text in enumerate(strings)))
    return path


def test_attributions_and_logos_are_those_of_the_command(
    tmp_path: Path, model: seqnet.Model, reads: Path, cli: Runner
) -> None:
    for ending in ("tsv.gz", "npz"):
        found = seqnet.explain_files(model, reads, output=tmp_path / f"ours.{ending}", target="noise")
        theirs = tmp_path / f"theirs.{ending}"
        words = ("-o", theirs, "--class", "noise", "--device", "cpu", "--threads", 1)
        assert cli("explain", tmp_path / "m.safetensors", reads, *words).code == 0
        assert (tmp_path / f"ours.{ending}").read_bytes() == theirs.read_bytes()
        assert (found.statuses, found.motifs, found.words) == ({"ok": 78, "empty": 1, "invalid_symbol": 1}, None, None)
    seqnet.explain_files(model, [reads], logos=tmp_path / "ours", records=["r3"], method="gradient")
    more = ("--logos", tmp_path / "theirs", "--records", "r3", "--method", "gradient")
    assert cli("explain", tmp_path / "m.safetensors", reads, *more, "--device", "cpu", "--threads", 1).code == 0
    assert folder_bytes(tmp_path / "ours") == folder_bytes(tmp_path / "theirs")
    assert list(folder_bytes(tmp_path / "ours")) == ["r3.svg"]


def test_motifs_and_words_are_those_of_the_command(
    tmp_path: Path, model: seqnet.Model, reads: Path, cli: Runner
) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    found = seqnet.explain_files(
        model, reads, motifs=ours, words=tmp_path / "ours.tsv", output=tmp_path / "ours.npz", word_length=2, word_q=1,
        label_regex=r"class=(\S+)", **ALL,  # type: ignore[arg-type]
    )  # fmt: skip
    more = ("--words", tmp_path / "theirs.tsv", "-o", tmp_path / "theirs.npz", "--word-length", 2, "--word-q", 1)
    labels = ("--label-regex", r"class=(\S+)")
    done = cli("explain", tmp_path / "m.safetensors", reads, "--motifs", theirs, *more, *WORDS, *labels)
    assert done.code == 0, done.err
    assert folder_bytes(ours) == folder_bytes(theirs)
    for ending in ("tsv", "npz"):
        assert (tmp_path / f"ours.{ending}").read_bytes() == (tmp_path / f"theirs.{ending}").read_bytes()
    assert found.motifs is not None
    assert found.words is not None
    assert len(found.motifs) > 0
    assert found.motifs[0].labelled is not None
    assert (found.motifs.model, found.motifs.explained) == ("m.safetensors", "signal")
    # Sequences in memory have the same motifs.
    lines = reads.read_text().splitlines()
    classes = [None if line.endswith("NA") else line.partition("class=")[2] for line in lines[::2]]
    model.motifs(lines[1::2], labels=classes, **ALL).write(tmp_path / "again")  # type: ignore[arg-type]
    assert folder_bytes(tmp_path / "again") == folder_bytes(ours)
    assert seqnet.Model(model.bundle, threads=1).title == "the model"
    found.words.write(tmp_path / "again.tsv")
    assert (tmp_path / "again.tsv").read_bytes() == (tmp_path / "ours.tsv").read_bytes()
    with pytest.raises(OutputError, match="already exists; choose another name or pass force=True"):
        found.motifs.write(tmp_path / "again")
    rows = [line.split("\t") for line in (tmp_path / "ours.tsv").read_text().splitlines()]
    frame = found.words.to_pandas()
    assert list(frame.columns) == rows[0]
    assert frame[["word", "class"]].to_numpy().tolist() == [row[:2] for row in rows[1:]]
    assert len(found.words) == len(rows) - 1 > 3
    assert repr(found.words).startswith(f"<seqnet.Words: {len(rows) - 1} in 78 records: {rows[1][0]}, ")


def test_words_of_sequences_in_memory_are_those_of_the_command(
    tmp_path: Path, model: seqnet.Model, reads: Path, cli: Runner
) -> None:
    strings = reads.read_text().splitlines()[1::2]
    words = ("--words", tmp_path / "theirs.tsv", "--word-length", 2, "--word-q", 0.9, "--device", "cpu", "--threads", 1)
    assert cli("explain", tmp_path / "m.safetensors", reads, *words).code == 0
    found = model.words(strings, word_length=2, word_q=0.9)
    found.write(tmp_path / "ours.tsv")
    assert (tmp_path / "ours.tsv").read_bytes() == (tmp_path / "theirs.tsv").read_bytes()
    assert found.records.sum() == 78
    assert list(model.words([])) == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "output is needed, or logos, motifs or words"),
        ({"output": "x.tsv", "known": "k.meme"}, "known needs motifs"),
        ({"output": "x.tsv", "motif_q": 0.1}, "motif_q needs motifs"),
        ({"output": "x.tsv", "label_column": "a"}, "label_column needs motifs"),
        ({"output": "x.tsv", "word_q": 0.1}, "word_q needs words"),
        ({"words": "x.tsv", "method": "gradient"}, "method needs output, logos or motifs: words have no attributions"),
        ({"words": "x.tsv", "records": "r1"}, "records can't be combined with motifs or words"),
        ({"motifs": "m.html"}, "motifs names a directory; m.html looks like a file"),
        ({"words": "x.tsv", "word_length": 13}, "word_length must be at most 12, not 13"),
        ({"output": "x.tsv", "method": "magic"}, "method must be one of mutagenesis, gradient, integrated"),
        ({"output": "x.tsv", "target": "other"}, "target must be one of noise, signal, not 'other'"),
        ({"output": "x.tsv", "metod": "gradient"}, "there is no setting metod; did you mean method"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, model: seqnet.Model, reads: Path, monkeypatch: pytest.MonkeyPatch, arguments: Any, problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingError, match=f"^{problem}"):
        seqnet.explain_files(model, reads, **arguments)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.safetensors", "reads.fa"]


def test_after_an_error_nothing_is_there(tmp_path: Path, model: seqnet.Model, reads: Path) -> None:
    options: Any = {"output": tmp_path / "x.tsv", "logos": tmp_path / "logos", "method": "gradient"}
    with pytest.raises(InputError, match="no input has a record nobody"):
        seqnet.explain_files(model, reads, records=["r1", "nobody"], **options)
    with pytest.raises(OutputError, match="does not end in a known format"):
        seqnet.explain_files(model, reads, output=tmp_path / "x.doc")
    reads.rename(tmp_path / "reads.tsv")
    with pytest.raises(OutputError, match="this is also an input"):
        seqnet.explain_files(model, tmp_path / "reads.tsv", output=tmp_path / "reads.tsv", force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.safetensors", "reads.tsv"]
