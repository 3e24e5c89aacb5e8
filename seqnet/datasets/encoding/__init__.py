"""Converts sequence files to a dataset.

Start here: `encode` in `pipeline`. `ingestion` reads, labels and selects records. `generated_records` adds generated
records. `genome_windows` cuts genomes. `summary` describes the result.
"""

from seqnet.datasets.encoding.class_sources import ClassSource
from seqnet.datasets.encoding.pipeline import encode

__all__ = ["ClassSource", "encode"]
