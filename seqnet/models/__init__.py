"""Trained models: stored on disk, shipped with the package, and applied to tokens.

Start here: `bundles.open_bundle` opens a model. `shipped.find_model` finds a model of the package, or of the Hugging
Face hub (`hub`), by its name. `probabilities.class_probabilities` computes probabilities from tokens, in validation,
evaluation and prediction; `windows` does so for windows of a long sequence. `inspection` describes the content of a
file. `export` writes models for other programs.
"""

__all__ = [
    "bundles",
    "export",
    "hub",
    "inspection",
    "precision",
    "probabilities",
    "scoring",
    "shipped",
    "windows",
]
