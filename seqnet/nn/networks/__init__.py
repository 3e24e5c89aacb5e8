"""Features → logits: one file per family, all listed in `configs.networks.NETWORKS`.

Start here: `Network` in `base` is what they have in common, `Classifier` in `classifier` puts encoder, network and
strands together.
"""

from seqnet.nn.networks.base import Network
from seqnet.nn.networks.classifier import Classifier

__all__ = ["Classifier", "Network"]
