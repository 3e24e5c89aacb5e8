"""A trained model: on disk, in the package, and applied to tokens.

Start here: `bundles.open_bundle` opens a model, `shipped.find_model` finds one that comes with seqnet by its name.
`probabilities.class_probabilities` is the one way from tokens to probabilities, in validation, evaluation and
prediction. `inspection` says what a file holds.
"""

__all__ = [
    "bundles",
    "inspection",
    "precision",
    "probabilities",
    "scoring",
    "shipped",
]
