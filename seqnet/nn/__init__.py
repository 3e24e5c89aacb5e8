"""Tokens (B, L) → logits (B, K): everything that is made of torch, but training.

Start here: `networks.Classifier` puts an encoder, a network and the two strands together. `encoders` turn tokens into
features, `layers` are masked blocks, `networks` has one file for each family. `devices` says where to compute, `fast`
holds what is written for one processor.
"""

__all__ = [
    "batching",
    "devices",
    "encoders",
    "layers",
    "networks",
    "plm",
    "profiles",
    "strands",
    "trees",
]
