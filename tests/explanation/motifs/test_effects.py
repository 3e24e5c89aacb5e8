"""The effect of hits on the logit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.motifs.effects import explained_logits, mean_effect
from seqnet.explanation.motifs.matrices import Sites
from tests.building import encoded, make_bundle, random_strings, run_config


def test_the_effect_is_the_logit_less_that_with_background() -> None:
    """The logit counts the As, and the background has none."""
    tokens = encoded(["AAAACCCC", "CCCCCCCC", "ACACACAC"])

    def count_of_a(sequences: Ragged, targets: Any) -> Any:
        return np.array([sequences[row].count(1) for row in range(len(sequences))], dtype=float)

    # Two overlapping hits in the first record, one that reaches beyond the end of the last one.
    sites = Sites(np.array([0, 0, 2]), np.array([0, 1, 6]), np.array([False, True, False]), 4)
    background = np.array([0, 1.0, 0, 0])
    effect = mean_effect(sites, tokens, np.zeros(3, np.int64), count_of_a, background, np.random.default_rng(0))
    assert effect == pytest.approx((4 + 1) / 2)
    assert bytes(tokens[0]) == b"\x01" * 4 + b"\x02" * 4


def test_logits_are_those_of_attributions() -> None:
    """For an ensemble over both strands, and sequences longer than the window."""
    bundle = make_bundle(run_config(), members=2, window=12)
    strings = random_strings([5, 12, 31])
    symbols = Ragged.from_strings(strings)
    names = Ragged.from_strings(["a", "b", "c"])
    explainer = Explainer(bundle)
    expected = explainer.explain_batch(RecordBatch(names, symbols, names)).logits
    found = explained_logits(
        explainer.predictor.members, explainer.bundle.weights, encoded(strings), np.ones(3, np.int64)
    )
    np.testing.assert_allclose(found, expected, atol=1e-5)
