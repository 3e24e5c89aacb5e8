"""The settings that --set knows, of all networks: for hints and for completion."""

from __future__ import annotations

import dataclasses
from typing import Any

__all__ = ["renamed_settings", "setting_fields", "setting_values"]


def setting_fields() -> dict[str, dataclasses.Field[Any]]:
    """Returns section.name → field of each setting; one that several networks have is that of the first."""
    from seqnet.configs.encoders import EncoderConfig
    from seqnet.configs.networks import NETWORKS, network_config
    from seqnet.configs.settings import Settings
    from seqnet.configs.training import AugmentationConfig, TrainingConfig

    networks: list[type[Settings]] = [type(network_config({"name": name})) for name in NETWORKS]
    found: dict[str, dataclasses.Field[Any]] = {}
    kinds: list[type[Settings]] = [TrainingConfig, AugmentationConfig, EncoderConfig, *networks]
    for kind in kinds:
        for field in dataclasses.fields(kind):
            if field.name != "name":
                found.setdefault(f"{kind.section}.{field.name}", field)
    return found


def renamed_settings() -> dict[str, str]:
    """Returns former name → name of each setting that was renamed, without sections."""
    fields = setting_fields().values()
    return {field.metadata["formerly"]: field.name for field in fields if field.metadata["formerly"]}


def setting_values(field: dataclasses.Field[Any]) -> list[str]:
    """Returns the words that a setting may have; empty where it is a number, a list or any text."""
    if isinstance(field.default, bool):
        return ["true", "false"]
    return list(field.metadata.get("choices", ()))
