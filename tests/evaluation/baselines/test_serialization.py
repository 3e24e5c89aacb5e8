from __future__ import annotations

import numpy as np
import pytest

from seqnet.evaluation.baselines import fit_baselines
from seqnet.evaluation.baselines.serialization import baseline_tensors, describe_baselines, restore_baselines
from tests.building import planted


def test_baselines_come_back_to_the_last_bit() -> None:
    dataset = planted((60, 0, 0))
    fitted = fit_baselines(dataset, 1000, 1)
    tensors = baseline_tensors(fitted)
    again = restore_baselines(describe_baselines(fitted), tensors, dataset.alphabet, 2)
    assert list(again) == list(fitted)
    for name, one in fitted.items():
        np.testing.assert_array_equal(again[name].weights, one.weights)
        np.testing.assert_array_equal(again[name].bias, one.bias)


def test_weights_that_are_not_numbers_are_refused() -> None:
    dataset = planted((60, 0, 0))
    fitted = fit_baselines(dataset, 1000, 1)
    tensors = {name: np.full_like(tensor, np.nan) for name, tensor in baseline_tensors(fitted).items()}
    with pytest.raises(ValueError, match=r"composition|majority|k-mers|kmers"):
        restore_baselines(describe_baselines(fitted), tensors, dataset.alphabet, 2)
