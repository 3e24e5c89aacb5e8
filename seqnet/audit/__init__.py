"""What could flatter or mislead: records that occur twice, in two splits or with two labels.

Start here: `find_duplicates` counts them.
"""

from seqnet.audit.duplicates import Duplicates, find_duplicates
from seqnet.similarity import sequence_hashes

__all__ = ["Duplicates", "find_duplicates", "sequence_hashes"]
