"""Networks: tokens (B, L) → logits (B, K), and everything else that uses torch, except for training.

Start here: `networks.Classifier` combines an encoder, a network and both strands. `encoders` convert tokens to
features. `layers` are masked layers. `networks` has one file for each family. `devices` chooses the device. `fast` has
faster operations for CPUs.
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
