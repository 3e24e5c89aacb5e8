"""Models whose export is tested: every kind of layer that is exported in another form, and ensembles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from seqnet.evaluation.calibration import Calibration
from seqnet.models.bundles import Bundle
from seqnet.models.mixture import MemberConfig
from tests.building import make_bundle, run_config
from tests.contracts.test_networks import NETWORK_SETTINGS

TREES = {**NETWORK_SETTINGS["hybrid-composition"], "cell": "lstm", "trees": 8, "tree_descriptors": "protein-1"}
"""Convolutions, pools, a profile, and trees on it and on descriptors, with recurrent layers in two directions."""


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


def mixture() -> Bundle:
    """Returns a mixture of k-mers, and of convolutions with pools before a recurrent layer, with a temperature."""
    kmers = make_bundle(run_config(network={"name": "kmers", "longest": 2}), "protein", window=14)
    other = made("hybrid", "onehot", "protein")
    members = tuple(MemberConfig(one.config, weight) for one, weight in ((kmers, 0.2), (other, 0.8)))
    calibration = Calibration(temperature=0.7, threshold=0.5)
    return replace(kmers, members=(*kmers.members, *other.members), mixture=members, calibration=calibration)
