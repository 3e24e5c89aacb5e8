"""`seqnet predict` of long sequences: tracks, regions, aggregation."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import numpy as np
import pytest

from seqnet.models.bundles import write_bundle
from tests.building import make_bundle, random_strings
from tests.cli.running import READS, Runner

ONE, TWO = random_strings([500, 120])
MASKED = ONE[:70] + ONE[70:200].lower() + ONE[200:]
LINES = "\n".join(MASKED[start : start + 50] for start in range(0, 500, 50))
TEXT = f">one the first\n{LINES}\n>two\n{TWO}\n>tiny\nACGT\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a genome and models of two and of three classes, whose windows have 12 symbols."""
    found = tmp_path_factory.mktemp("genome")
    write_bundle(found / "m.safetensors", make_bundle())
    write_bundle(found / "three.safetensors", make_bundle(classes=("a", "b", "c")))
    (found / "g.fa").write_text(TEXT)
    return found


@pytest.fixture
def here(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines()]


def expected(cli: Runner, starts: list[tuple[str, int]], window: int = 12) -> list[str]:
    """Returns the probabilities that windows have as records of a FASTA."""
    whole = {"one": ONE, "two": TWO}
    text = "".join(f">{name}\n{whole[name][start : start + window]}\n" for name, start in starts)
    Path("windows.fa").write_text(text)
    return [row[4] for row in rows(cli("predict", "m.safetensors", "windows.fa").out)[1:]]


def close(found: list[str], other: list[str]) -> None:
    np.testing.assert_allclose([float(value) for value in found], [float(value) for value in other], atol=1.5e-6)


def test_windows_have_the_scores_that_they_have_as_records(here: Path, cli: Runner) -> None:
    done = cli("predict", "m.safetensors", "g.fa", "--track", "t.bedgraph", "-o", "rows.tsv")
    assert done.code == 0, done.err
    track = rows(Path("t.bedgraph").read_text())
    starts = [("one", at) for at in range(0, 489, 12)] + [("two", at) for at in range(0, 109, 12)]
    assert [(name, int(start), int(end)) for name, start, end, _ in track] == [
        (name, at, at + 12) for name, at in starts
    ]
    close([row[3] for row in track], expected(cli, starts))
    found = rows(Path("rows.tsv").read_text())
    means = [np.mean([float(row[3]) for row in track if row[0] == name]) for name in ("one", "two")]
    close([row[4] for row in found[1:3]], [str(mean) for mean in means])
    assert [row[0] for row in found] == ["name", "one", "two", "tiny"]
    assert done.err.splitlines()[1:] == [
        "3 records: 3 ok",
        "51 windows of 12 bases, every 12",
        "partial windows are not scored: 8 bases at the ends of 2 records",
        "1 record shorter than a window, predicted as a whole; not in the track",
    ]


def test_the_same_track_in_every_format_and_by_any_number_of_threads(here: Path, cli: Runner) -> None:
    pybigtools = pytest.importorskip("pybigtools")
    for name in ("t.bedgraph", "t.bedgraph.gz", "t.bw"):
        words = ("predict", "m.safetensors", "g.fa", "--window", "20", "--stride", "5", "--track", name)
        assert cli(*words, "--threads", "1" if name.endswith("gz") else "3").code == 0
    text = Path("t.bedgraph").read_text()
    assert gzip.decompress(Path("t.bedgraph.gz").read_bytes()).decode() == text
    track = rows(text)
    assert track[0][:3] == ["one", "7", "12"]
    ends = [(name, int(start), int(end)) for name, start, end, _ in track]
    assert all(one[0] != other[0] or one[2] == other[1] for one, other in itertools.pairwise(ends))
    found = pybigtools.open("t.bw")
    assert {name: found.chroms()[name] for name in ("one", "two")} == {"one": 500, "two": 120}
    values = [(name, start, end) for name in ("one", "two") for start, end, _ in found.records(name)]
    assert values == ends
    close([str(row[2]) for name in ("one", "two") for row in found.records(name)], [row[3] for row in track])


def test_a_bed_has_windows_labels_and_scores(here: Path, cli: Runner) -> None:
    done = cli("predict", "m.safetensors", "g.fa", "--stride", "6", "--class", "noise", "--track", "t.bed")
    assert done.code == 0
    for name, start, end, label, score, strand, value in rows(Path("t.bed").read_text()):
        assert (name in ("one", "two"), int(end) - int(start), strand) == (True, 12, ".")
        assert int(score) == pytest.approx(1000 * float(value), abs=0.51)
        assert label == ("noise" if float(value) > 0.5 else "signal")


