from __future__ import annotations

import pytest
import torch
from torch.torch_version import TorchVersion

from seqnet.models.export.module import OLDEST_TORCH


@pytest.fixture(autouse=True)
def exporting_pytorch() -> None:
    """Skips a test if this version of PyTorch does not export models."""
    if TorchVersion(torch.__version__) < OLDEST_TORCH:
        pytest.skip(f"exporting needs PyTorch {OLDEST_TORCH}")
