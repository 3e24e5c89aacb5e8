"""All errors that a user can cause, as one tree.

    SeqnetError
    ├── InputError               a file that can't be read
    │   ├── FormatError            its content breaks the format, at a line or record
    │   ├── TruncatedError         it ends too early
    │   ├── EmptyInputError        the file has no records
    │   └── SequencesError         sequences in memory can't be used
    ├── SymbolError              a symbol outside the alphabet
    ├── AlphabetMismatchError    proteins for a DNA model, or the reverse
    ├── LabelError               labels that don't fit the records
    ├── ContainerError           a file that is not a seqnet dataset, model or checkpoint, or is damaged
    ├── OutputError              a target that exists or can't be written
    ├── SettingError             a setting outside its bounds
    │   └── UnknownSettingError    there is no setting of that name
    ├── ResourceError            the machine has too little of something
    └── DownloadError            a source that can't be fetched or is not what it should be

Errors about sequences, symbols, alphabets, labels and settings are ValueErrors, too, because a program may pass them.
`SeqnetWarning` is a warning for programs; the command line prints warnings as lines.

Errors have their facts as attributes. `str(error)` is one line: `place: problem; remedy`.
A parser raises an error without the path. The layer that knows the path adds it with `error.at(path)`.
"""

from __future__ import annotations

import copyreg
from collections.abc import Callable, Iterable, Sequence
from typing import Self

from seqnet.core.printable import named_record, quoted, shortened
from seqnet.core.suggestions import did_you_mean, nearest

__all__ = [
    "GAPS",
    "AlphabetMismatchError",
    "ContainerError",
    "DownloadError",
    "EmptyInputError",
    "FormatError",
    "InputError",
    "LabelError",
    "OutputError",
    "ResourceError",
    "SeqnetError",
    "SeqnetWarning",
    "SequencesError",
    "SettingError",
    "SymbolError",
    "TruncatedError",
    "UnknownSettingError",
]


GAPS = ("-", ".", "~")
"""Symbols that stand for no residue in an alignment."""


class SeqnetError(Exception):
    """Base class of all errors that are caused by the input or the user, not by a bug.

    Attributes:
        place: file, class, source or record that the error is about; may be empty.
        problem: what is wrong, in a few words.
        remedy: what the user can do; may be empty.
    """

    def __init__(self, place: str, problem: str, remedy: str = "") -> None:
        super().__init__(place, problem, remedy)
        self.place = place
        self.problem = problem
        self.remedy = remedy

    def describe(self) -> tuple[str, str, str]:
        """Returns place, problem and remedy."""
        return self.place, self.problem, self.remedy

    def reword(self, change: Callable[[str], str]) -> None:
        """Replaces problem and remedy by `change` of them."""
        self.problem, self.remedy = change(self.problem), change(self.remedy)

    def __reduce__(self) -> tuple[object, ...]:
        """Makes pickling keep all attributes, whatever the arguments of the constructor are."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]

    def __str__(self) -> str:
        place, problem, remedy = self.describe()
        text = f"{place}: {problem}" if place else problem
        return f"{text}; {remedy}" if remedy else text


class SeqnetWarning(UserWarning):
    """A possible mistake of the user; the work continues."""


class InputError(SeqnetError):
    """A file that can't be read as the expected format.

    Attributes:
        path: the file; added by the layer that knows it.
        line: 1-based line of the file, if known.
        record: name of the record, if known.
    """

    def __init__(
        self,
        problem: str,
        remedy: str = "",
        *,
        path: str | None = None,
        line: int | None = None,
        record: str | None = None,
    ) -> None:
        super().__init__("", problem, remedy)
        self.path = path
        self.line = line
        self.record = record
        self.place = self._where()

    def at(self, path: str) -> Self:
        """Returns the same error, with the path added if it has none."""
        self.path = self.path or path
        self.place = self._where()
        return self

    def _where(self) -> str:
        parts = [self.path or ""]
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.record is not None:
            parts.append(named_record(self.record))
        return ": ".join(part for part in parts if part)


class FormatError(InputError):
    """The content of the file breaks its format."""


class TruncatedError(InputError):
    """The file ends before its content is complete."""


class EmptyInputError(InputError):
    """The file holds no records."""


class SequencesError(InputError, ValueError):
    """Sequences in memory that can't be used."""


