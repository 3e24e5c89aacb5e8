"""What an exported model needs, and whether it gives the same probabilities as the model."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqnet.core.errors import SeqnetError
from seqnet.core.ragged import Ragged
from seqnet.models.bundles import Bundle
from seqnet.models.probabilities import bundle_probabilities

__all__ = ["TOLERANCE", "Exported", "check_packages", "largest_difference"]

TOLERANCE = 1e-5
"""Largest difference of a probability that is allowed."""

_RECORDS, _LONGEST = 16, 512

Exported = Callable[[NDArray[np.uint8], NDArray[np.int64]], NDArray[np.float32]]
"""Tokens (B, L) uint8, padded with 0, and lengths (B,) int64 → probabilities (B, K) float32."""


def check_packages(option: str) -> None:
    """Checks that the packages of the extra `export` are installed.

    Raises:
        SeqnetError: one is not.
    """
    for package in ("onnx", "onnxruntime", "onnxscript"):
        if find_spec(package) is None:
            problem = f"{option} needs the package {package}, which is not installed"
            raise SeqnetError("", problem, "install it: python -m pip install 'seqnet[export]'")


def largest_difference(path: Path, bundle: Bundle, exported: Exported, length: int | None) -> float:
    """Returns the largest difference between probabilities of an exported model and those of the model.

    They are compared for random sequences of several lengths up to the window, with all symbols of the alphabet.

    Args:
        path: the file that is to be written, for messages.
        bundle: the model.
        exported: what was exported.
        length: L, if it must be this one.

    Raises:
        SeqnetError: it is larger than `TOLERANCE`.
    """
    rng = np.random.default_rng(0)
    shortest = bundle.shortest
    longest = length or max(min(bundle.window, _LONGEST), shortest)
    lengths = rng.integers(min(shortest, longest), longest, _RECORDS, endpoint=True)
    lengths[:2] = longest, min(shortest, longest)
    # Symbols without a meaning of their own, such as the stop of a protein, are not given to a network.
    symbols = np.flatnonzero(bundle.alphabet.mixture.sum(axis=1)).astype(np.uint8)
    tokens = Ragged(rng.choice(symbols, int(lengths.sum())), np.concatenate([[0], np.cumsum(lengths)]))
    batch = np.zeros((_RECORDS, longest), dtype=np.uint8)
    for row, size in enumerate(lengths):
        batch[row, :size] = tokens.data[tokens.offsets[row] : tokens.offsets[row + 1]]
    found = exported(batch, lengths)
    difference = float(np.abs(found - bundle_probabilities(bundle, tokens).probabilities).max())
    if not difference <= TOLERANCE:
        problem = f"the exported model differs from the model by {difference:.1e}, more than {TOLERANCE}"
        raise SeqnetError(str(path), problem, "nothing was written; please report this")
    return difference
