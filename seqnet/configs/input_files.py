"""The files that settings name, which no output may replace."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from seqnet.configs.run import RunConfig

__all__ = ["language_model_files", "named_files"]


def named_files(run: RunConfig | None) -> list[Path]:
    """Returns the files that the settings of a run name: those in the folder of its language model."""
    return [] if run is None else language_model_files([run.encoder.model])


def language_model_files(names: Iterable[str]) -> list[Path]:
    """Returns the files of the language models that are folders; other names are of a hub, or empty."""
    folders = [Path(name).expanduser() for name in names if name]
    return [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
