from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pysam
import pytest

from tests.cli.running import PROTEINS, READS, ROOT, Runner

USING = "using the CPU, "
HEADER = ["name", "label", "probability", "p_human", "p_random", "status"]


def test_one_row_per_read_in_the_order_of_the_file(trained: Path, tmp_path: Path, cli: Runner) -> None:
    output = tmp_path / "out.tsv"
    outcome = cli("predict", trained / "dna.safetensors", READS, "-o", output)
    assert outcome.code == 0
    rows = [line.split("\t") for line in output.read_text().splitlines()]
    assert rows[0] == HEADER
    with pysam.AlignmentFile(READS, check_sq=False) as bam:
        assert [row[0] for row in rows[1:]] == [read.query_name for read in bam]
    for _, label, probability, human, random, status in rows[1:]:
        assert status in ("ok", "unusual_composition")
        assert abs(float(human) + float(random) - 1) < 2e-6
        assert probability == (human if label == "human" else random)
        assert (float(human) >= 0.5) == (label == "human")
    unusual = sum(row[-1] != "ok" for row in rows)
    assert 1 < unusual < 20
    assert outcome.err.splitlines()[-1] == f"4,000 records: {4001 - unusual:,} ok, {unusual - 1} unusual_composition"


def test_every_format_has_the_same_content(trained: Path, tmp_path: Path, cli: Runner) -> None:
    model = trained / "protein.safetensors"
    for name in ("out.tsv", "out.tsv.gz", "out.jsonl", "out.jsonl.gz", "out.parquet"):
        assert cli("predict", model, PROTEINS, "-o", tmp_path / name).code == 0
    tsv = (tmp_path / "out.tsv").read_text()
    assert gzip.decompress((tmp_path / "out.tsv.gz").read_bytes()).decode() == tsv
    header, *rows = [line.split("\t") for line in tsv.splitlines()]
    objects = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert gzip.decompress((tmp_path / "out.jsonl.gz").read_bytes()) == (tmp_path / "out.jsonl").read_bytes()
    assert [list(one) for one in objects] == [header] * 1500
    assert [(one["name"], one["label"]) for one in objects] == [(row[0], row[1]) for row in rows]
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.column_names == header
    assert [round(value, 6) for value in table["p_soluble"].to_pylist()] == [float(row[4]) for row in rows]


def test_standard_output_is_the_file(trained: Path, tmp_path: Path, cli: Runner) -> None:
    model = trained / "protein.safetensors"
    cli("predict", model, PROTEINS, "-o", tmp_path / "out.tsv")
    assert cli("predict", model, PROTEINS).out == (tmp_path / "out.tsv").read_text()
    assert cli("predict", model, PROTEINS, "-o", "-").out == (tmp_path / "out.tsv").read_text()


def test_nothing_is_printed_of_a_file_that_can_not_be_read(trained: Path, tmp_path: Path, cli: Runner) -> None:
    (tmp_path / "bad.txt").write_text("hello\n")
    outcome = cli("predict", trained / "dna.safetensors", tmp_path / "bad.txt")
    assert (outcome.code, outcome.out) == (1, "")


def test_many_inputs_into_one_file_or_a_directory(trained: Path, tmp_path: Path, cli: Runner) -> None:
    one, two = tmp_path / "one.fa", tmp_path / "two.fasta.gz"
    one.write_text(">a\n" + "ACGT" * 9 + "\n")
    two.write_bytes(gzip.compress(b">b\n" + b"TTGA" * 9 + b"\n>c\n" + b"A" * 36 + b"\n"))
    model = trained / "dna.safetensors"
    together = cli("predict", model, one, two).out.splitlines()
    assert [line.split("\t")[0] for line in together] == ["name", "a", "b", "c"]
    assert cli("predict", model, one, two, "-O", tmp_path / "new").code == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["one.tsv", "two.tsv"]
    assert (tmp_path / "new" / "two.tsv").read_text().splitlines()[1:] == together[2:]
    assert cli("predict", model, one, two, "-O", tmp_path / "new", "--format", "jsonl").code == 0
    clash = cli("predict", model, one, tmp_path / "sub" / "one.fa", "-O", tmp_path / "other")
    assert clash.code == 1
    assert "two inputs have this output" in clash.err


