"""Models whose export is tested: every kind of layer that is exported in another form, and ensembles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from seqnet.evaluation.calibration import Calibration
from seqnet.models.bundles import Bundle
from tests.building import make_bundle, run_config
from tests.contracts.test_networks import NETWORK_SETTINGS

TREES = {**NETWORK_SETTINGS["hybrid-composition"], "cell": "lstm", "trees": 8}
"""Convolutions, pools, a profile, and trees on it, with recurrent layers in two directions."""


def made(network: str, encoder: str, name: str, classes: tuple[str, ...] = ("noise", "signal")) -> Bundle:
    """Returns a model of a case of `NETWORK_SETTINGS` with random weights."""
    settings: dict[str, Any] = {"name": encoder} if encoder == "onehot" else {"name": encoder, "dimension": 4}
    if encoder == "kmer":
        settings["k"] = 2
    config = run_config(network=TREES if network == "trees" else NETWORK_SETTINGS[network], encoder=settings)
    return make_bundle(config, name, classes=classes, window=14)


def ensemble() -> Bundle:
    """Returns an ensemble with trees and a temperature."""
    bundle = made("trees", "onehot", "protein")
    other = make_bundle(bundle.config, "protein", window=14, seed=1)
    calibration = Calibration(temperature=1.7, threshold=0.4)
    return replace(bundle, members=(*bundle.members, *other.members), calibration=calibration)
