"""Files → a dataset.

Start here: `encode` in `pipeline`. `labelling` says which class and group a record belongs to, `examples` collects
what is kept, `summary` says what was made.
"""

from seqnet.encoding.pipeline import ClassSource, encode

__all__ = ["ClassSource", "encode"]
