"""Random and shuffled sequences as negatives, and simulated example files.

Start here: `NEGATIVES` is the table of generators that make one negative for each positive. `reads` and `proteins` are
the models of the files that `python -m seqnet.datasets.simulation OUTDIR --seed 1` writes.
Importing this package imports nothing large, so that `--help` can read the table quickly.
"""

from seqnet.datasets.simulation.negatives import NEGATIVES, NegativeGenerator

__all__ = ["NEGATIVES", "NegativeGenerator"]
