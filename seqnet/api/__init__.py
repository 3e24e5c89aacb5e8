"""The public API: what `import seqnet` offers, one module for each part of the work.

Start here: `models.load` opens a model and `models.Model` classifies sequences, which come back as
`predictions.Predictions`; `dataset` makes and opens datasets, `training.train` fits a model, `evaluation.evaluate`
measures one, `explained_files.explain_files` explains files, `estimator.SequenceClassifier` is all of it for
scikit-learn. The commands are thin callers of the same functions. `sequences` takes sequences of any kind, `files` goes
through a file, `file_runs` writes predictions of files, `scanning` has the windows of a long sequence, `sources` takes
paths and classes, `keywords` makes settings of keyword arguments.

Nothing here prints, exits, or leaves anything of the process changed.
"""

__all__ = [
    "auditing",
    "cross_validating",
    "dataset",
    "downloading",
    "estimator",
    "evaluation",
    "explained_files",
    "file_runs",
    "files",
    "keywords",
    "models",
    "predictions",
    "record_files",
    "scan_files",
    "scanning",
    "sequences",
    "sources",
    "training",
    "tuning",
]