def test_regions_have_genomic_coordinates_and_a_row_each(here: Path, cli: Runner) -> None:
    Path("r.bed").write_text("one\t100\t130\none\t300\t312\ntwo\t5\t60\ttext\ntwo\t60\t65\n")
    done = cli("predict", "m.safetensors", "g.fa", "--regions", "r.bed", "--track", "t.bedgraph")
    assert done.code == 0, done.err
    starts = [("one", 100), ("one", 112), ("one", 300), *(("two", at) for at in range(5, 49, 12))]
    track = rows(Path("t.bedgraph").read_text())
    assert [(row[0], int(row[1])) for row in track] == starts
    close([row[3] for row in track], expected(cli, starts))
    assert [row[0] for row in rows(done.out)[1:]] == ["one:101-130", "one:301-312", "two:6-60", "two:61-65"]
    assert done.err.startswith("made the index g.fa.fai\n")
    # Without anything about windows, a region is predicted like a record with its sequence.
    Path("r.fa").write_text(f">one:101-130\n{ONE[100:130]}\n")
    Path("r.bed").write_text("one\t100\t130\n")
    assert cli("predict", "m.safetensors", "g.fa", "--regions", "r.bed").out == (
        cli("predict", "m.safetensors", "r.fa").out
    )


def test_a_bigwig_of_regions_has_the_lengths_of_whole_chromosomes(here: Path, cli: Runner) -> None:
    pybigtools = pytest.importorskip("pybigtools")
    Path("r.bed").write_text("two\t5\t60\none\t100\t130\n")
    assert cli("predict", "m.safetensors", "g.fa", "--regions", "r.bed", "--track", "t.bw").code == 0
    found = pybigtools.open("t.bw")
    assert (found.chroms()["one"], found.chroms()["two"]) == (500, 120)
    assert [start for start, _, _ in found.records("one")] == [100, 112]


@pytest.mark.parametrize("way", ["mean", "max", "noisy-or"])
def test_a_row_aggregates_its_windows(here: Path, cli: Runner, way: str) -> None:
    assert cli("predict", "m.safetensors", "g.fa", "--track", "t.bedgraph").code == 0
    values = [float(row[3]) for row in rows(Path("t.bedgraph").read_text()) if row[0] == "two"]
    done = cli("predict", "m.safetensors", "g.fa", "--aggregate", way)
    wanted = {"mean": np.mean(values), "max": max(values), "noisy-or": 1 - np.prod([1 - value for value in values])}
    assert float(rows(done.out)[2][4]) == pytest.approx(wanted[way], abs=1e-4)


def test_many_inputs_have_one_file_of_rows_each(here: Path, cli: Runner) -> None:
    Path("h.fa").write_text(f">other\n{TWO}\n")
    done = cli("predict", "m.safetensors", "g.fa", "h.fa", "--aggregate", "max", "-O", "out")
    assert done.code == 0, done.err
    one, two = rows(Path("out/g.tsv").read_text()), rows(Path("out/h.tsv").read_text())
    assert [row[0] for row in (*one, *two)] == ["name", "one", "two", "tiny", "name", "other"]
    assert one[2][1:] == two[1][1:]
    assert done.err.splitlines()[1:3] == ["4 records: 4 ok", "61 windows of 12 bases, every 12"]


def test_contigs_are_written_by_the_class_of_their_windows(here: Path, cli: Runner) -> None:
    words = ("predict", "m.safetensors", "g.fa", "--aggregate", "max", "--class", "noise", "--track", "t.bed")
    done = cli(*words, "--split-by-class", "out", "-o", "rows.tsv")
    assert done.code == 0, done.err
    labels = {row[0]: row[1] for row in rows(Path("rows.tsv").read_text())[1:]}
    assert sorted(labels) == ["one", "tiny", "two"]
    for label in set(labels.values()):
        names = [line[1:].split()[0] for line in Path(f"out/{label}.fa").read_text().splitlines() if line[0] == ">"]
        assert names == [name for name in labels if labels[name] == label]


def test_soft_masked_windows_can_be_skipped(here: Path, cli: Runner) -> None:
    kept = cli("predict", "m.safetensors", "g.fa", "--track", "k.bedgraph")
    done = cli("predict", "m.safetensors", "g.fa", "--track", "s.bedgraph", "--softmask", "skip")
    assert (kept.code, done.code) == (0, 0)
    lines = Path("k.bedgraph").read_text().splitlines()
    left = [line for line in lines if line.startswith("two") or not 58 < int(line.split("\t")[1]) < 200]
    assert Path("s.bedgraph").read_text().splitlines() == left
    missing = len(lines) - len(left)
    assert f"51 windows of 12 bases, every 12; {missing} without a score: {missing} soft_masked" in done.err


