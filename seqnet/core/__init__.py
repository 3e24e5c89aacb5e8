"""What every other package stands on: errors, symbols, columns of records, files on disk.

Start here: `errors` is the tree of what a user can do wrong. `records.RecordBatch` is what readers yield, `alphabets`
turns its symbols into tokens. `containers` is the one file format, `outputs` writes files that are whole or not there.

Nothing here knows a setting, a file format of sequences, or torch.
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
