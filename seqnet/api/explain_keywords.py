"""Keyword arguments of explanations → settings; see `keywords`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple, TypedDict

from seqnet.api.keywords import Kind, ReadKeywords, check_keywords, names_of, settings_from
from seqnet.configs.explanation import ExplainOptions
from seqnet.configs.motifs import MotifOptions, WordOptions
from seqnet.configs.readers import ReadOptions
from seqnet.explanation.survey import LabelSource

__all__ = [
    "ExplainFileKeywords",
    "ExplainKeywords",
    "ExplainedFileOptions",
    "MotifKeywords",
    "WordKeywords",
    "explain_file_options",
    "explain_options",
    "motif_options",
    "word_options",
]


class ExplainKeywords(TypedDict, total=False):
    """Keyword arguments of `Model.explain`: see `ExplainOptions`."""

    method: str
    steps: int
    target: str | None
    alphabet: str
    unknown: str


class MotifKeywords(ExplainKeywords, total=False):
    """Keyword arguments of `Model.motifs`: those of `Model.explain`, and `MotifOptions`."""

    motif_records: int
    motif_window: int | None
    motif_shuffle: str | None
    motif_fdr: float
    motif_q: float
    motif_effect: float
    motif_sites: int
    seed: int


class WordKeywords(TypedDict, total=False):
    """Keyword arguments of `Model.words`: see `WordOptions` and `ExplainOptions`."""

    word_length: int | None
    word_q: float
    alphabet: str
    unknown: str


class ExplainFileKeywords(MotifKeywords, ReadKeywords, total=False):
    """Keyword arguments of `explain_files`: also those of words, labels and reading."""

    word_length: int | None
    word_q: float
    label_column: str | None
    label_regex: str | None
    labels: str | os.PathLike[str] | None


class ExplainedFileOptions(NamedTuple):
    """The settings of `explain_files`: of attributions, motifs, words, true classes and reading."""

    explain: ExplainOptions
    motifs: MotifOptions
    words: WordOptions
    labels: LabelSource
    read: ReadOptions


def explain_options(keywords: Mapping[str, Any]) -> ExplainOptions:
    """Returns what is explained, and how.

    Args:
        keywords: those of `ExplainKeywords`.

    Raises:
        SettingError: there is no such keyword, or a value is not allowed.
    """
    return settings_from(ExplainOptions, keywords, names_of(ExplainOptions))


def motif_options(keywords: Mapping[str, Any]) -> tuple[ExplainOptions, MotifOptions]:
    """Returns what is explained, and what counts as a motif.

    Args:
        keywords: those of `MotifKeywords`.

    Raises:
        SettingError: there is no such keyword, or a value is not allowed.
    """
    explained, motifs = names_of(ExplainOptions), names_of(MotifOptions)
    check_keywords(keywords, [*explained, *motifs])
    ours = {name: value for name, value in keywords.items() if name in motifs}
    others = {name: value for name, value in keywords.items() if name in explained}
    return explain_options(others), settings_from(MotifOptions, ours, motifs)


def word_options(keywords: Mapping[str, Any]) -> tuple[ExplainOptions, WordOptions]:
    """Returns how sequences are read, and which words are listed.

    Args:
        keywords: those of `WordKeywords`.

    Raises:
        SettingError: there is no such keyword, or a value is not allowed.
    """
    words = names_of(WordOptions)
    check_keywords(keywords, [*words, "alphabet", "unknown"])
    ours = {name: value for name, value in keywords.items() if name in words}
    others = {name: value for name, value in keywords.items() if name not in words}
    return explain_options(others), settings_from(WordOptions, ours, words)


def explain_file_options(keywords: Mapping[str, Any], threads: int) -> ExplainedFileOptions:
    """Returns all settings of `explain_files`.

    Args:
        keywords: those of `ExplainFileKeywords`.
        threads: of the model.

    Raises:
        SettingError: there is no such keyword, or a value is not allowed.
    """
    kinds = (ExplainOptions, MotifOptions, WordOptions, ReadOptions)
    check_keywords(keywords, [*(name for kind in kinds for name in names_of(kind)), *_LABELS])

    def of(kind: type[Kind], **more: Any) -> Kind:
        known = names_of(kind)
        own = {name: value for name, value in keywords.items() if name in known}
        return settings_from(kind, own, known, **more)

    labels = {name: os.fspath(keywords[name]) for name in _LABELS if keywords.get(name) is not None}
    read = of(ReadOptions, threads=threads)
    return ExplainedFileOptions(of(ExplainOptions), of(MotifOptions), of(WordOptions), LabelSource(**labels), read)


_LABELS = ("label_column", "label_regex", "labels")
"""Where true classes are; see `LabelSource`."""
