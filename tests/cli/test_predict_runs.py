"""`predict --shard`, `--resume` and `--manifest`, and `gather`, on the command line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from seqnet.models.bundles import write_bundle
from tests.building import make_bundle
from tests.cli.running import Runner


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "m.safetensors", make_bundle())
    return tmp_path / "m.safetensors"


def write_reads(path: Path, count: int) -> Path:
    rng = random.Random(1)
    path.write_text("".join(f">r{at}\n{''.join(rng.choices('ACGT', k=40))}\n" for at in range(count)))
    return path


def test_shards_are_gathered_to_the_table_of_one_run(tmp_path: Path, cli: Runner, model: Path) -> None:
    reads, one, two = write_reads(tmp_path / "r.fa", 24_000), tmp_path / "1.tsv.gz", tmp_path / "2.tsv.gz"
    words = ("predict", model, reads, "--threads", "1", "-o")
    whole = cli(*words, tmp_path / "whole.tsv.gz")
    assert whole.code == 0, whole.err
    assert cli(*words, one, "--shard", "1/2").code == 0
    # The model has no path of its own on another node, and threads and --resume change nothing.
    done = cli(*words, two, "--shard", "2/2", "--threads", "2", "--resume")
    assert done.code == 0, done.err
    outcome = cli("gather", two, one, "-o", tmp_path / "joined.tsv.gz")
    assert (outcome.code, outcome.out) == (0, "")
    assert (tmp_path / "joined.tsv.gz").read_bytes() == (tmp_path / "whole.tsv.gz").read_bytes()
    assert outcome.err == "".join(whole.err.splitlines(keepends=True)[1:])  # without the line about the device
    assert "24,000 records: 24,000 ok" in outcome.err
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    missing = cli("gather", one, "-o", tmp_path / "j.tsv.gz")
    assert (missing.code, missing.out, missing.err.count("\n")) == (1, "", 1)
    assert "shards are missing: 2/2" in missing.err
    assert not (tmp_path / "j.tsv.gz").exists()


@pytest.mark.parametrize("state", ["part", "ready"])
def test_a_resumed_run_removes_what_was_killed_as_it_was_put_in_place(
    tmp_path: Path, cli: Runner, model: Path, state: str
) -> None:
    reads, target = write_reads(tmp_path / "r.fa", 10), tmp_path / "x.parquet"
    token = "8" * 16
    (tmp_path / f".x.parquet.{token}.{state}").touch()
    (tmp_path / "x.parquet.shard.json").touch() if state == "ready" else None
    done = cli("predict", model, reads, "--shard", "1/1", "--resume", "-o", target)
    assert done.code == 0, done.err
    assert f"removed {tmp_path}/.x.parquet.{token}.{state}, an unfinished file of a killed run" in done.err
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert (tmp_path / "x.parquet.shard.json").stat().st_size


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--shard", "0/4", "-o", "x.tsv"), "must be I/N with I from 1 to N, such as 3/10, not '0/4'"),
        (("--shard", "5/4", "-o", "x.tsv"), "must be I/N"),
        (("--shard", "a/b", "-o", "x.tsv"), "must be I/N"),
        (("--shard", "1/4"), "--shard needs -o FILE"),
        (("--resume",), "--resume needs -o FILE"),
        (("--resume", "-o", "/dev/null"), "--resume needs -o FILE"),
        (("--manifest", "-o", "x.tsv"), "--manifest needs -O DIR"),
        (("--shard", "1/4", "-O", "out"), "--shard needs -o FILE"),
        (("--shard", "1/4", "-o", "x.tsv", "--report", "x.html"), "--shard is for tables; leave out --report"),
        (("--shard", "1/4", "-o", "x.tsv", "--split-by-class", "d"), "--shard is for tables"),
        (("--shard", "1/4", "-o", "x.tsv", "--annotate", "x.bam"), "--shard is for tables"),
        (("--shard", "1/4", "-o", "x.tsv", "--embeddings", "x.npz"), "--shard is for tables"),
        (("--shard", "1/4", "-o", "x.tsv", "--track", "x.bed"), "--shard is for tables"),
        (("--resume", "-o", "x.tsv", "--embeddings", "x.npz"), "--resume is for tables"),
        (("--shard", "1/4", "-o", "x.tsv", "--expected-fraction", "auto"), "--shard can't estimate class fractions"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    tmp_path: Path, cli: Runner, model: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_reads(tmp_path / "r.fa", 3)
    before = sorted(tmp_path.iterdir())
    outcome = cli("predict", model, tmp_path / "r.fa", *words)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert line in outcome.err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("words", [("--shard", "1/2"), ("--resume",)])
def test_a_stream_has_no_shards_and_is_not_resumed(
    tmp_path: Path, cli: Runner, model: Path, words: tuple[str, ...]
) -> None:
    outcome = cli("predict", model, "-", *words, "-o", tmp_path / "x.tsv")
    assert (outcome.code, outcome.err.count("\n")) == (1, 1)
    assert "stdin: shards and resumed runs need files, which can be read again" in outcome.err
    assert not (tmp_path / "x.tsv").exists()


def test_a_file_that_fails_does_not_stop_the_others(tmp_path: Path, cli: Runner, model: Path) -> None:
    good, late = write_reads(tmp_path / "a.fa", 5), write_reads(tmp_path / "c.fa", 7)
    late.write_text(late.read_text() + ">none\n\n")
    (tmp_path / "b.fa").write_text(">x\nMKVLAWFYHEDRMKVLAWFYHEDRMKVLAWFYHEDR\n" * 40)
    words = ("predict", model, good, tmp_path / "b.fa", tmp_path / "none.fa", late, "--threads", "1", "-O")
    outcome = cli(*words, tmp_path / "out", "--manifest")
    assert outcome.code == 1
    assert "2 of 4 inputs failed; see" in outcome.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.tsv", "c.tsv", "manifest.tsv"]
    header, *rows = [line.split("\t") for line in (tmp_path / "out" / "manifest.tsv").read_text().splitlines()]
    assert header == [
        "file", "output", "status", "records", "n_noise", "n_signal", "n_uncertain", "n_unclassified", "error"
    ]  # fmt: skip
    assert [row[2] for row in rows] == ["ok", "failed", "failed", "ok"]
    assert [row[3] for row in rows] == ["5", "", "", "8"]
    assert [sum(map(int, row[4:8])) for row in (rows[0], rows[3])] == [5, 8]
    assert rows[3][7] == "1"
    wrong = "this looks like protein, not dna; give dna sequences, or use --alphabet dna if these are"
    assert rows[1][-1] == f"{tmp_path / 'b.fa'}: {wrong}"
    assert rows[2][-1] == f"{tmp_path / 'none.fa'}: no such file or directory"
    labels = [line.split("\t")[1] for line in (tmp_path / "out" / "c.tsv").read_text().splitlines()[1:]]
    assert [labels.count(name) for name in ("noise", "signal")] == [int(rows[3][4]), int(rows[3][5])]
    strict = cli(*words, tmp_path / "strict", "--manifest", "--strict")
    assert (strict.code, strict.err.count("\n")) == (1, 1)
    assert not (tmp_path / "strict" / "manifest.tsv").exists()
