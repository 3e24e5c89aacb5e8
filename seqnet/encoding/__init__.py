"""Files → a dataset.

Start here: `encode` in `pipeline`. `intake` reads, labels and selects, `companions` adds what is generated, `crops`
cuts genomes, `summary` says what was made.
"""

from seqnet.encoding.classes import ClassSource
from seqnet.encoding.pipeline import encode

__all__ = ["ClassSource", "encode"]
