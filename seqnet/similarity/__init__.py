"""How like each other sequences are, by the k-mers that they share.

Start here: `cluster_records` puts similar records together, `similar_pairs` names the pairs. Kin of less than about
60 % identity share too few k-mers to be found; an alignment-based clustering (MMseqs2, CD-HIT) finds them.
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
