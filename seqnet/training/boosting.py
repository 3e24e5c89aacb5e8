"""Fits the boosted trees of a classifier to the train split."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from seqnet.configs.run import RunConfig
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.sampling import draw_labelled_sample
from seqnet.datasets.windows import random_starts
from seqnet.evaluation.imbalance import class_weights, how_balanced
from seqnet.nn.batching import TokenStore, buckets
from seqnet.nn.devices import moved
from seqnet.nn.networks import Classifier
from seqnet.nn.trees import Trees

__all__ = ["grow"]

_MOST = 50_000
"""Maximum number of sequences that trees are fitted to; their features are in memory twice."""
_BATCH_TOKENS = 1 << 16
_LEAST_RECORDS = 10
"""Minimum number of sequences in a leaf."""
_SHRINKAGE = 10.0
"""L2 penalty on the values of leaves, so that a leaf with few sequences says little."""


def grow(classifier: Classifier, dataset: Dataset, config: RunConfig) -> int:
    """Fits the trees of a classifier to the train split, and returns the number of sequences used.

    The same split, settings and seed give the same trees. There is no augmentation.

    Args:
        classifier: has a profile and trees.
        dataset: its train split is fitted.
        config: seed and balance.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    assert classifier.trees is not None
    boosted = config.network.boosted
    assert boosted is not None
    rng = np.random.default_rng(config.training.seed)
    examples = draw_labelled_sample(dataset, "train", _MOST, rng)
    features = _features(classifier, examples.tokens.take(examples.members), rng)
    trees = classifier.trees
    counts = np.bincount(examples.labels, minlength=len(dataset.classes))
    weights = class_weights(counts)
    balanced = how_balanced(config.training, counts) != "none"
    model = HistGradientBoostingClassifier(
        max_iter=len(trees.feature) // trees.logits,
        max_leaf_nodes=(trees.feature.shape[1] + 1) // 2,
        max_depth=boosted.depth,
        min_samples_leaf=_LEAST_RECORDS,
        max_features=boosted.share,
        learning_rate=boosted.rate,
        l2_regularization=_SHRINKAGE,
        early_stopping=False,
        class_weight=dict(enumerate(weights)) if balanced else None,
        random_state=config.training.seed % 2**32,
    )
    with threadpool_limits(torch.get_num_threads(), user_api="openmp"):
        model.fit(features, examples.labels)
    _fill(trees, model)
    if balanced:
        trees.shift(torch.tensor(-np.log(weights), dtype=torch.float32, device=trees.start.device))
    return len(features)


def _features(classifier: Classifier, tokens: Ragged, rng: np.random.Generator) -> NDArray[np.float32]:
    """Returns the features (N, F) float32 of N sequences, or of a random part of each that exceeds the window."""
    assert classifier.profile is not None
    assert classifier.trees is not None
    store = TokenStore(tokens)
    lengths = np.minimum(store.lengths, classifier.window)
    starts = store.starts + random_starts(store.lengths, classifier.window, rng)
    found = np.empty((len(store), classifier.trees.features), dtype=np.float32)
    with torch.inference_mode():
        for batch in buckets(lengths, _BATCH_TOKENS):
            parts = store.gather(starts[batch], lengths[batch])
            tokens_of, lengths_of = (moved(tensor, classifier.device) for tensor in parts)
            profile = classifier.profile(tokens_of, lengths_of)
            found[batch] = classifier.tree_features(profile, tokens_of, lengths_of).cpu().numpy()
    return found


def _rounded_down(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Returns the largest float32 that is not above each value, so that a rounded bound separates the same values."""
    near = values.astype(np.float32)
    return np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float32)


def _fill(trees: Trees, model: Any) -> None:
    """Copies the trees of a fitted HistGradientBoostingClassifier.

    scikit-learn has no public names for them; `tests/training/test_boosting.py` checks that both predict the same.
    """
    shape = tuple(trees.feature.shape)
    feature, bound, value = np.zeros(shape, np.int32), np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    branches = np.zeros((*shape, 2), np.int32)
    for row, predictor in enumerate(one for turn in model._predictors for one in turn):
        nodes = predictor.nodes
        count, leaf = len(nodes), nodes["is_leaf"].astype(bool)
        own = np.arange(count)
        feature[row, :count] = np.where(leaf, 0, nodes["feature_idx"])
        bound[row, :count] = np.where(leaf, 0, _rounded_down(nodes["num_threshold"]))
        value[row, :count] = nodes["value"]
        branches[row, :count, 0] = np.where(leaf, own, nodes["left"])
        branches[row, :count, 1] = np.where(leaf, own, nodes["right"])
    trees.fill(feature, bound, branches, value)
    trees.start.copy_(torch.from_numpy(np.asarray(model._baseline_prediction, dtype=np.float32).reshape(-1)))
