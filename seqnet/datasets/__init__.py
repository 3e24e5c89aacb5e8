"""Datasets: tokens, labels, groups and splits, made from sequence files and stored in one file.

Start here: `encoding.encode` makes a dataset file, `dataset.open_dataset` opens one. `tokenizing` turns symbols into
tokens, `splits` deals records to train, validation and test. `sources` downloads published sequences, `simulation`
draws random and shuffled ones, `sampling` some of the
records of a split, `windows` parts of long sequences. `recipes` picks the preset that suits a dataset.

Importing this package imports nothing, so that its tables are at hand for `--help`.
"""

__all__ = [
    "dataset",
    "encoding",
    "file_schemas",
    "recipes",
    "sampling",
    "simulation",
    "sources",
    "splits",
    "tokenizing",
    "windows",
]
