"""Keyword arguments → settings, and errors in the words of Python.

The keywords are the fields of the classes of settings, which hold default, help and bounds; the typed dictionaries here
are for type checkers and editors, and a test keeps them in step.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypedDict, TypeVar

import numpy as np

from seqnet.configs.prediction import PredictOptions
from seqnet.configs.readers import ReadOptions
from seqnet.configs.settings import Settings
from seqnet.core.errors import SettingError, UnknownSettingError
from seqnet.core.processors import usable_processors

__all__ = [
    "EmbedKeywords",
    "EvaluateKeywords",
    "Kind",
    "PredictFileKeywords",
    "PredictKeywords",
    "ReadKeywords",
    "ScanKeywords",
    "as_listener",
    "as_path",
    "check_keywords",
    "checked_threads",
    "embed_options",
    "names_of",
    "plain_number",
    "predict_options",
    "read_options",
    "scan_options",
    "settings_from",
]

Kind = TypeVar("Kind", bound=Settings)

_OF_THE_MODEL = {"precision", "threads"}
"""Settings that a `Model` has once."""
_NOT_OF_PREDICTION = {"columns", "originals", "part_end", "part_start", "some_unused"}


class EmbedKeywords(TypedDict, total=False):
    """Keyword arguments of `Model.embed`: see `PredictOptions`."""

    alphabet: str
    unknown: str


class ScanKeywords(EmbedKeywords, total=False):
    """Keyword arguments of `Model.scan`: see `PredictOptions`."""

    vote: bool
    expected_fraction: Mapping[str, float]


class PredictKeywords(EmbedKeywords, total=False):
    """Keyword arguments of `Model.predict`: see `PredictOptions`."""

    vote: bool
    max_error: float | None
    expected_fraction: Mapping[str, float] | Literal["auto"]


class ReadKeywords(TypedDict, total=False):
    """How files are read: see `ReadOptions`."""

    region: str | None
    min_mapq: int
    reference: str | os.PathLike[str] | None
    name_column: str | None
    sequence_column: str
    gaps: str
    feature: str | None
    translate: bool
    batch_bytes: int
    reader_process: str


class PredictFileKeywords(PredictKeywords, ReadKeywords, total=False):
    """Keyword arguments of `Model.predict_file`."""


class EvaluateKeywords(TypedDict, total=False):
    """Keyword arguments of `evaluate`: see `EvaluationOptions`."""

    replicates: int
    confidence: float
    seed: int


def names_of(kind: type[Settings]) -> list[str]:
    """Returns the names of the settings that are keyword arguments of predictions and explanations."""
    hidden = _OF_THE_MODEL | _NOT_OF_PREDICTION
    return [field.name for field in dataclasses.fields(kind) if field.name not in hidden]


def predict_options(keywords: Mapping[str, Any], precision: str) -> PredictOptions:
    """Returns how decisions are made.

    Args:
        keywords: those of `PredictKeywords`.
        precision: of the model.

    Raises:
        SettingError: there is no such keyword, or a value is not allowed.
    """
    return settings_from(PredictOptions, keywords, names_of(PredictOptions), precision=precision)


def embed_options(keywords: Mapping[str, Any], precision: str) -> PredictOptions:
    """Returns how sequences are read for embeddings, which no decision changes.

    Raises:
        SettingError: there is no such keyword, it has no effect on embeddings, or a value is not allowed.
    """
    for name in ("vote", "max_error", "expected_fraction"):
        _check_effect(keywords, name, "embeddings")
    return predict_options(keywords, precision)


def scan_options(keywords: Mapping[str, Any], precision: str) -> PredictOptions:
    """Returns how the probabilities of windows are made; windows have no labels.

    Raises:
        SettingError: there is no such keyword, it has no effect on windows, or a value is not allowed.
    """
    _check_effect(keywords, "max_error", "windows, which have no labels")
    if keywords.get("expected_fraction") == "auto":
        raise SettingError("expected_fraction", "auto", "a mapping of class to fraction, such as {'human': 0.1}")
    return predict_options(keywords, precision)


def _check_effect(keywords: Mapping[str, Any], name: str, what: str) -> None:
    if keywords.get(name):
        raise SettingError(name, keywords[name], problem=f"has no effect on {what}")


def read_options(keywords: Mapping[str, Any], precision: str, threads: int) -> tuple[ReadOptions, PredictOptions]:
    """Returns how a file is read and how decisions are made.

    Args:
        keywords: those of `PredictFileKeywords`.
        precision: of the model.
        threads: of the model.

    Raises:
        SettingError: there is no such keyword, or a value is not allowed.
    """
    of_reading, of_decisions = names_of(ReadOptions), names_of(PredictOptions)
    check_keywords(keywords, [*of_decisions, *of_reading])
    read = {name: value for name, value in keywords.items() if name in of_reading}
    decide = {name: value for name, value in keywords.items() if name in of_decisions}
    return settings_from(ReadOptions, read, of_reading, threads=threads), predict_options(decide, precision)


def settings_from(kind: type[Kind], keywords: Mapping[str, Any], known: list[str], **more: Any) -> Kind:
    """Returns the settings of `kind` with the values of keyword arguments.

    Raises:
        UnknownSettingError: a keyword is not among the known ones.
        SettingError: a value is not allowed.
    """
    check_keywords(keywords, known)
    return kind(**{name: _plain(name, value) for name, value in keywords.items()}, **more)


def check_keywords(keywords: Mapping[str, Any], known: list[str]) -> None:
    """Raises `UnknownSettingError` for a keyword that is not among the known ones."""
    for name, value in keywords.items():
        if name not in known:
            raise UnknownSettingError(name, value, known)


def _plain(name: str, value: Any) -> Any:
    """Returns a value as settings have it: paths as text, numbers as Python's, fractions by class as CLASS=F."""
    if name == "expected_fraction":
        if value == "auto":
            return ("auto",)
        if not isinstance(value, Mapping):
            raise SettingError(name, value, "a mapping of class to fraction, such as {'human': 0.1}")
        return tuple(f"{key}={_fraction(name, key, fraction)!r}" for key, fraction in value.items())
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return plain_number(value)


