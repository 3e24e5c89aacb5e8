from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import READS, Runner

FASTA = ">a1 label=x\nACGTACGTACGTACGTACGTACGTACGTACGTACGT\n>a2 label=y\nGGGTACGTACGTACGTACGTACGTACGTACGTACGT\n"
TABLE = "id,seq\na1,ACGTACGTACGTACGTACGTACGTACGTACGTACGT\n"
WHERE = "needs a sequence file, with --label-column, --label-regex or --labels"
CLASSES = ("--class", "x=in.fa", "--class", "y=@uniform", "-o", "x.safetensors")
SPLIT = "id,sequence,label,split\n" + "".join(
    f"r{number},ACGTACGTACGTACGTACGTACG{'ACGT' * number},{'xy'[number % 2]},{split}\n"
    for number, split in enumerate(["train", "train", "validation", "validation", "test", "test"])
)
GIVEN = ("split.csv", "--label-column", "label", "--split-column", "split", "-o", "x.safetensors")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.fa").write_text(FASTA)
    (tmp_path / "in.csv").write_text(TABLE)
    (tmp_path / "split.csv").write_text(SPLIT)
    (tmp_path / "labels.tsv").write_text("a1\tx\n")
    for name, source in (("m", "dna"), ("d", "reads")):
        (tmp_path / f"{name}.safetensors").symlink_to(trained / f"{source}.safetensors")
    return tmp_path


MODEL, DATASET = "m.safetensors", "d.safetensors"
UNUSED = [
    (("predict", MODEL, "in.fa", "--plm", "esm"), 2, "--plm is for models that were trained with the encoder plm"),
    (("evaluate", MODEL, DATASET, "--plm", "esm"), 2, "--plm is for models that were trained with the encoder plm"),
    (("explain", MODEL, "in.fa", "--plm", "esm"), 2, "--plm is for models that were trained with the encoder plm"),
    (("distill", MODEL, "--plm", "esm", "-o", "x"), 2, "--plm is for models that were trained with the encoder plm"),
    (("predict", MODEL, "in.fa", "--name-column", "n"), 1, "--name-column is for tables, GenBank, EMBL, Swiss-Prot, "
     "UniProt XML, Stockholm and ABI; this file is fasta (in.fa)"),
    (("predict", MODEL, "in.fa", "--sequence-column", "n"), 1, "--sequence-column is for tables; this file is fasta"),
    (("predict", MODEL, READS, "in.csv", "--feature", "CDS"), 1, "--feature is for GenBank and EMBL; the inputs are "
     "BAM and tables"),
    (("predict", MODEL, "in.csv", "--reference", "in.fa"), 1, "--reference is for CRAM; this file is a table (in.csv)"),
    (("explain", MODEL, "in.fa", "--min-mapq", "3"), 1, "--min-mapq is for SAM, BAM and CRAM; this file is fasta"),
    (("encode", *CLASSES, "--region", "chr1"), 1, "--region is for SAM, BAM and CRAM; this file is fasta"),
    (("predict", MODEL, "in.fa", "--class", "human"), 2, "--class needs --track, --aggregate max or --aggregate"),
    (("predict", MODEL, "in.fa", "--window", "36", "--class", "human"), 2, "--class needs --track, --aggregate max or"),
    (("predict", MODEL, "in.fa", "--regions", "labels.tsv", "--min-mapq", "3"), 2, "--min-mapq can't be combined with"),
    (("evaluate", MODEL, DATASET, "--unknown", "mask"), 2, f"--unknown {WHERE}"),
    (("evaluate", MODEL, DATASET, "--missing-labels", "skip"), 2, f"--missing-labels {WHERE}"),
    (("evaluate", MODEL, DATASET, "--alphabet", "dna"), 2, f"--alphabet {WHERE}"),
    (("evaluate", MODEL, DATASET, "--name-column", "n"), 2, f"--name-column {WHERE}"),
    (("evaluate", MODEL, DATASET, "--sequence-column", "n"), 2, f"--sequence-column {WHERE}"),
    (("evaluate", MODEL, "in.csv", "--label-column", "l", "--split", "test"), 2, "--split needs a dataset"),
    (("evaluate", MODEL, DATASET, "--replicates", "0", "--confidence", "0.9"), 1, "--confidence needs --replicates"),
    (("evaluate", MODEL, DATASET, "--replicates", "0", "--seed", "7"), 1, "--seed needs --replicates above 0"),
    (("explain", MODEL, "in.fa", "--motif-q", "0.1"), 2, "--motif-q needs --motifs"),
    (("explain", MODEL, "in.fa", "--seed", "3"), 2, "--seed needs --motifs"),
    (("explain", MODEL, "in.fa", "--word-length", "4"), 2, "--word-length needs --words"),
    (("explain", MODEL, "in.fa", "--motifs", "m", "--word-q", "0.1"), 2, "--word-q needs --words"),
    (("explain", MODEL, "in.fa", "--words", "w.tsv", "--labels", "labels.tsv"), 2, "--labels needs --motifs"),
    (("encode", *CLASSES, "--label-regex", "(x)"), 1, "--label-regex has no effect: every file is given with the name"),
    (("encode", *CLASSES, "--labels", "labels.tsv"), 1, "--labels has no effect: every file is given with the name of"),
    (("distill", MODEL, DATASET, "--name-column", "n", "-o", "x"), 2, "--name-column needs sequence files as"),
    (("distill", MODEL, "--gaps", "remove", "-o", "x"), 2, "--gaps needs sequence files as SEQUENCES"),
    (("train", DATASET, "--crop", "30", "-o", "x"), 2, "--crop needs --class; a dataset is already split"),
    (("train", DATASET, "--freeze", "-o", "x"), 2, "--freeze needs --from"),
    (("train", DATASET, "--wait", "5m", "-o", "x"), 2, "--wait needs several processes, as torchrun starts them"),
    (("explain", MODEL, "in.fa", "--words", "w.tsv", "--method", "gradient"), 2, "--method needs -o, --logos or --mot"),
    (("explain", MODEL, "in.fa", "--words", "w.tsv", "--class", "human"), 2, "--class needs -o, --logos or --motifs"),
    (("explain", MODEL, "in.fa", "--words", "w.tsv", "--method", "integrated", "--steps", "9"), 2, "--method needs"),
    (("predict", MODEL, "-", "--reader-process", "always"), 1, "--reader-process has no effect on standard input"),
    (("encode", *GIVEN, "--seed", "7"), 1, "--seed has no effect: the input gives all splits, and nothing is chosen "),
    (("encode", *GIVEN, "--split", "70/20/10"), 1, "--split has no effect: the input gives all splits"),
    (("download", "solubility", "--from-file", "in.csv", "--max-size", "9"), 2, "--max-size is for downloads, and"),
    (("download", "list", "--url", "http://x"), 2, "--url needs a SOURCE"),
    (("download", "-o", "data"), 2, "--output-dir needs a SOURCE"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "code", "line"), UNUSED, ids=[" ".join(words) for words, _, _ in UNUSED])
