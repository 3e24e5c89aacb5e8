"""Every invalid input gives one line with place and problem, exit code 1, and no output."""

from __future__ import annotations

import gzip
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.running import PROTEINS, READS, Runner
from tests.rewriting import rewrite

FASTA = b">a\nACGTACGTACGTACGTACGTACGTACGTACGTACGT\n>b\nTTGACCATGGATTACAGATTACAGATTACAGATTAC\n"


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _cut(source: str, target: Path, keep: float) -> Path:
    content = Path(source).read_bytes()
    return _write(target, content[: int(len(content) * keep)])


BAD_FILES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "not a sequence file": (
        lambda folder: _write(folder / "in.png", b"\x89PNG\r\n\x1a\n" + bytes(64)),
        "not a sequence file",
    ),
    "FASTA without a header": (lambda folder: _write(folder / "in.fa", b"ACGTACGT\nACGT\n"), "header"),
    "truncated gzip": (lambda folder: _write(folder / "in.fa.gz", gzip.compress(FASTA * 99)[:60]), "end"),
    "BAM cut in the middle": (lambda folder: _cut(READS, folder / "in.bam", 0.5), "end"),
    "BAM without its end marker": (
        lambda folder: _write(folder / "in.bam", Path(READS).read_bytes()[:-28]),
        "end",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
@pytest.mark.parametrize("command", ["encode", "predict"])
def test_a_file_that_can_not_be_read(command: str, case: str, trained: Path, tmp_path: Path, cli: Runner) -> None:
    make, word = BAD_FILES[case]
    path = make(tmp_path)
    output = tmp_path / "out.tsv"
    if command == "encode":
        outcome = cli("encode", "--class", f"x={path}", "--class", "random=@uniform", "-o", output)
    else:
        outcome = cli("predict", trained / "dna.safetensors", path, "-o", output)
    assert_one_line(outcome.err, str(path), word)
    assert outcome.code == 1
    assert sorted(tmp_path.iterdir()) == [path]


def assert_one_line(err: str, place: str, word: str) -> None:
    assert err.startswith(f"seqnet: error: {place}"), err
    assert err.count("\n") == 1, err
    assert word in err, err


def test_an_illegal_symbol_names_record_position_and_symbol(tmp_path: Path, cli: Runner) -> None:
    path = _write(tmp_path / "in.fa", FASTA + b">third one\nACGT\nAC!T\n")
    outcome = cli("encode", "--class", f"x={path}", "--class", "r=@uniform", "--alphabet", "dna", "-o", tmp_path / "o")
    assert outcome.code == 1
    assert outcome.err.startswith(f"seqnet: error: {path}: record third: position 7: symbol '!' is not in the dna")
    assert sorted(tmp_path.iterdir()) == [path]


def test_an_illegal_symbol_is_a_status_in_predict(trained: Path, tmp_path: Path, cli: Runner) -> None:
    path = _write(tmp_path / "in.fa", FASTA + b">c d\nAC!T\n>e\n>f\nACGTRYN\n")
    outcome = cli("predict", trained / "dna.safetensors", path)
    rows = [line.split("\t") for line in outcome.out.splitlines()]
    assert rows[0] == ["name", "label", "probability", "p_human", "p_random", "status"]
    assert [row[0] for row in rows[1:]] == ["a", "b", "c", "e", "f"]
    assert [row[-1] for row in rows[1:]] == [
        "ok",
        "ok",
        "invalid_symbol",
        "empty",
        "unusual_length",
    ]
    assert rows[3][1:-1] == ["", "", "", ""]
    assert outcome.code == 0
    assert outcome.err.splitlines()[-1] == "5 records: 2 ok, 1 empty, 1 invalid_symbol, 1 unusual_length"


def test_strict_makes_any_failed_record_exit_code_1(trained: Path, tmp_path: Path, cli: Runner) -> None:
    good = _write(tmp_path / "good.fa", FASTA)
    bad = _write(tmp_path / "bad.fa", FASTA + b">c\n")
    assert cli("predict", trained / "dna.safetensors", good, "--strict").code == 0
    outcome = cli("predict", trained / "dna.safetensors", bad, "--strict", "-o", tmp_path / "out.tsv")
    assert outcome.code == 1
    assert (tmp_path / "out.tsv").read_text().count("\n") == 4


def test_proteins_to_a_dna_model_and_the_reverse(trained: Path, tmp_path: Path, cli: Runner) -> None:
    for model, path, found in (("dna", PROTEINS, "protein, not dna"), ("protein", READS, "dna, not protein")):
        outcome = cli("predict", trained / f"{model}.safetensors", path, "-o", tmp_path / "out.tsv")
        assert_one_line(outcome.err, path, found)
        assert outcome.code == 1
    outcome = cli("evaluate", trained / "dna.safetensors", trained / "proteins.safetensors")
    assert_one_line(outcome.err, str(trained / "proteins.safetensors"), "is protein, the model is for DNA")
    assert list(tmp_path.iterdir()) == []


def test_labels_for_unknown_ids(tmp_path: Path, cli: Runner) -> None:
    path = _write(tmp_path / "in.fa", FASTA)
    labels = _write(tmp_path / "labels.tsv", b"a\tx\nb\ty\nnobody\tx\n")
    outcome = cli("encode", path, "--labels", labels, "-o", tmp_path / "out")
    assert_one_line(outcome.err, str(labels), "nobody")
    assert outcome.code == 1
    assert not (tmp_path / "out").exists()


def test_a_class_with_no_records(tmp_path: Path, cli: Runner) -> None:
    one, two = _write(tmp_path / "one.fa", FASTA), _write(tmp_path / "two.fa", b">short\nACGT\n")
    outcome = cli("encode", "--class", f"x={one}", "--class", f"y={two}", "--length", "30-", "-o", tmp_path / "out")
    assert_one_line(outcome.err, "class y", "no records")
    assert outcome.code == 1
    assert not (tmp_path / "out").exists()


def test_containers_that_are_not_what_they_should_be(trained: Path, tmp_path: Path, cli: Runner) -> None:
    dataset, model = trained / "reads.safetensors", trained / "dna.safetensors"
    other_version = _write(tmp_path / "new.safetensors", model.read_bytes())
    rewrite(other_version, lambda about, header: about.update(version=9))
    flipped = bytearray(model.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    cases = {
        "text": (_write(tmp_path / "text.safetensors", b"hello, this is text"), "not a seqnet model"),
        "empty": (_write(tmp_path / "empty.safetensors", b""), "not a seqnet model"),
        "truncated": (_cut(str(model), tmp_path / "cut.safetensors", 0.5), "damaged or cut short"),
        "version": (other_version, "format version 9"),
        "one bit": (_write(tmp_path / "flipped.safetensors", bytes(flipped)), "does not match its checksum"),
        "dataset": (dataset, "this is a seqnet dataset, not a model"),
    }
    before = sorted(tmp_path.iterdir())
    for path, words in cases.values():
        outcome = cli("predict", path, READS, "-o", tmp_path / "out.tsv")
        assert_one_line(outcome.err, str(path), words)
        assert outcome.code == 1
    outcome = cli("train", model, "--preset", "dna-cnn", "-o", tmp_path / "out.safetensors")
    assert_one_line(outcome.err, str(model), "this is a seqnet model, not a dataset")
    assert sorted(tmp_path.iterdir()) == before


def test_an_output_that_can_not_be_written(trained: Path, tmp_path: Path, cli: Runner) -> None:
    model = trained / "dna.safetensors"
    missing = tmp_path / "missing" / "out.tsv"
    outcome = cli("predict", model, READS, "-o", missing)
    assert_one_line(outcome.err, str(missing), "mkdir -p")
    taken = _write(tmp_path / "taken.tsv", b"precious")
    outcome = cli("predict", model, READS, "-o", taken)
    assert_one_line(outcome.err, str(taken), "--force")
    assert taken.read_bytes() == b"precious"
    outcome = cli("predict", model, READS, "-o", tmp_path)
    assert_one_line(outcome.err, str(tmp_path), "directory")


def test_all_inputs_are_looked_for_before_the_first_is_classified(trained: Path, tmp_path: Path, cli: Runner) -> None:
    missing = tmp_path / "no.fa"
    outcome = cli("predict", trained / "dna.safetensors", READS, missing, "-O", tmp_path / "out")
    assert_one_line(outcome.err, str(missing), "no such file")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_an_archive_is_to_be_unpacked(mode: str, trained: Path, tmp_path: Path, cli: Runner) -> None:
    (tmp_path / "in.fa").write_bytes(FASTA)
    with tarfile.open(tmp_path / "in.tar", mode) as archive:  # type: ignore[call-overload]
        archive.add(tmp_path / "in.fa", "in.fa")
    outcome = cli("predict", trained / "dna.safetensors", tmp_path / "in.tar")
    assert_one_line(outcome.err, str(tmp_path / "in.tar"), "a tar archive; unpack it")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_named(trained: Path, cli: Runner) -> None:
    outcome = cli("predict", trained / "dna.safetensors", READS, "-o", "/dev/full")
    assert_one_line(outcome.err, "/dev/full", "no space left")


def test_a_file_in_place_of_a_directory(trained: Path, tmp_path: Path, cli: Runner) -> None:
    taken = _write(tmp_path / "taken", b"precious")
    outcome = cli("predict", trained / "dna.safetensors", READS, "-O", taken)
    assert_one_line(outcome.err, str(taken), "this is a file, not a directory")
    outcome = cli("predict", trained / "dna.safetensors", "")
    assert_one_line(outcome.err, "''", "no such file")


def test_a_failure_leaves_no_empty_directory(trained: Path, tmp_path: Path, cli: Runner) -> None:
    model, bad = trained / "dna.safetensors", _write(tmp_path / "bad.fa", b"hello")
    for words in (
        ("predict", model, bad, "-O", tmp_path / "out" / "inner"),
        ("predict", model, READS, "-O", tmp_path / "out", "--device", "nothing"),
        ("evaluate", model, bad, "-o", tmp_path / "out"),
        ("download", "solubility", "--from-file", bad, "-o", tmp_path / "out"),
    ):
        assert cli(*words).code == 1
        assert list(tmp_path.iterdir()) == [bad]


def test_a_file_that_is_not_there(trained: Path, tmp_path: Path, cli: Runner) -> None:
    for words in (
        ("predict", trained / "dna.safetensors", tmp_path / "no.fa"),
        ("predict", tmp_path / "no.fa", READS),
        ("train", tmp_path / "no.fa", "-o", tmp_path / "out"),
        ("encode", "--class", f"x={tmp_path / 'no.fa'}", "--class", "y=@uniform", "-o", tmp_path / "out"),
    ):
        outcome = cli(*words)
        assert outcome.err.startswith(f"seqnet: error: {tmp_path / 'no.fa'}: no such file or directory")
        assert outcome.err.count("\n") == 1
        assert outcome.code == 1
    assert list(tmp_path.iterdir()) == []


def test_duplicate_ids_are_kept_and_warned_of(tmp_path: Path, cli: Runner) -> None:
    path = _write(tmp_path / "in.fa", FASTA + FASTA)
    outcome = cli("encode", "--class", f"x={path}", "--class", "r=@uniform", "-o", tmp_path / "out.safetensors")
    assert outcome.code == 0
    assert "2 records have a name that occurred before; all are kept" in outcome.err
    assert cli("inspect", tmp_path / "out.safetensors").out.splitlines()[0] == "records: 8"


def test_a_failing_input_among_many_leaves_the_finished_outputs_whole(
    trained: Path, tmp_path: Path, cli: Runner
) -> None:
    good, bad = _write(tmp_path / "good.fa", FASTA), _write(tmp_path / "bad.fa", b"hello")
    folder = tmp_path / "out"
    outcome = cli("predict", trained / "dna.safetensors", good, bad, "-O", folder)
    assert outcome.code == 1
    assert_one_line(outcome.err, str(bad), "without a FASTA header")
    assert outcome.err.endswith("; stopped; 1 of 2 files done\n")
    assert [path.name for path in folder.iterdir()] == ["good.tsv"]
    shutil.rmtree(folder)
