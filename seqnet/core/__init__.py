"""Shared basics of all packages: errors, symbols, record columns, files on disk.

Start here: `errors` is the tree of user errors. Readers yield `records.RecordBatch`. `alphabets` translates its symbols
to tokens. `containers` is the file format of datasets and models. `outputs` writes files completely or not at all.
This package has no settings, no sequence file formats and no torch.
"""

__all__ = [
    "alphabets",
    "containers",
    "errors",
    "mapping",
    "memory",
    "outputs",
    "printable",
    "processors",
    "provenance",
    "records",
    "registry",
    "schema",
    "threads",
]
