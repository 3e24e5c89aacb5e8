"""Datasets: tokens, labels, groups and splits, made from sequence files and stored in one file.

Start here: `encoding.encode` makes a dataset file, `dataset.open_dataset` opens one. `tokenizing` turns symbols into
tokens, `splits` assigns records to train, validation and test. `sources` downloads published sequences, `simulation`
generates random and shuffled ones, `sampling` draws records of a split, `windows` parts of long sequences. `recipes`
chooses the preset that suits a dataset.

Importing this package imports nothing, so that `--help` can read its tables quickly.
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
