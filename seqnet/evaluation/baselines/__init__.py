"""Simple classifiers to compare with, and the similarity of records to the training records.

Start here: `fit_baselines` fits every row of the table `BASELINES` to a dataset's train split. `kmer_containment`
returns the share of each record's k-mers that occur in the train split.
"""

from __future__ import annotations

from seqnet.evaluation.baselines.containment import kmer_containment, kmer_length
from seqnet.evaluation.baselines.fitting import BASELINES, Baseline, FittedBaseline, fit_baselines
from seqnet.evaluation.baselines.serialization import baseline_tensors, describe_baselines, restore_baselines

__all__ = [
    "BASELINES",
    "Baseline",
    "FittedBaseline",
    "baseline_tensors",
    "describe_baselines",
    "fit_baselines",
    "kmer_containment",
    "kmer_length",
    "restore_baselines",
]