def test_a_name_without_a_known_format_is_refused(trained: Path, tmp_path: Path, cli: Runner) -> None:
    outcome = cli("predict", trained / "dna.safetensors", READS, "-o", tmp_path / "out.xlsx")
    assert outcome.code == 1
    assert outcome.err.count("\n") == 1
    assert "end it in .tsv" in outcome.err


def test_a_sequence_longer_than_the_window_is_classified(trained: Path, tmp_path: Path, cli: Runner) -> None:
    path = tmp_path / "long.fa"
    path.write_text(">long\n" + "ACGTTGCATTAG" * 500 + "\n>short\nACG\n")
    outcome = cli("predict", trained / "dna.safetensors", path, "--strict")
    assert [row.split("\t")[-1] for row in outcome.out.splitlines()] == ["status", "unusual_length", "unusual_length"]
    assert all(outcome.out.splitlines()[1].split("\t"))


def test_what_is_unlike_the_training_sequences_is_classified_marked_and_reported(
    trained: Path, tmp_path: Path, cli: Runner
) -> None:
    path = tmp_path / "odd.fa"
    path.write_text(
        ">usual\n" + "ACGTTGCAATTG" * 3 + "\n>g\n" + "G" * 36 + "\n>long\n" + "ACGTTGCAATTG" * 9 + "\n>bad\n!\n"
    )
    outcome = cli("predict", trained / "dna.safetensors", path)
    rows = [line.split("\t") for line in outcome.out.splitlines()[1:]]
    assert [row[-1] for row in rows] == ["ok", "unusual_composition", "unusual_length", "invalid_symbol"]
    assert [bool(row[1]) for row in rows] == [True, True, True, False]
    first, *others = outcome.err.splitlines()
    assert first.startswith(USING)
    assert others == [
        f"the first invalid_symbol: {path}: record bad: position 1: symbol '!' is not in the dna alphabet; "
        "--unknown mask treats it as N",
        "seqnet: warning: 2 of 3 classified records (66.7%) are unlike the sequences that the model was trained on: "
        "1 unusual_length, 1 unusual_composition",
        "4 records: 1 ok, 1 invalid_symbol, 1 unusual_length, 1 unusual_composition",
    ]
    assert cli("predict", trained / "dna.safetensors", path, "--strict").code == 1
    path.write_text(">g\n" + "G" * 36 + "\n")
    assert cli("predict", trained / "dna.safetensors", path, "--strict").code == 0


def test_unknown_symbols_are_masked_on_request(trained: Path, tmp_path: Path, cli: Runner) -> None:
    path, masked = tmp_path / "odd.fa", tmp_path / "masked.fa"
    path.write_text(">r\nACGTTGCAATTGACGT!TGCAATJACGTTGCAATTG\n>e\n\n")
    masked.write_text(path.read_text().replace("!", "N").replace("J", "N"))
    outcome = cli("predict", trained / "dna.safetensors", path, "--unknown", "mask")
    assert outcome.out == cli("predict", trained / "dna.safetensors", masked).out
    first, *others, _ = outcome.err.splitlines()
    assert first.startswith(USING)
    assert others == ["masked: 2 symbols outside the alphabet, treated as N"]


def test_a_stop_at_the_end_changes_nothing_and_is_reported(trained: Path, tmp_path: Path, cli: Runner) -> None:
    plain, ended = tmp_path / "plain.fa", tmp_path / "ended.fa"
    plain.write_text(">a\n" + "MKVLAAGIVG" * 4 + "\n>b\n" + "GWDKPHFERL" * 4 + "\n")
    ended.write_text(plain.read_text().replace("\n>b", "*\n>b"))
    expected = cli("predict", trained / "protein.safetensors", plain)
    outcome = cli("predict", trained / "protein.safetensors", ended)
    assert outcome.out == expected.out
    reported = [line for line in outcome.err.splitlines() if line not in expected.err.splitlines()]
    assert reported == ["removed: the stop (*) at the end of 1 sequence"]


