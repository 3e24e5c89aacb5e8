"""Features → logits: one file per family; all families are listed in `configs.networks.NETWORKS`.

Start here: `Network` in `base` is the base class. `Classifier` in `classifier` combines an encoder, a network and both
strands.
"""

from seqnet.nn.networks.base import Network
from seqnet.nn.networks.classifier import Classifier

__all__ = ["Classifier", "Network"]
