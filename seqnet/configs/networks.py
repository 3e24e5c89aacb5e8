"""Every kind of network with its settings, and the table of them.

The table names classes by import path, so that the command line knows the choices without importing torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seqnet.configs.convolutional_networks import (
    SUMMARIES,
    CnnConfig,
    ConvolutionConfig,
    ParallelConfig,
    check_summary,
)
from seqnet.configs.network_base import (
    ACTIVATIONS,
    DEEPEST,
    DESCRIPTORS,
    LONGEST_WINDOW,
    NETWORKS,
    REACH,
    WIDEST,
    NetworkConfig,
    ProfileConfig,
    TreesConfig,
)
from seqnet.configs.settings import Needs, setting
from seqnet.core.errors import SettingError

__all__ = [
    "ACTIVATIONS",
    "LONGEST_WINDOW",
    "NETWORKS",
    "CnnConfig",
    "ConvolutionConfig",
    "DenseConfig",
    "HybridConfig",
    "KmersConfig",
    "NetworkConfig",
    "ParallelConfig",
    "ProfileConfig",
    "RecurrentConfig",
    "TreesConfig",
    "network_config",
    "network_kind",
]

_PROFILE = (Needs("composition", (True,)),)
_TREES = (Needs("trees"),)


@dataclass(frozen=True)
class DenseConfig(NetworkConfig):
    """Dense layers on the flattened window."""

    name: str = setting("dense", "type of network", choices=tuple(NETWORKS))
    dense: tuple[int, ...] = setting(
        (100,), "units of the dense layers before the output", minimum=1, maximum=WIDEST, most=DEEPEST
    )

    @property
    def flattens(self) -> bool:
        """Whether the network takes inputs of one length only."""
        return True


@dataclass(frozen=True)
class RecurrentConfig(NetworkConfig):
    """A recurrent network, many to one: its last state goes to the head."""

    name: str = setting("recurrent", "type of network", choices=tuple(NETWORKS))
    cell: str = setting("lstm", "kind of recurrent cell", choices=("rnn", "lstm", "gru"))
    units: int = setting(64, "units of each recurrent layer and direction", minimum=1, maximum=WIDEST)
    layers: int = setting(1, "recurrent layers", minimum=1, maximum=DEEPEST)
    bidirectional: bool = setting(True, "read the sequence in both directions")
    dropout_recurrent: float = setting(
        0.0, "dropout between recurrent layers", minimum=0, below=1, needs=[Needs("layers", above=1)]
    )


@dataclass(frozen=True)
class HybridConfig(ConvolutionConfig):
    """Convolutions, then a recurrent network, then a summary over positions."""

    name: str = setting("hybrid", "type of network", choices=tuple(NETWORKS))
    cell: str = setting("lstm", "kind of recurrent cell", choices=("rnn", "lstm", "gru"))
    units: int = setting(64, "units of each recurrent layer and direction", minimum=1, maximum=WIDEST)
    layers: int = setting(1, "recurrent layers", minimum=1, maximum=DEEPEST)
    bidirectional: bool = setting(True, "read the sequence in both directions")
    dropout_recurrent: float = setting(
        0.0, "dropout between recurrent layers", minimum=0, below=1, needs=[Needs("layers", above=1)]
    )
    summary: tuple[str, ...] = setting(
        ("mean", "max"), "how positions are summarised: one or more of mean, max, attention"
    )
    composition: bool = setting(
        False,
        "add a profile of the sequence to the input of the head: composition, log length and the profile settings",
    )
    profile_end_composition: tuple[int, ...] = setting(
        (),
        "profile: add the compositions of both ends of these lengths; a list, such as [20, 60]",
        minimum=1,
        maximum=REACH,
        most=DEEPEST,
        needs=_PROFILE,
        formerly="profile_spans",
    )
    profile_ends: int = setting(
        0, "profile: add each of this many symbols at either end", minimum=0, maximum=10_000, needs=_PROFILE
    )
    profile_pairs: bool = setting(
        False, "profile: add the frequencies of pairs of neighbouring symbols", needs=_PROFILE
    )
    profile_units: int = setting(
        0, "units of a dense layer on the profile; 0 for none", minimum=0, maximum=WIDEST, needs=_PROFILE
    )
    dropout_profile: float = setting(0.0, "dropout on the profile before its layer", minimum=0, below=1, needs=_PROFILE)
    trees: int = setting(
        0,
        "number of boosted trees on the profile, averaged with the network; 0 for none",
        minimum=0,
        maximum=10_000,
    )
    tree_leaves: int = setting(15, "maximum number of leaves of a tree", minimum=2, maximum=1_000, needs=_TREES)
    tree_depth: int = setting(
        6, "maximum number of decisions from the root of a tree to a leaf", minimum=1, maximum=20, needs=_TREES
    )
    tree_rate: float = setting(0.05, "learning rate of the trees", above=0, maximum=1, needs=_TREES)
    tree_features: float = setting(
        0.3, "share of the features among which each node of a tree chooses", above=0, maximum=1, needs=_TREES
    )
    tree_weight: float = setting(
        0.5, "weight of the trees' logits in the mean with the network's", minimum=0, maximum=1, needs=_TREES
    )
    tree_descriptors: str = setting(
        "none",
        "proteins: physico-chemical descriptors that the trees use beside the profile",
        choices=DESCRIPTORS,
        needs=_TREES,
    )

    def __post_init__(self) -> None:
        """See `Settings`; also checks the summary, and that trees have a profile to look at."""
        super().__post_init__()
        check_summary(self.summary, SUMMARIES)
        if self.trees and not self.composition:
            raise SettingError(
                "network.trees", self.trees, problem="needs network.composition = true: the trees use the profile"
            )

    @property
    def profile(self) -> ProfileConfig | None:
        """What the head sees of the sequence beside what the layers before it found; None for nothing."""
        if not self.composition:
            return None
        return ProfileConfig(self.profile_end_composition, self.profile_ends, self.profile_pairs)

    @property
    def boosted(self) -> TreesConfig | None:
        """The trees whose logits are averaged with the network's; None for none."""
        if not self.trees:
            return None
        return TreesConfig(
            rounds=self.trees,
            leaves=self.tree_leaves,
            depth=self.tree_depth,
            rate=self.tree_rate,
            share=self.tree_features,
            weight=self.tree_weight,
            descriptors=self.tree_descriptors,
        )


