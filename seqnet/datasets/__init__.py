"""Datasets: tokens, labels, groups and splits, made from sequence files and stored in one file.

Start here: `encoding.encode` makes a dataset file, `dataset.open_dataset` opens one. `tokenizing` translates symbols to
tokens. `splits` assigns records to train, validation and test. `sources` downloads published sequences. `simulation`
generates random and shuffled sequences. `recipes` picks the preset for a dataset.
Importing this package imports nothing else, so that `--help` can read its tables quickly.
"""

__all__ = [
    "dataset",
    "encoding",
    "file_schemas",
    "recipes",
    "simulation",
    "sources",
    "splits",
    "tokenizing",
]
