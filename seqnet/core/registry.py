"""Named choices that are imported when they are picked.

A `Registry` is a visible table of name → (import path, one-line help). Command-line choices, `--help`, contract tests
and the reference page read the table; nothing registers itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from seqnet.core.errors import SettingError

__all__ = ["Choice", "Registry"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One row of a registry.

    Attributes:
        target: `module:attribute`.
        help: one line that says what it is.
    """

    target: str
    help: str


class Registry:
    """A table of named choices.

    Args:
        kind: what the choices are, in the words of an error message.
        choices: name → row, in the order in which help shows them.
    """

    def __init__(self, kind: str, choices: Mapping[str, Choice]) -> None:
        self.kind = kind
        self.choices = dict(choices)

    def __iter__(self) -> Iterator[str]:
        return iter(self.choices)

    def __contains__(self, name: object) -> bool:
        return name in self.choices

    def load(self, name: str) -> Any:
        """Returns the object behind `name`, importing its module.

        Raises:
            SettingError: the table has no such name.
        """
        if name not in self.choices:
            raise SettingError(self.kind, name, choices=self.choices)
        module, attribute = self.choices[name].target.split(":")
        return getattr(import_module(module), attribute)
