"""Similarity of sequences, measured by their shared k-mers.

Start here: `cluster_records` groups similar records, `similar_pairs` lists the pairs. Homologs with less than about 60
% identity share too few k-mers to be found. An alignment-based clustering (MMseqs2, CD-HIT) finds them.
"""

from seqnet.similarity.clusters import Clusters, cluster_records, join_groups
from seqnet.similarity.duplicates import Duplicates, find_duplicates
from seqnet.similarity.hashing import reverse_complements, sequence_hashes
from seqnet.similarity.kmers import KmerSets, kmer_sets
from seqnet.similarity.mates import Mates, find_mates
from seqnet.similarity.pairs import SimilarPairs, similar_pairs
from seqnet.similarity.sets import Hasher, Hashes

__all__ = [
    "Clusters",
    "Duplicates",
    "Hasher",
    "Hashes",
    "KmerSets",
    "Mates",
    "SimilarPairs",
    "cluster_records",
    "find_duplicates",
    "find_mates",
    "join_groups",
    "kmer_sets",
    "reverse_complements",
    "sequence_hashes",
    "similar_pairs",
]