def test_an_option_without_effect_is_one_line_and_nothing_is_written(
    words: tuple[str, ...], code: int, line: str, here: Path, cli: Runner
) -> None:
    before = sorted(here.iterdir())
    outcome = cli(*words)
    assert (outcome.code, outcome.out, outcome.err.count("seqnet: error: ")) == (code, "", 1)
    assert outcome.err.startswith(f"seqnet: error: {line}")
    assert outcome.err.count("\n") == 1
    assert sorted(here.iterdir()) == before


def test_an_option_that_one_of_the_inputs_uses_is_not_an_error(here: Path, cli: Runner) -> None:
    found = cli("predict", MODEL, "in.fa", "in.csv", "--sequence-column", "seq")
    assert (found.code, found.out.count("\n")) == (0, 4)
    (here / "other.csv").write_text(TABLE)
    separate = cli("predict", MODEL, "in.fa", "other.csv", "--sequence-column", "seq", "-O", "out")
    assert (separate.code, len(list((here / "out").iterdir()))) == (0, 2)
    assert cli("encode", "--class", "x=in.fa", "--class", f"y={READS}", "--min-mapq", "1", "-o", "x").code == 0


def test_a_seed_has_an_effect_where_something_is_chosen_at_random(here: Path, cli: Runner) -> None:
    (here / "without.csv").write_text(SPLIT.replace("validation", "train"))
    for number, words in enumerate(
        [
            (*GIVEN[:-1], "limit.safetensors", "--limit", "2"),
            ("without.csv", *GIVEN[1:-1], "taken.safetensors"),
            ("split.csv", "--label-column", "label", "-o", "split.safetensors", "--split", "50/0/50"),
        ]
    ):
        assert cli("encode", *words, "--seed", str(7 + number)).code == 0
    assert cli("encode", *GIVEN, "--split", "100/0/0").code == 0
    assert cli("encode", *GIVEN, "--force").code == 0


def test_a_default_of_a_variable_may_be_without_effect(
    here: Path, cli: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEQNET_PLM", "esm")
    monkeypatch.setenv("SEQNET_TRAIN_CROP", "30")
    monkeypatch.setenv("SEQNET_EVALUATE_UNKNOWN", "mask")
    assert cli("predict", MODEL, "in.fa").code == 0
    assert cli("evaluate", MODEL, DATASET, "--replicates", "0").code == 0
    assert cli("train", DATASET, "--set", "epochs=1", "--preset", "dense", "-o", "x.safetensors").code == 0
