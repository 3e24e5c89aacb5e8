"""The layers of all networks. Padding never changes the output at the positions of a sequence.

Start here: `ConvolutionStack` and `Recurrence` take features (B, C, L), `Summary` makes one vector of each sequence,
`Head` logits of that. `masking` has the mask of a batch, `normalization` batch and layer normalisation.

Lengths are (B,) int64, or None where every position counts (networks that take one window length see padding as a
symbol). Every layer returns zeros past the end of a sequence.
"""

from seqnet.nn.layers.convolution import ConvolutionBlock, ConvolutionStack, MaskedConvolution, MaskedMaxPool
from seqnet.nn.layers.head import Head, with_embeddings
from seqnet.nn.layers.masking import activation, dropped, mask_of
from seqnet.nn.layers.normalization import BatchNorm, MaskedBatchNorm, share_statistics
from seqnet.nn.layers.recurrence import Recurrence
from seqnet.nn.layers.summary import Summary

__all__ = [
    "BatchNorm",
    "ConvolutionBlock",
    "ConvolutionStack",
    "Head",
    "MaskedBatchNorm",
    "MaskedConvolution",
    "MaskedMaxPool",
    "Recurrence",
    "Summary",
    "activation",
    "dropped",
    "mask_of",
    "share_statistics",
    "with_embeddings",
]