class SymbolError(SeqnetError, ValueError):
    """A symbol outside the alphabet.

    Attributes:
        path: the file; empty if unknown.
        record: name of the record.
        position: 1-based position in the sequence.
        symbol: the unknown symbol.
        alphabet: name of the alphabet.
    """

    def __init__(self, path: str, record: str, position: int, symbol: str, alphabet: str) -> None:
        super().__init__(f"{path}: {named_record(record)}: position {position}".removeprefix(": "), "")
        self.path = path
        self.record = record
        self.position = position
        self.symbol = symbol
        self.alphabet = alphabet
        if self.is_gap:
            self.problem, self.remedy = f"{quoted(symbol)} is an alignment gap", "use --gaps remove to remove them"
        else:
            self.problem = f"symbol {quoted(symbol)} is not in the {alphabet} alphabet"
            self.remedy = "correct it, use another --alphabet, or use --unknown skip or --unknown mask"

    @property
    def is_gap(self) -> bool:
        """Whether the symbol is a gap, which stands for no residue and must not be masked."""
        return self.symbol in GAPS


class AlphabetMismatchError(SeqnetError, ValueError):
    """Sequences of another alphabet than the model or dataset has.

    Attributes:
        path: the file with the sequences.
        found: alphabet that the first records of the file look like.
        expected: alphabet of the model, or of the dataset so far.
        problem: what is wrong, if it is something else than records that look like another alphabet.
    """

    def __init__(self, path: str, found: str, expected: str, remedy: str = "", problem: str = "") -> None:
        super().__init__(
            path,
            problem or f"this looks like {found}, not {expected}",
            remedy or f"give {expected} sequences, or use a model for {found}",
        )
        self.path = path
        self.found = found
        self.expected = expected


class LabelError(SeqnetError, ValueError):
    """Labels that don't fit the records, or classes without records."""


class ContainerError(SeqnetError):
    """A dataset, model or checkpoint that is not a seqnet file, is damaged, or has another version."""


class OutputError(SeqnetError):
    """A target that already exists or can't be written."""


class ResourceError(SeqnetError):
    """Too little memory, disk space or another resource of the machine."""


class SettingError(SeqnetError, ValueError):
    """A setting of the wrong type, or outside its bounds.

    Attributes:
        name: dotted name of the setting.
        value: what was given.
        expected: what it must be, such as `at least 1`.
        choices: the names that it may be, in place of `expected`; may be empty.
        problem: what is wrong, after the name, in place of "must be EXPECTED, not VALUE", such as
            `can't be combined with --vote`. As an attribute it begins with the name.
    """

    def __init__(
        self, name: str, value: object, expected: str = "", *, problem: str = "", choices: Iterable[str] = ()
    ) -> None:
        self.name = name
        self.value = value
        self.choices = tuple(choices)
        self.expected = expected or "one of " + ", ".join(self.choices)
        near = nearest(value, self.choices) if isinstance(value, str) else []
        problem = problem or f"must be {self.expected}, not {shortened(value)}"
        super().__init__("", f"{name} {problem}", did_you_mean(near))

    def rename(self, name: str) -> None:
        """Changes the name of the setting in the error."""
        self.problem, self.name = self.problem.replace(self.name, name, 1), name


class UnknownSettingError(SettingError):
    """There is no setting of that name.

    Args:
        name: dotted name that was given.
        value: what was given for it.
        known: the names that exist in its place.
        now: name that the setting has today, where it was renamed.
    """

    def __init__(self, name: str, value: object, known: Sequence[str], now: str = "") -> None:
        super().__init__(name, value, "a known setting")
        self.known = tuple(known)
        section, dot, last = name.rpartition(".")
        near = did_you_mean(section + dot + other for other in nearest(last, self.known))
        self.problem = f"there is no setting {name}"
        self.remedy = f"it is now called {now}" if now else near or "use one of " + ", ".join(self.known)


class DownloadError(SeqnetError):
    """A source that can't be fetched, or has unexpected content."""
