"""Settings and weights of the members of a mixture: an ensemble whose networks are of different kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqnet.configs.run import RunConfig

__all__ = ["MemberConfig", "described", "mixture_of", "mixture_text"]


@dataclass(frozen=True)
class MemberConfig:
    """One network of a mixture.

    Attributes:
        config: the settings of its training.
        weight: its share of the mean over networks; the weights of all networks add up to 1.
    """

    config: RunConfig
    weight: float


def described(mixture: Sequence[MemberConfig]) -> list[dict[str, Any]]:
    """Returns a mixture as JSON values."""
    return [{"config": one.config.to_dict(), "weight": one.weight} for one in mixture]


def mixture_of(values: Sequence[Mapping[str, Any]]) -> tuple[MemberConfig, ...]:
    """Returns the mixture of JSON values.

    Raises:
        SettingError: a setting is unknown or wrong.
    """
    return tuple(MemberConfig(RunConfig.from_file(one["config"]), float(one["weight"])) for one in values)


def mixture_text(mixture: Sequence[MemberConfig]) -> str:
    """Returns the kind and weight of each network, such as `2: hybrid 0.61, cnn 0.39; …`."""
    kinds = ", ".join(f"{one.config.network.name} {one.weight:.2f}" for one in mixture)
    return f"{len(mixture)}: {kinds}; probabilities are their weighted mean"