def _fraction(name: str, key: object, value: Any) -> float:
    """Returns the expected fraction of a class.

    Raises:
        SettingError: it is not between 0 and 1.
    """
    if not isinstance(value, int | float | np.integer | np.floating) or not 0 < value < 1:
        raise SettingError(f'{name}["{key}"]', value, "a number between 0 and 1")
    return float(value)


def plain_number(value: Any) -> Any:
    """Returns a value, numbers of NumPy as Python's."""
    return value.item() if isinstance(value, np.generic) else value


def as_path(value: object, name: str = "path", expected: str = "text or a pathlib.Path") -> Path:
    """Returns a path that is given as text or as a path.

    Args:
        value: what is given.
        name: the argument that it is given as.
        expected: what may be given.

    Raises:
        SettingError: it is something else.
    """
    if not isinstance(value, str | os.PathLike) or not isinstance(os.fspath(value), str):
        raise SettingError(name, value, expected)
    return Path(os.fspath(value))


def as_listener(progress: Callable[[str], None] | None) -> Callable[[str], None]:
    """Returns what takes the lines of progress: what is given, or a function that does nothing.

    Raises:
        SettingError: it can't be called.
    """
    if progress is not None and not callable(progress):
        raise SettingError("progress", progress, "a function that takes a line, such as print, or None")
    return progress or (lambda line: None)


def checked_threads(threads: int | None) -> int:
    """Returns the number of threads to compute with: as given, or as many as the process may use processors.

    Raises:
        SettingError: it is not allowed.
    """
    count: int = ReadOptions.check("threads", usable_processors() if threads is None else plain_number(threads))
    return count