def test_of_several_inputs_the_first_unknown_symbol_is_reported(trained: Path, tmp_path: Path, cli: Runner) -> None:
    paths = [tmp_path / f"{name}.fa" for name in "abc"]
    for path, symbols in zip(paths, ("ACGT", "AC!T", "?CGT"), strict=True):
        path.write_text(f">{path.stem}\n{symbols}\n")
    line = "record b: position 3: symbol '!' is not in the dna alphabet; --unknown mask treats it as N"
    together = cli("predict", trained / "dna.safetensors", *paths)
    assert f"the first invalid_symbol: {paths[1]}: {line}" in together.err.splitlines()
    apart = cli("predict", trained / "dna.safetensors", *paths, "-O", tmp_path / "out")
    assert f"the first invalid_symbol: {paths[1]}: {line}" in apart.err.splitlines()


def test_threads_change_nothing(trained: Path, tmp_path: Path, cli: Runner) -> None:
    models = (trained / "dna.safetensors", READS), (trained / "protein.safetensors", PROTEINS), ("human-dna", READS)
    for model, records in models:
        # Several inputs give several batches.
        outputs = [tmp_path / f"{Path(model).name}.{threads}.tsv" for threads in (1, 3)]
        for output, threads in zip(outputs, ("1", "3"), strict=True):
            words = ("predict", model, records, records, records)
            assert cli(*words, "--threads", threads, "-o", output).code == 0
        assert outputs[0].read_bytes() == outputs[1].read_bytes()


def test_a_precision_that_this_processor_lacks_is_one_line(trained: Path, cli: Runner) -> None:
    outcome = cli("predict", trained / "dna.safetensors", READS, "--precision", "float16", "--device", "cpu")
    assert (outcome.code, outcome.out) == (1, "")
    assert "error: --precision float16 is for GPUs" in outcome.err
    assert "float32" in outcome.err


EMPTY = {
    "zero.fq": b"",
    "blank.fa": b"\n\n",
    "zero.fq.gz": gzip.compress(b""),
    "zero.tsv": b"id\tsequence\n",
    "zero.bam": (ROOT / "tests" / "data" / "header_only.bam").read_bytes(),
}


@pytest.mark.parametrize("name", EMPTY)
def test_a_sound_file_without_reads_is_a_header_and_a_note(
    name: str, trained: Path, tmp_path: Path, cli: Runner
) -> None:
    path, good = tmp_path / name, tmp_path / "good.fa"
    path.write_bytes(EMPTY[name])
    good.write_text(">a\n" + "ACGT" * 9 + "\n")
    outcome = cli("predict", trained / "dna.safetensors", path, "--strict")
    assert (outcome.code, outcome.out) == (0, "\t".join(HEADER) + "\n")
    assert f"seqnet: note: {path}: " in outcome.err
    assert outcome.err.splitlines()[-1] == "0 records: 0 ok"
    for kind in ("tsv", "jsonl", "parquet"):
        outcome = cli("predict", trained / "dna.safetensors", path, good, "-O", tmp_path / kind, "--format", kind)
        assert outcome.code == 0
        assert len(list((tmp_path / kind).iterdir())) == 2
    assert (tmp_path / "tsv" / f"{name.split('.')[0]}.tsv").read_text() == "\t".join(HEADER) + "\n"
    assert pq.read_table(tmp_path / "parquet" / f"{name.split('.')[0]}.parquet").column_names == HEADER


