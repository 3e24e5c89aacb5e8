from __future__ import annotations

from seqnet.configs.similarity import CLUSTER_SIMILARITY, KMER_LENGTHS, by_alphabet


def test_help_has_the_defaults_by_alphabet() -> None:
    assert by_alphabet(KMER_LENGTHS) == "[default: 13; protein: 5]"
    assert by_alphabet(CLUSTER_SIMILARITY) == "[default: 0.3; protein: 0.2]"


def test_dna_and_rna_are_compared_alike() -> None:
    for table in (KMER_LENGTHS, CLUSTER_SIMILARITY):
        assert table["dna"] == table["rna"]