@dataclass(frozen=True)
class KmersConfig(NetworkConfig):
    """Dense layers on the shares of k-mers; without dense layers, a logistic regression."""

    name: str = setting("kmers", "type of network", choices=tuple(NETWORKS))
    longest: int = setting(4, "length of the longest k-mers; shorter ones are counted, too", minimum=1, maximum=8)

    def __post_init__(self) -> None:
        """See `Settings`; also refuses dropout on features, which this network does not use."""
        super().__post_init__()
        if self.dropout_input:
            problem = "has no effect in the network kmers; use network.dropout_dense"
            raise SettingError("network.dropout_input", self.dropout_input, problem=problem)

    @property
    def longest_kmer(self) -> int:
        """Length of the longest k-mers whose shares the head sees in place of a profile; 0 for none."""
        return self.longest


_CONFIGS: Mapping[str, type[NetworkConfig]] = {
    "dense": DenseConfig,
    "cnn": CnnConfig,
    "parallel": ParallelConfig,
    "recurrent": RecurrentConfig,
    "hybrid": HybridConfig,
    "kmers": KmersConfig,
}


def network_config(values: Mapping[str, Any]) -> NetworkConfig:
    """Returns the settings of the network that `values["name"]` names.

    Raises:
        SettingError: there is no such network, or a setting is wrong.
    """
    return network_kind(values).from_dict(values, prefix="network.")


def network_kind(values: Mapping[str, Any]) -> type[NetworkConfig]:
    """Returns the class of the settings of the network that `values["name"]` names.

    Raises:
        SettingError: there is no such network.
    """
    name = values.get("name", "cnn")
    if not isinstance(name, str) or name not in _CONFIGS:
        raise SettingError("network.name", name, choices=_CONFIGS)
    return _CONFIGS[name]
