"""Which positions of a sequence decide a prediction.

Start here: `explainer.Explainer` takes a record batch to `attributions.Attributions`. `margins` defines the number that
is explained. `mutagenesis` computes the effect of every substitution, `gradients` derives attributions from gradients.
`streaming` explains files in order, `writers` write TSV and NumPy arrays, `logos` draws sequence logos.
"""

__all__ = [
    "arrays",
    "attributions",
    "effects",
    "explainer",
    "gradients",
    "logos",
    "margins",
    "mutagenesis",
    "relaxation",
    "streaming",
    "writers",
]
