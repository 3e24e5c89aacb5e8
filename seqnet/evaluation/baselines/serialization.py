"""Conversion of fitted baselines to and from the contents of a model file.

In: name → `FittedBaseline`. Out: JSON values that describe them, and tensors `NAME.weights` (K, D) and `NAME.bias`
(K,), float64. The reverse conversion checks these values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.ragged import Ragged
from seqnet.evaluation.baselines.fitting import BASELINES, FittedBaseline

__all__ = ["baseline_tensors", "describe_baselines", "restore_baselines"]

_DESCRIBED = ("records", "available", "converged", "strength")
_PARTS = ("weights", "bias")


def describe_baselines(fitted: Mapping[str, FittedBaseline]) -> dict[str, Any]:
    """Returns name → description of the fit, as JSON values."""
    return {name: {key: getattr(one, key) for key in _DESCRIBED} for name, one in fitted.items()}


def baseline_tensors(fitted: Mapping[str, FittedBaseline]) -> dict[str, NDArray[np.float64]]:
    """Returns tensor name → tensor of all baselines."""
    return {f"{name}.{part}": getattr(one, part) for name, one in fitted.items() for part in _PARTS}


def restore_baselines(
    about: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]], alphabet: Alphabet, class_count: int
) -> dict[str, FittedBaseline]:
    """Returns the baselines of a model file, in the order of `BASELINES`.

    Args:
        about: result of `describe_baselines`.
        tensors: result of `baseline_tensors`.
        alphabet: alphabet of the model.
        class_count: K.

    Raises:
        KeyError: a tensor or part of the description is missing.
        TypeError: a part of the description has another type.
        ValueError: a baseline is unknown, or its values do not match this model.
    """
    if set(about) - {*BASELINES} or set(tensors) != {f"{name}.{part}" for name in about for part in _PARTS}:
        raise ValueError("the baselines are not those that are described")
    found = {}
    for name in (name for name in BASELINES if name in about):
        weights, bias = (tensors[f"{name}.{part}"] for part in _PARTS)
        features = BASELINES[name].features(Ragged.from_strings([]), alphabet).shape[1]
        if weights.shape != (class_count, features) or bias.shape != (class_count,):
            raise ValueError(f"the baseline {name} is of another shape")
        _check_numbers(name, weights, bias)
        records, available, converged, strength = (about[name][key] for key in _DESCRIBED)
        if not all(count is None or (isinstance(count, int) and count >= 0) for count in (records, available)):
            raise ValueError(f"the baseline {name} was fitted to no number of records")
        if records is None or not isinstance(strength, int | float | None):
            raise ValueError(f"the description of the baseline {name} is damaged")
        found[name] = FittedBaseline(name, alphabet, records, available, bool(converged), strength, weights, bias)
    return found


def _check_numbers(name: str, weights: NDArray[Any], bias: NDArray[Any]) -> None:
    """Checks that a baseline gives a probability for every record.

    Raises:
        ValueError: it does not.
    """
    finite = np.isfinite(bias)
    # The bias of a class without training records is minus infinity.
    sound = bool(np.isfinite(weights).all() and finite.any() and (finite | np.isneginf(bias)).all())
    if weights.dtype != np.float64 or bias.dtype != np.float64 or not sound:
        raise ValueError(f"the baseline {name} has weights that are not numbers")
