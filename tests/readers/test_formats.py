from __future__ import annotations

import pytest

from seqnet.readers.formats import FORMATS
from tests.data.make import DATA

SAMPLES = {
    "wrapped.fa": "fasta", "unaligned.sam": "sam", "plain.fq": "fastq", "genome.gb": "genbank",
    "genome.embl": "embl", "proteins.dat": "swissprot", "proteins.xml": "uniprot-xml", "family.sto": "stockholm",
    "alignment.aln": "clustal", "interleaved.phy": "phylip", "sequential.phy": "phylip", "matrix.nex": "nexus",
    "little.2bit": "2bit", "big.2bit": "2bit", "sanger.ab1": "abi", "proteins.tsv": "table", "proteins.csv": "table",
    "proteins.parquet": "table", "proteins.npz": "tokens",
}  # fmt: skip


@pytest.mark.parametrize(("name", "format"), SAMPLES.items())
def test_a_file_is_recognised_by_its_first_bytes(name: str, format: str) -> None:
    head = (DATA / name).read_bytes()[:4096]
    first = next(key for key in FORMATS if FORMATS.load(key).recognises(head))
    assert first == format


def test_only_alignments_are_aligned() -> None:
    aligned = {key for key in FORMATS if FORMATS.load(key).aligned}
    assert aligned == {"stockholm", "clustal", "phylip", "nexus"}
    assert set(SAMPLES.values()) == set(FORMATS)