def test_a_model_of_many_classes_has_a_track_of_the_chosen_one(here: Path, cli: Runner) -> None:
    refused = cli("predict", "three.safetensors", "g.fa", "--track", "t.bedgraph")
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "must be chosen with --class for this model: one of a, b, c" in refused.err
    assert cli("predict", "three.safetensors", "g.fa", "--track", "t.bedgraph", "--class", "b").code == 0


BAD = [
    (("reads.bam", "--track", "t.bedgraph"), 1, "whose records are reads; leave out --track"),
    (("g.fa", "--track", "t.wig"), 1, "t.wig: the name does not end in a known format of tracks; end it in .bedgraph"),
    (("g.fa", "--track", "t.bedgraph", "-o", "t.bedgraph"), 1, "known format"),
    (("g.fa", "--track", "same.bedgraph", "--regions", "same.bedgraph"), 1, "same.bedgraph"),
    (("g.fa", "--track", "there.bed"), 1, "there.bed: already exists; choose another name or use --force"),
    (("g.fa", "--track", "t.bed", "--stride", "0"), 1, "stride must be at least 1, not 0"),
    (("g.fa", "--track", "t.bed", "--window", "501"), 1, "no record is as long as the window of 501"),
    (("g.fa", "--track", "t.bed", "--class", "signl"), 1, "did you mean signal?"),
    (("g.fa", "--track", "-"), 1, "a track can't be written to standard output"),
    (("g.fa", "--track", "t.bed", "-O", "out"), 2, "-O can't be combined with --track; give one input and -o"),
    (("-", "--track", "t.bw"), 1, "standard input can be read only once; write .bedgraph, or give a file"),
    (("g.fa", "g.fa", "--track", "t.bed"), 1, "two records are named 'one'"),
    (("g.fa", "--regions", "beyond.bed"), 1, "beyond.bed: line 1: end 501 is beyond the end of one"),
    (("g.fa", "--regions", "absent.bed"), 1, "absent.bed: no such file"),
    (("reads.bam", "--regions", "fine.bed"), 1, "--regions needs a FASTA"),
    (("-", "--regions", "fine.bed"), 1, "needs one FASTA file, not several or standard input"),
    (("g.fa", "--regions", "twice.bed", "--track", "t.bw"), 1, "twice.bed: line 2: the region overlaps an earlier one"),
    (("g.fa", "--track", "t.bed", "--aggregate", "sum"), 2, "sum"),
    (("g.fa", "--track", "t.bed", "--embeddings", "e.npz"), 1, "--embeddings can't be combined with --track"),
    (("g.fa", "--regions", "fine.bed", "--split-by-class", "out"), 1, "a region is not a record of the file"),
    (("n.fa", "--track", "t.bw"), 1, "no window has a score, and a bigWig can't be empty"),
]


@pytest.mark.parametrize(("words", "code", "reported"), BAD, ids=[" ".join(words) for words, _, _ in BAD])
def test_a_mistake_is_one_line_and_leaves_nothing(
    here: Path, cli: Runner, words: tuple[str, ...], code: int, reported: str
) -> None:
    Path("reads.bam").write_bytes(Path(READS).read_bytes())
    for name, text in (("beyond", "one\t0\t501\n"), ("fine", "one\t0\t50\n"), ("twice", "one\t0\t50\none\t40\t60\n")):
        Path(f"{name}.bed").write_text(text)
    Path("there.bed").write_text("mine\n")
    Path("n.fa").write_text(f">n\n{'N' * 50}\n")
    before = {path.name: path.read_bytes() for path in here.iterdir()}
    done = cli("predict", "m.safetensors", *words)
    last = done.err.splitlines()[-1]
    assert (done.code, reported in last) == (code, True), done.err
    assert len([line for line in done.err.splitlines() if not line.startswith("made the index")]) == 1, done.err
    assert {path.name: path.read_bytes() for path in here.iterdir() if path.name != "g.fa.fai"} == before


def test_a_name_that_a_track_can_not_hold_is_refused(here: Path, cli: Runner) -> None:
    Path("x.tsv").write_text(f"name\tsequence\ntwo words\t{ONE}\n")
    done = cli("predict", "m.safetensors", "x.tsv", "--track", "t.bed")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "a record is named 'two words', which can't be the name of a chromosome" in done.err
    assert not Path("t.bed").exists()
