from __future__ import annotations

from typing import Any

import pytest

from seqnet.configs.encoders import EncoderConfig
from seqnet.configs.networks import (
    NETWORKS,
    CnnConfig,
    DenseConfig,
    HybridConfig,
    ParallelConfig,
    RecurrentConfig,
    network_config,
)
from seqnet.core.errors import SettingError


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("dense", DenseConfig),
        ("cnn", CnnConfig),
        ("parallel", ParallelConfig),
        ("recurrent", RecurrentConfig),
        ("hybrid", HybridConfig),
    ],
)
def test_the_name_decides_the_settings(name: str, kind: type) -> None:
    config = network_config({"name": name, "dense": [7]})
    assert type(config) is kind
    assert (config.name, config.dense) == (name, (7,))
    assert kind().name == name
    assert network_config(config.to_dict()) == config


def test_every_network_has_settings() -> None:
    assert [network_config({"name": name}).name for name in NETWORKS] == list(NETWORKS)
    assert network_config({}) == CnnConfig()


@pytest.mark.parametrize(
    ("values", "name", "expected"),
    [
        ({"name": "lstm"}, "network.name", "one of dense, cnn, parallel, recurrent, hybrid"),
        ({"name": ["cnn"]}, "network.name", "one of dense, cnn, parallel, recurrent, hybrid"),
        ({"name": "dense", "filters": [3]}, "network.filters", "there is no setting network.filters"),
        ({"filters": [8, 8]}, "network.kernels", "a list of 2 numbers, one for each of network.filters"),
        (
            {"filters": [8, 8], "kernels": [3, 3]},
            "network.pools",
            "a list of 2 numbers, one for each of network.filters",
        ),
        ({"dilations": [1, 2]}, "network.dilations", "a list of 1 number, one for each of network.filters"),
        (
            {"name": "parallel", "kernels": [3]},
            "network.kernels",
            "a list of 3 numbers, one for each of network.filters",
        ),
        ({"dropout_dense": [0.1, 0.2, 0.3]}, "network.dropout_dense", "one rate, or 2 rates: before each"),
        ({"padding": "valid"}, "network.padding", "must be 'same' in a network that takes sequences of any length"),
        (
            {"padding": "valid", "summary": ["flatten"], "residual": True},
            "network.residual",
            "can't be true where network.padding is 'valid'",
        ),
        ({"summary": []}, "network.summary", "a list of one or more of flatten, mean, max, attention"),
        ({"summary": ["flatten", "max"]}, "network.summary", "a list of one or more of flatten, mean, max, attention"),
        ({"name": "hybrid", "summary": ["flatten"]}, "network.summary", "a list of one or more of mean, max"),
        ({"name": "recurrent", "cell": "xlstm"}, "network.cell", "one of rnn, lstm, gru"),
        ({"name": "hybrid", "tree_descriptors": "protein"}, "network.tree_descriptors", "one of none, protein-1"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(values: dict[str, Any], name: str, expected: str) -> None:
    with pytest.raises(SettingError) as caught:
        network_config(values)
    assert caught.value.name == name
    assert caught.value.problem.startswith((expected, f"{name} {expected}", f"{name} must be {expected}"))


def test_which_networks_take_one_length_only() -> None:
    flattening = [network_config({"name": "dense"}), network_config({"summary": ["flatten"], "padding": "valid"})]
    assert [config.flattens for config in flattening] == [True, True]
    others = [network_config({"name": name}) for name in ("cnn", "parallel", "recurrent", "hybrid")]
    assert [config.flattens for config in others] == [False] * 4
    assert [config.profile for config in others] == [None] * 4
    whole = network_config({"name": "hybrid", "composition": True, "profile_ends": 3})
    assert whole.profile == ((), 3, False)


def test_trees_of_models_without_the_settings_are_as_they_were() -> None:
    older = {"name": "hybrid", "composition": True, "trees": 5}
    boosted = network_config(older).boosted
    assert boosted is not None
    assert (boosted.descriptors, boosted.depth, boosted.weight) == ("none", 6, 0.5)
    named = network_config({**older, "tree_descriptors": "protein-1"}).boosted
    assert named is not None
    assert named.descriptors == "protein-1"
    assert network_config({**older, "tree_descriptors": "protein-1", "trees": 0}).boosted is None


def test_kmers_are_bounded() -> None:
    with pytest.raises(SettingError, match="at most 8"):
        EncoderConfig(name="kmer", k=9)


def test_a_network_of_kmers_refuses_dropout_on_features_that_it_does_not_use() -> None:
    with pytest.raises(SettingError, match=r"network\.dropout_input has no effect in the network kmers"):
        network_config({"name": "kmers", "dropout_input": 0.1})
