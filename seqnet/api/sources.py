"""Paths and classes, as programs give them → where records come from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from seqnet.api.keywords import as_path
from seqnet.core.errors import SettingError
from seqnet.datasets.encoding import ClassSource
from seqnet.datasets.splits import SPLITS

__all__ = ["GivenFiles", "Source", "class_sources", "paths", "split_sources"]

Source = str | os.PathLike[str]
"""A file, as text or as a path."""

GivenFiles = Source | Iterable[Source] | Mapping[str, Source | Iterable[Source]]
"""The files of a split: one or more, or class → one or more."""


def class_sources(classes: Mapping[str, Source | Iterable[Source]]) -> list[ClassSource]:
    """Returns where the records of classes come from.

    Args:
        classes: class → its file or files, or a generator: text such as "@uniform". What is a path and no text is a
            file, whatever its name.

    Raises:
        SettingError: it is no such mapping, or there is no such generator.
    """
    if not isinstance(classes, Mapping):
        raise SettingError(
            "classes", classes, "a mapping of class to file, such as {'human': 'reads.bam', 'random': '@uniform'}"
        )
    sources = []
    for label, given in classes.items():
        if not isinstance(label, str):
            raise SettingError("classes", label, "named by text")
        for one in _several(given):
            path, generated = _text(one), isinstance(one, str) and one.startswith("@")
            source = ClassSource.parse(f"class={path}") if generated else ClassSource(None, path=path)
            sources.append(replace(source, label=label.strip()))
    return sources


def split_sources(split: str, given: GivenFiles) -> list[ClassSource]:
    """Returns where the records of a split come from.

    Raises:
        SettingError: it is neither files nor a mapping of class to files, or a class has a generator.
    """
    if isinstance(given, Mapping):
        sources = class_sources(given)
    else:
        sources = [ClassSource(None, path=path) for path in paths(given)]
    if any(source.generator for source in sources):
        problem = "takes files; give a generator with classes, and its records get the splits of the real ones"
        raise SettingError(split, given, problem=problem)
    return [replace(source, split=SPLITS.index(split)) for source in sources]


def paths(inputs: Source | Iterable[Source]) -> list[str]:
    """Returns one or more paths as text.

    Raises:
        SettingError: one is neither text nor a path.
    """
    return [_text(one) for one in _several(inputs)]


def _several(given: Any) -> list[Any]:
    return [given] if isinstance(given, str | os.PathLike) or not isinstance(given, Iterable) else list(given)


def _text(path: Any) -> str:
    return path if isinstance(path, str) else os.fspath(as_path(path))
