"""The public API: what `import seqnet` offers, one module for each part of the work.

Start here: `models.load` opens a model and `models.Model` classifies sequences; `dataset` makes and opens datasets,
`training.train` fits a model, `evaluation.evaluate` measures one, `estimator.SequenceClassifier` is all of it for
scikit-learn. The commands are thin callers of the same functions.
"""

__all__ = ["models"]
