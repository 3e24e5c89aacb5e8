"""Protein language models as frozen features: where a model is, which one it is, its vocabulary, and a cache.

Start here: `settled` completes the settings of a run with the identity of the model that they name; `FrozenFeatures`
turns tokens into the model's hidden states. Needs the extra `plm`; importing this package does not import transformers.
"""

from seqnet.nn.plm.features import FrozenFeatures
from seqnet.nn.plm.model_files import Tell, settled

__all__ = ["FrozenFeatures", "Tell", "settled"]
