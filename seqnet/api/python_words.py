"""Errors and messages of the library in the words of Python: keyword arguments in place of options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from seqnet.core.errors import SeqnetError, SettingError
from seqnet.core.printable import shortened

__all__ = ["in_python", "python_words", "words_of_python"]

_SECTIONS_OF_OPTIONS = (
    "audit",
    "distill",
    "encode",
    "evaluate",
    "explain",
    "motifs",
    "predict",
    "read",
    "scan",
    "tune",
    "words",
)
"""Sections whose settings are keyword arguments; those of other sections are named in `settings`."""

_OPTION = re.compile(
    r"--([a-z]+(?:-[a-z]+)*)"
    r"(?: (auto|dna|rna|protein|float32|mask|skip|remove|never|similarity|balanced|mcc|CDS|mutagenesis|integrated)\b)?"
)
_USE = re.compile(r"\buse (?=--)")
_CLASS = re.compile(r"--class ([\w.]+)=([\w.@]+)")
_SET = re.compile(r"--set ([\w.]+)=(\w+)")
_COMMAND = re.compile(r"\bseqnet (train|encode|evaluate)\b")
_KEYWORDS = {
    "class": "classes",
    "force": "force=True",
    "from": "start",
    "no-baselines": "baselines=False",
    "resume": "resume=True",
}
"""Option → keyword, where the names differ by more than hyphens."""


@contextmanager
def python_words(phrases: Mapping[str, str] = MappingProxyType({})) -> Iterator[None]:
    """Makes errors name keyword arguments instead of options of the command line.

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
    if section in _SECTIONS_OF_OPTIONS or not dot:
        return "target" if last == "class" else last.replace("-", "_")
    return section if last == "name" else name


def words_of_python(text: str) -> str:
    """Returns a message with `max_error` for `--max-error`, and `alphabet="dna"` for `--alphabet dna`."""

    def keyword(found: re.Match[str]) -> str:
        name = _KEYWORDS.get(found[1]) or found[1].replace("-", "_")
        return f'{name}="{found[2]}"' if found[2] else name

    text = _SET.sub(r'settings={"\1": "\2"}', text)
    text = _CLASS.sub(r'classes={"\1": "\2"}', _COMMAND.sub(r"seqnet.\1", _USE.sub("pass ", text)))
    return _OPTION.sub(keyword, text)
