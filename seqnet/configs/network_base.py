"""The settings that all networks have, and the largest sizes that settings may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from seqnet.configs.settings import Needs, Settings, setting
from seqnet.core.errors import SettingError
from seqnet.core.registry import Choice, Registry

__all__ = [
    "ACTIVATIONS",
    "DEEPEST",
    "DESCRIPTORS",
    "LONGEST_WINDOW",
    "NETWORKS",
    "REACH",
    "WIDEST",
    "NetworkConfig",
    "ProfileConfig",
    "TreesConfig",
]

LONGEST_WINDOW = 100_000_000
"""Symbols that a network may be asked to see at once; no chromosome is longer by much."""

WIDEST = 65_536
DEEPEST = 64
REACH = 1 << 17
"""Units or filters of a layer, layers, and symbols that the kernel of a convolution spans, at most.

A network is made of its settings before its weights are looked at, so that these have bounds far above what is of use.
"""

DESCRIPTORS = ("none", "protein-1")
"""Sets of physico-chemical descriptors for trees; a set never changes, so that a model keeps its predictions."""

ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "identity")

NETWORKS = Registry(
    "network",
    {
        "dense": Choice("seqnet.nn.networks.dense:DenseNetwork", "flatten, then dense layers"),
        "cnn": Choice("seqnet.nn.networks.cnn:ConvolutionalNetwork", "a stack of convolutions and poolings"),
        "parallel": Choice("seqnet.nn.networks.cnn:ParallelNetwork", "convolutions of several widths side by side"),
        "recurrent": Choice("seqnet.nn.networks.recurrent:RecurrentNetwork", "a simple recurrent, LSTM or GRU network"),
        "hybrid": Choice("seqnet.nn.networks.hybrid:HybridNetwork", "convolutions, then a recurrent network"),
        "kmers": Choice("seqnet.nn.networks.kmers:KmerNetwork", "dense layers on the shares of k-mers"),
    },
)


class ProfileConfig(NamedTuple):
    """What a profile of a sequence has beside composition and log length.

    Attributes:
        end_composition: numbers of symbols at either end whose composition it has.
        ends: how many symbols at either end it has one by one.
        pairs: whether it has the shares of neighbouring pairs.
    """

    end_composition: tuple[int, ...]
    ends: int
    pairs: bool


class TreesConfig(NamedTuple):
    """The boosted trees beside a network.

    Attributes:
        rounds: trees for each logit.
        leaves: leaves of a tree, at most.
        depth: decisions from the root to a leaf, at most.
        rate: part of what each tree finds that is taken.
        share: share of the features among which each node chooses.
        weight: weight of the trees' logits in the mean with the network's.
        descriptors: set of descriptors that the trees have beside the profile, one of `DESCRIPTORS`.
    """

    rounds: int
    leaves: int
    depth: int
    rate: float
    share: float
    weight: float
    descriptors: str


@dataclass(frozen=True)
class NetworkConfig(Settings):
    """What all networks have: an input window and a head of dense layers."""

    section: ClassVar[str] = "network"

    name: str = setting("cnn", "type of network", choices=tuple(NETWORKS))
    window: int | None = setting(
        None,
        "input length of a network that flattens [default: the longest training sequence]",
        minimum=1,
        maximum=LONGEST_WINDOW,
    )
    strands: str = setting(
        "auto", "DNA: predict from both strands or from one; auto uses both", choices=("auto", "both", "single")
    )
    dropout_input: float = setting(0.0, "dropout on the features", minimum=0, below=1)
    dense: tuple[int, ...] = setting(
        (), "units of the dense layers before the output", minimum=1, maximum=WIDEST, most=DEEPEST
    )
    dense_activation: str = setting(
        "relu", "activation of the dense layers", choices=ACTIVATIONS, needs=[Needs("dense"), Needs("profile_units")]
    )
    dropout_dense: tuple[float, ...] = setting(
        (),
        "dropout before each dense layer and before the output; one rate for all, or a list",
        minimum=0,
        below=1,
        most=DEEPEST + 1,
    )
    head: str = setting(
        "softmax",
        "output: softmax has a unit for each class, sigmoid one for two classes",
        choices=("softmax", "sigmoid"),
    )

    def __post_init__(self) -> None:
        """See `Settings`; also checks the number of dropout rates."""
        super().__post_init__()
        if len(self.dropout_dense) not in (0, 1, len(self.dense) + 1):
            expected = f"one rate, or {len(self.dense) + 1} rates: before each dense layer, and before the output"
            raise SettingError("network.dropout_dense", list(self.dropout_dense), expected)

    @property
    def flattens(self) -> bool:
        """Whether the network takes inputs of one length only."""
        return False

    @property
    def profile(self) -> ProfileConfig | None:
        """What the head sees of the sequence beside what the layers before it found; None for nothing."""
        return None

    @property
    def longest_kmer(self) -> int:
        """Length of the longest k-mers whose shares the head sees in place of a profile; 0 for none."""
        return 0

    @property
    def boosted(self) -> TreesConfig | None:
        """The trees whose logits are averaged with the network's; None for none."""
        return None
