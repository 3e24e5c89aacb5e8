"""Random and shuffled sequences to train against, and simulated examples to try things on.

Start here: `NEGATIVES` is the table of ways to make one negative for each positive; `reads` and `proteins` are the
models behind the files that `python -m seqnet.datasets.simulation OUTDIR --seed 1` writes.

Importing this package imports nothing heavy, so that the table is at hand for `--help`.
"""

from seqnet.datasets.simulation.negatives import NEGATIVES, NegativeGenerator

__all__ = ["NEGATIVES", "NegativeGenerator"]
