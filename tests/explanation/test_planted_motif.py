"""The positions of a planted motif have the highest attributions, in a convolutional and in a recurrent network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from seqnet.explanation.explainer import Explainer
from tests.building import MOTIF, fit, planted, random_strings, run_config
from tests.explanation.test_explainer import explained

NETWORKS: Mapping[str, tuple[Mapping[str, Any], int]] = {
    "cnn": ({"name": "cnn", "filters": [16], "kernels": [8], "pools": [1], "dense": [], "summary": ["max"]}, 12),
    "lstm": ({"name": "recurrent", "cell": "lstm", "units": 24, "dense": []}, 25),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_motif_has_the_highest_attributions(name: str) -> None:
    network, epochs = NETWORKS[name]
    dataset = planted((1200, 200, 20), length=24, seed=1)
    training = {"epochs": epochs, "batch_size": 32, "learning_rate": 1e-2, "seed": 1}
    bundle = fit(dataset, run_config(training, {**network, "strands": "single"})).bundle
    strings = random_strings([24] * 30, seed=9)
    starts = np.random.default_rng(3).integers(0, 24 - len(MOTIF) + 1, len(strings))
    strings = [one[:at] + MOTIF + one[at + len(MOTIF) :] for one, at in zip(strings, starts, strict=True)]
    for method in ("mutagenesis", "integrated"):
        found = explained(bundle, strings, method=method)
        inside = np.zeros((30, 24), dtype=bool)
        inside[np.arange(30)[:, None], starts[:, None] + np.arange(len(MOTIF))] = True
        values = found.present.reshape(30, 24)
        highest = np.argsort(-values, axis=1)[:, : len(MOTIF)]
        assert np.take_along_axis(inside, highest, axis=1).mean() > 0.85, method
        assert values[inside].mean() > 5 * np.abs(values[~inside]).mean(), method
    assert Explainer(bundle).options.method == "mutagenesis"
