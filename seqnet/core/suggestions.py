"""The names that a mistyped one may have meant: of commands, options, settings and choices."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean", "nearest"]

_SHORT = 3
"""Maximum number of letters of an abbreviation; with so few letters, similar spellings are chance."""


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Returns up to three known names that are most similar to a word, best first.

    A name is similar to a word if the word consists of its initials (lr, learning_rate), is spelled similarly, or is
    one of its parts (decay, weight_decay).
    """
    names = {_plain(name): name for name in known}
    plain = _plain(word)
    found = []
    if len(plain) <= _SHORT:
        found = [name for name in names if "".join(part[:1] for part in name.split("_")) == plain]
    if not found:
        from difflib import get_close_matches  # which the start of a command does not need

        found = get_close_matches(plain, names)
    found = found or [name for name in names if plain in name.split("_")]
    return [names[name] for name in found[:3]]


def did_you_mean(words: Iterable[str]) -> str:
    """Returns the question, or nothing where there are no words."""
    text = " or ".join(words)
    return f"did you mean {text}?" if text else ""


def _plain(name: str) -> str:
    return name.lower().strip("-").replace("-", "_")
