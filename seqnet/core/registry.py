"""Tables of named choices whose modules are imported when they are used.

A `Registry` maps a name to an import path and a help line. Command-line choices, `--help`, contract tests and the
reference page read this table. Nothing registers itself.
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
        help: one line of help.
    """

    target: str
    help: str


class Registry:
    """A table of named choices.

    Args:
        kind: what the choices are, for error messages.
        choices: name → row, in the order of the help text.
    """

    def __init__(self, kind: str, choices: Mapping[str, Choice]) -> None:
        self.kind = kind
        self.choices = dict(choices)

    def __iter__(self) -> Iterator[str]:
        return iter(self.choices)

    def __contains__(self, name: object) -> bool:
        return name in self.choices

    def load(self, name: str) -> Any:
        """Imports the module of a choice and returns the object.

        Raises:
            SettingError: the table has no such name.
        """
        if name not in self.choices:
            raise SettingError(self.kind, name, choices=self.choices)
        module, attribute = self.choices[name].target.split(":")
        return getattr(import_module(module), attribute)
