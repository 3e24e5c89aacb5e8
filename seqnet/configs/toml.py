"""Settings as TOML text, which `run.compose` reads back to the same settings."""

from __future__ import annotations

import json
from typing import Any

from seqnet.configs.run import RunConfig

__all__ = ["run_toml", "toml_value"]


def toml_value(value: Any) -> str:
    """Returns a truth value, number, word or list of these as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for one character that JSON leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


def run_toml(config: RunConfig, description: str, source: str) -> str:
    """Returns all settings of a run as TOML, under what it says about itself; a setting without a value is left out."""
    lines = [f"description = {toml_value(description)}", f"source = {toml_value(source)}"]
    for section, settings in config.to_dict().items():
        lines += ["", f"[{section}]"]
        lines += [f"{name} = {toml_value(value)}" for name, value in settings.items() if value is not None]
    return "\n".join(lines) + "\n"
