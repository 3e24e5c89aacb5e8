"""Hidden states of a frozen language model for the sequences of a run, computed once before the first epoch."""

from __future__ import annotations

import numpy as np

from seqnet.configs.run import RunConfig
from seqnet.datasets.dataset import Dataset
from seqnet.nn.encoders import LanguageModelStates
from seqnet.nn.networks import Classifier
from seqnet.nn.plm import Notify

__all__ = ["precompute_embeddings"]


def precompute_embeddings(
    classifier: Classifier, dataset: Dataset, config: RunConfig, notify: Notify, *, over: bool = False
) -> None:
    """Fills the cache of a language model with what every epoch needs; does nothing with another encoder.

    These are the whole sequences of the train and validation splits. Sequences that training cuts or changes in every
    epoch are not stored, because they would never be used again.

    Args:
        classifier: to be trained.
        dataset: what it is fitted to.
        config: all settings.
        notify: called with a line about what is computed, or that the language model will run in every epoch.
        over: whether no epochs follow; then the model is loaded only when it is used.

    Raises:
        SeqnetError: the model is missing, or there is too little disk space.
    """
    encoder = classifier.encoder
    if not isinstance(encoder, LanguageModelStates):
        return
    encoder.features.allow([config.encoder.model])
    if over:
        return
    encoder.prepare(notify)
    augmentation = config.augmentation
    fresh = augmentation.fresh_shuffles or (augmentation.fresh_negatives and dataset.generators)
    splits = ["validation"]
    if dataset.crop or augmentation.shift or augmentation.mutation_rate or fresh:
        notify("training changes the sequences in every epoch, so the language model runs in every epoch")
    else:
        splits.append("train")
    members = np.concatenate([dataset.members(split) for split in splits])
    whole = members[dataset.tokens.lengths[members] <= classifier.window]
    encoder.features.embed_ahead(dataset.tokens, whole, classifier.mixture.device, notify)
