"""seqnet: classify biological sequences with convolutional and recurrent networks.

Start here: the five commands live in `seqnet.cli`, one file each, and every one of them is options plus one library
call. The library reads top-down in the order of `docs/architecture.md`: `readers` turn files into `RecordBatch`
columns, `datasets` make a dataset of them, `training` a model, a `models.bundles.Bundle`; `prediction` applies it,
`evaluation` and `reporting` measure it.

Importing this package imports nothing heavy.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
