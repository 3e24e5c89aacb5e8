"""What a frozen language model says of the sequences of a run, made once before the first epoch."""

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
    """Fills the cache of a language model with what every epoch will ask for; nothing with another encoder.

    These are the sequences of the train and validation splits, whole. What training makes anew in every epoch, a part
    of a sequence or a changed one, is embedded anew, too, and would fill the disk for nothing.

    Args:
        classifier: to be trained.
        dataset: what it is fitted to.
        config: all settings.
        notify: called with a line about what is done, or where the language model will run in every epoch.
        over: whether there are no epochs to come: then the model is loaded where somebody asks for it.

    Raises:
        SeqnetError: the model is not there, or there is no room.
    """
    encoder = classifier.encoder
    if not isinstance(encoder, LanguageModelStates):
        return
    encoder.features.allow([config.encoder.model])
    if over:
        return
    encoder.prepare(notify)
    augmentation = config.augmentation
    fresh = augmentation.fresh_negatives and bool(dataset.generators)
    splits = ["validation"]
    if dataset.crop or augmentation.shift or augmentation.mutation_rate or fresh:
        notify("training changes the sequences in every epoch, so the language model runs in every epoch")
    else:
        splits.append("train")
    members = np.concatenate([dataset.members(split) for split in splits])
    whole = members[dataset.tokens.lengths[members] <= classifier.window]
    encoder.features.embed_ahead(dataset.tokens, whole, classifier.mixture.device, notify)
