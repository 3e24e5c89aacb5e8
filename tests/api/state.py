"""What a library must leave as it was."""

from __future__ import annotations

import random
import signal
import warnings
from typing import Any

import numpy as np
import torch

__all__ = ["global_state"]


def global_state() -> dict[str, Any]:
    """Returns threads, generators of random numbers, warnings, arithmetic and signal handlers of this process."""
    return {
        "threads": torch.get_num_threads(),
        "torch": torch.get_rng_state().tolist(),
        "numpy": str(np.random.get_state()),
        "python": random.getstate(),
        "warnings": list(warnings.filters),
        "tf32": (torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32),
        "gradients": torch.is_grad_enabled(),
        "signals": [signal.getsignal(number) for number in sorted(signal.valid_signals())],
    }
