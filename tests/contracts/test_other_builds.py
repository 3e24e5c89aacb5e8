"""Every preset trains and predicts with a build of PyTorch that has no oneDNN and no private operators."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seqnet.configs.run import RunConfig, compose, load_preset, preset_names
from seqnet.models.probabilities import bundle_probabilities
from seqnet.nn.fast.capabilities import without
from tests.building import encoded, fit, planted, random_strings


def short_run(preset: str) -> tuple[RunConfig, str]:
    """Returns one epoch of a preset, and the alphabet that it is for."""
    values = load_preset(preset)
    trees = ["trees=3"] if "trees" in values["network"] else []
    alphabets = values.get("alphabets", ["dna"])
    return compose(preset, assignments=["epochs=1", "batch_size=16", "precision=float32", *trees]), alphabets[0]


@pytest.mark.filterwarnings("ignore:TF32 acceleration:UserWarning")  # PyTorch's, of GPUs by Intel
@pytest.mark.parametrize("preset", preset_names())
def test_every_preset_is_trained_and_predicts_without_onednn(preset: str) -> None:
    config, name = short_run(preset)
    dataset = planted((33, 12, 0), length=40, name=name)
    queries = encoded(random_strings([40, 38, 40, 40], seed=3), name)
    expected = fit(dataset, config).rows[0]
    with torch.backends.mkldnn.flags(enabled=False), without():
        found = fit(dataset, config)
        probabilities = bundle_probabilities(found.bundle, queries).probabilities
    assert found.rows[0].train_loss == pytest.approx(expected.train_loss, abs=1e-4)
    assert found.rows[0].validation_loss == pytest.approx(expected.validation_loss, abs=1e-4)
    # Of the same weights, this machine's operators make the same predictions.
    others = bundle_probabilities(found.bundle, queries).probabilities
    np.testing.assert_allclose(probabilities, others, atol=1e-5)
    assert np.isfinite(probabilities).all()
