from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from seqnet.configs.networks import CnnConfig
from seqnet.nn.layers import ConvolutionStack, mask_of

LENGTHS = torch.tensor([7, 1, 4, 11])


def ragged_features(channels: int = 3, lengths: Tensor = LENGTHS, seed: int = 0) -> Tensor:
    """Returns random features (B, C, L) that are zero past the end of each sequence."""
    x = torch.randn((len(lengths), channels, int(lengths.max())), generator=torch.Generator().manual_seed(seed))
    return x * mask_of(lengths, x.shape[2])


def alone(x: Tensor, row: int, lengths: Tensor = LENGTHS) -> Tensor:
    """Returns one sequence (1, C, length) without padding."""
    return x[row : row + 1, :, : lengths[row]]


def close(found: Tensor, expected: Tensor, tolerance: float = 1e-6) -> None:
    np.testing.assert_allclose(found.detach().numpy(), expected.detach().numpy(), rtol=1e-5, atol=tolerance)


def stack_of(**settings: object) -> ConvolutionStack:
    config = CnnConfig(**{"filters": (4,), "kernels": (3,), "pools": (1,), **settings})  # type: ignore[arg-type]
    return ConvolutionStack(3, config).eval()
