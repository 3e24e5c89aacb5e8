"""The weights of a classifier as they are read from a file, which is not trusted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqnet.configs.encoders import EncoderConfig
from seqnet.configs.networks import NetworkConfig
from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import ContainerError
from seqnet.nn.networks import Classifier

__all__ = ["REMEDY", "Layout", "Shape", "check_weights", "layout_of", "load_weights"]

REMEDY = "make one with seqnet train"

Shape = tuple[Alphabet, int, EncoderConfig, NetworkConfig, int]
"""The arguments of a `Classifier`."""
Layout = Mapping[str, tuple[tuple[int, ...], str]]
"""Name of a weight → its shape and type."""


def layout_of(shape: Shape) -> Layout:
    """Returns name → shape and type of the weights of a classifier, without allocating memory for them."""
    with torch.device("meta"):
        state = Classifier(*shape).state_dict()
    return {name: (tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")) for name, tensor in state.items()}


def check_weights(path: Path, arrays: Mapping[str, NDArray[Any]], expected: Layout) -> None:
    """Checks the weights of a member.

    Raises:
        ContainerError: names, shapes or types are not the expected ones, or a value is NaN or infinite.
    """
    if {name: (array.shape, array.dtype.name) for name, array in arrays.items()} != expected:
        raise ContainerError(str(path), "the weights do not fit the network that the file describes", REMEDY)
    for name, array in arrays.items():
        # A sum could overflow. Minimum and maximum are NaN if any value is.
        if array.dtype.kind == "f" and array.size and not (np.isfinite(array.min()) and np.isfinite(array.max())):
            raise ContainerError(str(path), f"the weights {name} have a value that is NaN or infinite", REMEDY)


def load_weights(path: Path, classifier: Classifier, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Copies the weights of a file into a classifier.

    Raises:
        ContainerError: the weights do not belong to this classifier.
    """
    weights: dict[str, Tensor] = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
    try:
        classifier.load_state_dict(weights)
    except RuntimeError as error:
        raise ContainerError(str(path), "the weights do not fit the network that the file describes", REMEDY) from error
