"""Converts sequence files to a dataset.

Start here: `encode` in `pipeline`. `ingestion` reads, labels and selects, `generated_records` adds what is generated,
`genome_windows` cuts genomes, `frames` reads a pandas DataFrame, `summary` describes the dataset.
"""

from seqnet.datasets.encoding.class_sources import ClassSource
from seqnet.datasets.encoding.pipeline import encode, encode_table

__all__ = ["ClassSource", "encode", "encode_table"]
