"""Keyword arguments → settings, and errors in the words of Python.

The keywords are the fields of the classes of settings, which hold default, help and bounds; the typed dictionaries here
are for type checkers and editors, and a test keeps them in step.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypedDict, TypeVar

import numpy as np

from seqnet.configs.prediction import PredictOptions
from seqnet.configs.readers import ReadOptions
from seqnet.configs.settings import Settings
from seqnet.core.errors import SeqnetError, SettingError, UnknownSettingError
from seqnet.core.printable import shortened

__all__ = [
    "EvaluateKeywords",
    "PredictFileKeywords",
    "PredictKeywords",
    "as_listener",
    "as_path",
    "in_python",
    "plain_number",
    "predict_options",
    "python_words",
    "read_options",
    "settings_from",
    "words_of_python",
]

Kind = TypeVar("Kind", bound=Settings)

_OF_THE_MODEL = {"precision", "threads"}
"""Settings that a `Model` has once."""
_NOT_OF_PREDICTION = {"columns"}

_SECTIONS_OF_OPTIONS = ("audit", "encode", "evaluate", "predict", "read", "tune")
"""Sections whose settings are keyword arguments; those of other sections are named in `settings`."""

_OPTION = re.compile(
    r"--([a-z]+(?:-[a-z]+)*)(?: (dna|rna|protein|float32|mask|skip|remove|never|similarity|balanced|mcc|CDS)\b)?"
)
_USE = re.compile(r"\buse (?=--)")
_CLASS = re.compile(r"--class ([\w.]+)=([\w.@]+)")
_SET = re.compile(r"--set ([\w.]+)=(\w+)")
_COMMAND = re.compile(r"\bseqnet (train|encode|evaluate)\b")
_KEYWORDS = {"class": "classes", "force": "force=True", "no-baselines": "baselines=False"}
"""Option → keyword, where the names differ by more than hyphens."""


class PredictKeywords(TypedDict, total=False):
    """Keyword arguments of `Model.predict`: see `PredictOptions`."""

    alphabet: str
    unknown: str
    vote: bool
    max_error: float | None
    expected_fraction: Mapping[str, float]


class PredictFileKeywords(PredictKeywords, total=False):
    """Keyword arguments of `Model.predict_file`: see also `ReadOptions`."""

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


class EvaluateKeywords(TypedDict, total=False):
    """Keyword arguments of `evaluate`: see `EvaluationOptions`."""

    replicates: int
    confidence: float
    seed: int


def _names(kind: type[Settings]) -> list[str]:
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
    return settings_from(PredictOptions, keywords, _names(PredictOptions), precision=precision)


def read_options(keywords: Mapping[str, Any], precision: str, threads: int) -> tuple[ReadOptions, PredictOptions]:
    """Returns how a file is read and how decisions are made.

    Args:
        keywords: those of `PredictFileKeywords`.
        precision: of the model.
        threads: of the model.

    Raises:
        SettingError: there is no such keyword, or a value is not allowed.
    """
    of_reading, of_decisions = _names(ReadOptions), _names(PredictOptions)
    _check_known(keywords, [*of_decisions, *of_reading])
    read = {name: value for name, value in keywords.items() if name in of_reading}
    decide = {name: value for name, value in keywords.items() if name in of_decisions}
    return settings_from(ReadOptions, read, of_reading, threads=threads), predict_options(decide, precision)


def settings_from(kind: type[Kind], keywords: Mapping[str, Any], known: list[str], **more: Any) -> Kind:
    """Returns the settings of `kind` with the values of keyword arguments.

    Raises:
        UnknownSettingError: a keyword is not among the known ones.
        SettingError: a value is not allowed.
    """
    _check_known(keywords, known)
    return kind(**{name: _plain(name, value) for name, value in keywords.items()}, **more)


def _check_known(keywords: Mapping[str, Any], known: list[str]) -> None:
    for name, value in keywords.items():
        if name not in known:
            raise UnknownSettingError(name, value, known)


def _plain(name: str, value: Any) -> Any:
    """Returns a value as settings have it: paths as text, numbers as Python's, fractions by class as CLASS=F."""
    if name == "expected_fraction":
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


@contextmanager
def python_words(phrases: Mapping[str, str] = MappingProxyType({})) -> Iterator[None]:
    """Has errors name keyword arguments where they would name options of the command line.

    Args:
        phrases: replaces parts of problems and remedies that are of no use to the caller.
    """
    try:
        yield
    except SeqnetError as error:
        in_python(error, phrases)
        raise


def in_python(error: SeqnetError, phrases: Mapping[str, str] = MappingProxyType({})) -> None:
    """Has an error name keyword arguments; see `python_words`."""
    if isinstance(error, SettingError):
        error.rename(_keyword(error.name))
        error.expected = words_of_python(error.expected)
        if error.value is None or isinstance(error.value, bool):
            error.problem = error.problem.replace(f", not {shortened(error.value)}", f", not {error.value}")

    def reworded(text: str) -> str:
        for phrase, other in phrases.items():
            text = text.replace(phrase, other)
        return words_of_python(text)

    error.reword(reworded)


def _keyword(name: str) -> str:
    """Returns the keyword of a setting: `max_error` for `predict.max_error`, `network` for `network.name`."""
    section, dot, last = name.rpartition(".")
    if section in _SECTIONS_OF_OPTIONS:
        return last.replace("-", "_")
    if not dot:
        return last.replace("-", "_")
    return section if last == "name" else name


def words_of_python(text: str) -> str:
    """Returns a message with `max_error` for `--max-error`, and `alphabet="dna"` for `--alphabet dna`."""

    def keyword(found: re.Match[str]) -> str:
        name = _KEYWORDS.get(found[1]) or found[1].replace("-", "_")
        return f'{name}="{found[2]}"' if found[2] else name

    text = _SET.sub(r'settings={"\1": "\2"}', text)
    text = _CLASS.sub(r'classes={"\1": "\2"}', _COMMAND.sub(r"seqnet.\1", _USE.sub("pass ", text)))
    return _OPTION.sub(keyword, text)