def test_names_in_latin_1_are_the_same_in_every_format(trained: Path, tmp_path: Path, cli: Runner) -> None:
    path = tmp_path / "in.fa"
    path.write_bytes(
        b">x\xd7y z\n" + b"ACGT" * 9 + b"\n>\xc3\xa9\n" + b"ACGT" * 9 + b"\n>plain\n" + b"ACGT" * 9 + b"\n"
    )
    model, names = trained / "dna.safetensors", ["x\xd7y", "é", "plain"]
    for ending in ("tsv", "jsonl", "parquet"):
        assert cli("predict", model, path, "-o", tmp_path / f"out.{ending}").code == 0
    rows = (tmp_path / "out.tsv").read_bytes().decode().splitlines()[1:]
    assert [row.split("\t")[0] for row in rows] == names
    lines = (tmp_path / "out.jsonl").read_bytes().decode().splitlines()
    assert [json.loads(line)["name"] for line in lines] == names
    assert pq.read_table(tmp_path / "out.parquet")["name"].to_pylist() == names


def test_a_doubt_about_the_alphabet_is_one_warning(trained: Path, tmp_path: Path, cli: Runner) -> None:
    silk, poly = tmp_path / "silk.fa", tmp_path / "poly.fa"
    silk.write_text(">silk\n" + "GAGAGS" * 10 + "\n")
    poly.write_text(">poly\n" + "AAATAAGAAA" * 4 + "\n")
    outcome = cli("predict", trained / "protein.safetensors", silk, poly)
    assert (outcome.code, len(outcome.out.splitlines())) == (0, 3)
    assert (
        f"{silk} (and 1 other input): this looks like dna, but could be protein; if it is, use --alphabet"
        in outcome.err
    )
    outcome = cli("predict", trained / "protein.safetensors", silk, "--alphabet", "protein")
    assert (outcome.code, "looks like" in outcome.err) == (0, False)
    outcome = cli("predict", trained / "protein.safetensors", silk, "--alphabet", "dna")
    assert outcome.err.startswith("seqnet: error: --alphabet must be protein, the alphabet of the model, not 'dna'")


@pytest.mark.parametrize("gap", ["-", "."])
def test_gaps_are_reported_and_not_to_be_masked(trained: Path, tmp_path: Path, cli: Runner, gap: str) -> None:
    path = tmp_path / "aligned.fa"
    path.write_text(f">a\n{'ACGTTGCAATTG' * 2}{gap}ACGT\n")
    outcome = cli("predict", trained / "dna.safetensors", path)
    line = f"{path}: record a: position 25: '{gap}' is an alignment gap; use --gaps remove to remove them"
    assert f"the first invalid_symbol: {line}" in outcome.err.splitlines()
    outcome = cli("encode", "--class", f"x={path}", "--class", "y=@uniform", "-o", tmp_path / "out.safetensors")
    assert outcome.code == 1
    assert line in outcome.err
    assert "mask" not in outcome.err


@pytest.mark.parametrize("name", ["t.tsv", "t.fa"])
def test_a_prediction_loads_no_pandas(name: str, tmp_path: Path) -> None:
    # In a process of its own: it takes a third of a second, and pyarrow would load it where it is installed.
    sequence = "ACGTTGCATGCAAGCTAGCTAGCATCGATCGATCGA"
    texts = {"t.tsv": f"id\tsequence\na\t{sequence}\nb\tNA\n", "t.fa": f">a\n{sequence}\n"}
    (tmp_path / name).write_text(texts[name])
    code = """if True:
        import sys
        from seqnet.cli.main import run
        from seqnet.cli.process import own_process
        own_process()
        for form in ("tsv", "jsonl", "parquet"):
            assert run(["predict", "human-dna", sys.argv[1], "-o", f"{sys.argv[1]}.{form}"]) == 0
        assert not {"pandas", "Bio", "sklearn"} & set(sys.modules)
        import pandas
        assert pandas.Series([1]).sum() == 1
        """
    words = [sys.executable, "-c", code, str(tmp_path / name)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
