"""Protein language models as frozen features: finding and identifying a model, its vocabulary, and a cache.

Start here: `settled` adds the identity of the named model to the settings. `FrozenFeatures` converts tokens to the
model's hidden states. Needs the extra `plm`; importing this package does not import transformers.
"""

from seqnet.nn.plm.features import FrozenFeatures
from seqnet.nn.plm.model_files import Notify, settled

__all__ = ["FrozenFeatures", "Notify", "settled"]
