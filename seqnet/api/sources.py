"""Paths and classes, as programs give them → where records come from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace

from seqnet.api.keywords import as_path
from seqnet.core.errors import SettingError
from seqnet.datasets.encoding import ClassSource

__all__ = ["Source", "class_sources", "paths"]

Source = str | os.PathLike[str]
"""A file, as text or as a path."""


def class_sources(classes: Mapping[str, Source | Iterable[Source]]) -> list[ClassSource]:
    """Returns where the records of classes come from.

    Args:
        classes: class → its file or files, or a generator: text such as "@uniform". What is a path and no text is a
            file, whatever its name.

    Raises:
        SettingError: it is no such mapping, or there is no such generator.
    """
    if not isinstance(classes, Mapping):
        raise SettingError("classes", classes, "class → file, such as {'human': 'reads.bam', 'random': '@uniform'}")
    sources = []
    for label, given in classes.items():
        if not isinstance(label, str):
            raise SettingError("classes", label, "text as the name of a class")
        for one in [given] if isinstance(given, str | os.PathLike) else given:
            generated = isinstance(one, str) and one.startswith("@")
            (path,) = paths(one)
            source = ClassSource.parse(f"class={path}") if generated else ClassSource(None, path=path)
            sources.append(replace(source, label=label.strip()))
    return sources


def paths(inputs: Source | Iterable[Source]) -> list[str]:
    """Returns one or more paths as text.

    Raises:
        SettingError: one is neither text nor a path.
    """
    several = [inputs] if isinstance(inputs, str | os.PathLike) else list(inputs)
    return [os.fspath(one) if isinstance(one, str | os.PathLike) else str(as_path(one)) for one in several]
