"""Annotated and aligned files from the command line."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from Bio import SeqIO
from Bio.Data.CodonTable import unambiguous_dna_by_id
from Bio.Seq import Seq
from Bio.SeqFeature import SeqFeature, SimpleLocation
from Bio.SeqRecord import SeqRecord

from seqnet.datasets.dataset import open_dataset
from tests.cli.running import Runner
from tests.readers.examples import DATA

ORGANISMS = ("Mus fictus", "Naja ficta")


@pytest.fixture
def genomes(tmp_path: Path) -> Path:
    """A GenBank file of 30 records with two coding features each."""
    random, records = Random(5), []
    for number in range(30):
        genes = [
            "ATG" + "".join(random.choices(list(unambiguous_dna_by_id[1].forward_table), k=20)) + "TAA"
            for _ in range(2)
        ]
        sequence = Seq("TTTT" + genes[0] + "CCCC" + str(Seq(genes[1]).reverse_complement()) + "GGGG")
        features = [
            SeqFeature(SimpleLocation(start, start + 66, strand), "CDS", qualifiers={"product": [product]})
            for start, strand, product in ((4, 1, "kinase"), (74, -1, "protease"))
        ]
        annotations: dict[str, str | int] = {"molecule_type": "DNA", "organism": ORGANISMS[number % 2]}
        records.append(SeqRecord(sequence, f"R{number}.1", f"R{number}", "made up", [], features, annotations))
    path = tmp_path / "genomes.gb"
    SeqIO.write(records, path, "genbank")
    return path


def test_whole_records_by_an_annotation(genomes: Path, tmp_path: Path, cli: Runner) -> None:
    output = tmp_path / "out.safetensors"
    outcome = cli("encode", genomes, "--label-column", "organism", "-o", output)
    assert outcome.code == 0, outcome.err
    dataset = open_dataset(output)
    assert (dataset.classes, len(dataset.labels), dataset.alphabet.name) == (ORGANISMS, 30, "dna")
    outcome = cli("encode", genomes, "--label-column", "organisn", "--force", "-o", output)
    assert outcome.code == 1
    assert "no record has 'organisn'; did you mean organism?" in outcome.err.replace(" so far", "")


def test_proteins_of_features_by_a_qualifier(genomes: Path, tmp_path: Path, cli: Runner) -> None:
    output = tmp_path / "out.safetensors"
    words = ("--feature", "CDS", "--translate", "--label-column", "product", "-o", output)
    outcome = cli("encode", genomes, *words)
    assert outcome.code == 0, outcome.err
    dataset = open_dataset(output)
    assert (dataset.classes, len(dataset.labels), dataset.alphabet.name) == (("kinase", "protease"), 60, "protein")
    assert set(dataset.tokens.lengths.tolist()) == {21}
    outcome = cli("encode", genomes, "--translate", "--label-column", "product", "--force", "-o", output)
    assert (outcome.code, "--translate needs --feature CDS" in outcome.err) == (1, True)


def test_predict_reports_what_is_left_out_and_what_is_missing(trained: Path, cli: Runner) -> None:
    outcome = cli("predict", trained / "dna.safetensors", DATA / "contig_only.gb")
    assert outcome.out.splitlines()[1].split("\t")[::5] == ["AB000002.3", "missing"]
    words = ("--feature", "CDS", "--translate", "--name-column", "locus_tag", "--alphabet", "protein")
    outcome = cli("predict", trained / "protein.safetensors", DATA / "genome.gb", *words)
    assert [line.split("\t")[0] for line in outcome.out.splitlines()[1:]] == ["t1", "t2", "t3", "t4", "t5", "t6"]
    assert "not read: 1 CDS feature whose length is not a multiple of three" in outcome.err


def test_gaps_of_an_alignment(trained: Path, tmp_path: Path, cli: Runner) -> None:
    path = tmp_path / "in.aln"
    rows = "".join(f"name{number} ACGTTGCAATTG--ACGTTGCAATTGACGTTGCAATTG\n" for number in range(3))
    path.write_text(f"CLUSTAL W (1.83) multiple sequence alignment\n\n{rows}")
    outcome = cli("predict", trained / "dna.safetensors", path)
    assert outcome.code == 1
    line = f"{path}: record name0: position 13 is a gap of the alignment, '-'; use --gaps remove"
    assert line in outcome.err
    outcome = cli("predict", trained / "dna.safetensors", path, "--gaps", "remove")
    assert outcome.code == 0
    assert len(outcome.out.splitlines()) == 4


def test_gaps_are_not_masked(tmp_path: Path, cli: Runner) -> None:
    path = tmp_path / "in.fa"
    path.write_text("".join(f">r{number}\nACGT!GCAATTGACGTTGCAATT-ACGT\n" for number in range(20)))
    words = ("encode", "--class", f"x={path}", "--class", "y=@uniform", "--unknown", "mask", "--alphabet", "dna")
    outcome = cli(*words, "-o", tmp_path / "out.safetensors")
    assert outcome.code == 1
    assert "record r0: position 24: '-' is an alignment gap; use --gaps remove to remove them" in outcome.err
    outcome = cli(*words, "--gaps", "remove", "-o", tmp_path / "out.safetensors")
    assert outcome.code == 0, outcome.err
