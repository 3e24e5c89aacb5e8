"""Every kind of network with its settings, and the table of them.

The table names classes by import path, so that the command line knows the choices without importing torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
from seqnet.core.printable import counted

__all__ = [
    "ACTIVATIONS",
    "LONGEST_WINDOW",
    "NETWORKS",
    "CnnConfig",
    "ConvolutionConfig",
    "DenseConfig",
    "HybridConfig",
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

    name: str = setting("dense", "network", choices=tuple(NETWORKS))
    dense: tuple[int, ...] = setting(
        (100,), "units of the dense layers before the output", minimum=1, maximum=WIDEST, most=DEEPEST
    )

    @property
    def flattens(self) -> bool:
        """Whether the network takes inputs of one length only."""
        return True


@dataclass(frozen=True)
class ConvolutionConfig(NetworkConfig):
    """A stack of convolutions; the lists have one entry per layer."""

    filters: tuple[int, ...] = setting((64,), "filters of each convolution", minimum=1, maximum=WIDEST, most=DEEPEST)
    kernels: tuple[int, ...] = setting(
        (4,), "kernel width of each convolution, in symbols", minimum=1, maximum=REACH, most=DEEPEST
    )
    dilations: tuple[int, ...] = setting(
        (), "dilation of each convolution; an empty list for 1", minimum=1, maximum=REACH, most=DEEPEST
    )
    pools: tuple[int, ...] = setting(
        (2,), "width of the max pooling after each convolution; 1 for none", minimum=1, maximum=REACH, most=DEEPEST
    )
    padding: str = setting("same", "same: pad at the ends; valid: whole kernels only", choices=("same", "valid"))
    activation: str = setting("relu", "activation of the convolutions", choices=ACTIVATIONS)
    norm: str = setting("none", "normalisation after each convolution", choices=("none", "batch", "layer"))
    residual: bool = setting(
        False, "add the input of each convolution to its output, with a projection if the widths differ"
    )
    dropout_conv: float = setting(0.0, "dropout of whole channels after each convolution", minimum=0, below=1)

    def __post_init__(self) -> None:
        """See `Settings`; also checks that the lists are of one length."""
        super().__post_init__()
        count = len(self.filters)
        for name in ("kernels", "dilations", "pools"):
            if len(getattr(self, name)) not in ((0, count) if name == "dilations" else (count,)):
                raise SettingError(
                    f"network.{name}",
                    list(getattr(self, name)),
                    f"a list of {counted(count, 'numbers')}, one for each of network.filters",
                )
        for kernel, dilation in zip(self.kernels, self.dilations, strict=False):
            if (kernel - 1) * dilation > REACH:
                problem = f"are too large: (kernel width - 1) × dilation must be at most {REACH:,}"
                raise SettingError("network.dilations", list(self.dilations), problem=problem)
        if self.padding == "valid" and not self.flattens:
            raise SettingError(
                "network.padding", "valid", problem="must be 'same' in a network that takes sequences of any length"
            )
        if self.padding == "valid" and self.residual:
            raise SettingError("network.residual", True, problem="can't be true where network.padding is 'valid'")


_SUMMARIES = ("mean", "max", "attention")


@dataclass(frozen=True)
class CnnConfig(ConvolutionConfig):
    """Convolutions, then the whole window or a summary of it, then dense layers."""

    name: str = setting("cnn", "network", choices=tuple(NETWORKS))
    dense: tuple[int, ...] = setting(
        (256,), "units of the dense layers before the output", minimum=1, maximum=WIDEST, most=DEEPEST
    )
    summary: tuple[str, ...] = setting(
        ("max",), "how positions are summarised: flatten, or one or more of mean, max, attention"
    )

    def __post_init__(self) -> None:
        """See `Settings`; also checks the summary."""
        super().__post_init__()
        check_summary(self.summary, ("flatten", *_SUMMARIES))

    @property
    def flattens(self) -> bool:
        """Whether the network takes inputs of one length only."""
        return self.summary == ("flatten",)


@dataclass(frozen=True)
class ParallelConfig(NetworkConfig):
    """Convolutions of several widths side by side, each summed up by its maximum."""

    name: str = setting("parallel", "network", choices=tuple(NETWORKS))
    filters: tuple[int, ...] = setting(
        (64, 64, 64), "filters of each convolution", minimum=1, maximum=WIDEST, most=DEEPEST
    )
    kernels: tuple[int, ...] = setting(
        (3, 7, 11), "kernel width of each convolution, in symbols", minimum=1, maximum=REACH, most=DEEPEST
    )
    activation: str = setting("relu", "activation of the convolutions", choices=ACTIVATIONS)
    dense: tuple[int, ...] = setting(
        (128,), "units of the dense layers before the output", minimum=1, maximum=WIDEST, most=DEEPEST
    )

    def __post_init__(self) -> None:
        """See `Settings`; also checks that the lists are of one length."""
        super().__post_init__()
        if len(self.kernels) != len(self.filters):
            raise SettingError(
                "network.kernels",
                list(self.kernels),
                f"a list of {counted(len(self.filters), 'numbers')}, one for each of network.filters",
            )


@dataclass(frozen=True)
class RecurrentConfig(NetworkConfig):
    """A recurrent network, many to one: its last state goes to the head."""

    name: str = setting("recurrent", "network", choices=tuple(NETWORKS))
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

    name: str = setting("hybrid", "network", choices=tuple(NETWORKS))
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
        "profile: add the composition of this many first and of as many last symbols; a list of lengths",
        minimum=1,
        maximum=REACH,
        most=DEEPEST,
        needs=_PROFILE,
        formerly="profile_spans",
    )
    profile_ends: int = setting(
        0, "profile: add this many symbols at either end, one by one", minimum=0, maximum=10_000, needs=_PROFILE
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
    tree_leaves: int = setting(15, "maximum number of leaves of a tree", minimum=2, maximum=64, needs=_TREES)
    tree_rate: float = setting(0.05, "learning rate of the trees", above=0, maximum=1, needs=_TREES)
    tree_descriptors: str = setting(
        "none",
        "proteins: physico-chemical descriptors that the trees use beside the profile",
        choices=DESCRIPTORS,
        needs=_TREES,
    )

    def __post_init__(self) -> None:
        """See `Settings`; also checks the summary, and that trees have a profile to look at."""
        super().__post_init__()
        check_summary(self.summary, _SUMMARIES)
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
        return TreesConfig(self.trees, self.tree_leaves, self.tree_rate, self.tree_descriptors)


_CONFIGS: Mapping[str, type[NetworkConfig]] = {
    "dense": DenseConfig,
    "cnn": CnnConfig,
    "parallel": ParallelConfig,
    "recurrent": RecurrentConfig,
    "hybrid": HybridConfig,
}


def check_summary(summary: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    """Checks the ways in which positions are summed up.

    Raises:
        SettingError: one is unknown, there is none, or `flatten` is not alone.
    """
    known = bool(summary) and all(name in allowed for name in summary)
    if not known or ("flatten" in summary and len(summary) > 1):
        raise SettingError("network.summary", list(summary), "a list of one or more of " + ", ".join(allowed))


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
