from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from seqnet.core.ragged import Ragged
from seqnet.models.bundles import Bundle
from seqnet.models.probabilities import bundle_probabilities
from seqnet.models.scoring import ready
from seqnet.models.windows import WindowScores, window_scores
from tests.building import encoded, make_bundle, random_strings, run_config
from tests.contracts.test_networks import NETWORK_SETTINGS

WINDOW = 14
FOLDED = {"name": "cnn", "filters": [6], "kernels": [4], "pools": [2], "dense": [6], "summary": ["flatten"],
          "padding": "valid"}  # fmt: skip


def compare(bundle: Bundle, window: int, stride: int, **options: Any) -> WindowScores:
    """Checks that windows have the probabilities that they have as records."""
    alphabet = bundle.alphabet
    (string,) = random_strings([150], alphabet.canonical * 8 + alphabet.mask_symbol)
    tokens = encoded([string], alphabet.name).data
    starts = np.arange(0, len(tokens) - window + 1, stride)
    members = ready(bundle, "float32")
    found = window_scores(bundle, tokens, starts, window, members=members, **options)
    records = Ragged.from_strings([tokens[start : start + window].tobytes() for start in starts])
    expected = bundle_probabilities(bundle, records, members=members, **options)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-6)
    assert found.probabilities.std() > 0.01
    if len(bundle.members) > 1:
        np.testing.assert_allclose(found.members.std(axis=0), expected.deviations, atol=1e-6)
    return found


@pytest.mark.parametrize("strands", ["both", "single"])
@pytest.mark.parametrize("network", [*NETWORK_SETTINGS, "folded"])
def test_a_window_is_predicted_as_a_record_by_every_network(network: str, strands: str) -> None:
    settings = FOLDED if network == "folded" else NETWORK_SETTINGS[network]
    bundle = make_bundle(run_config(network={**settings, "strands": strands}), window=WINDOW)
    for window in (WINDOW, 9, 40):
        compare(bundle, window, 3)


def test_proteins_have_windows_too() -> None:
    bundle = make_bundle(run_config(network=NETWORK_SETTINGS["hybrid"]), name="protein", window=WINDOW)
    compare(bundle, WINDOW, 1)


@pytest.mark.parametrize("vote", [False, True])
def test_an_ensemble_has_the_scores_of_its_members_beside_its_own(vote: bool) -> None:
    bundle = make_bundle(run_config(network=FOLDED), window=WINDOW, members=3)
    bundle = dataclasses.replace(bundle, calibration=dataclasses.replace(bundle.calibration, temperature=1.7))
    found = compare(bundle, WINDOW, 2, vote=vote)
    assert found.members.shape == (3, *found.probabilities.shape)


def test_no_window_is_not_a_score() -> None:
    bundle = make_bundle(members=2)
    nothing = np.empty(0, dtype=np.int64)
    found = window_scores(bundle, encoded(["ACGT"]).data, nothing, 12, members=bundle.members)
    assert (found.probabilities.shape, found.members.shape) == ((0, 2), (2, 0, 2))
