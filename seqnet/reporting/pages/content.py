"""What a page consists of, without any HTML: sections of texts, notes, facts, tables and figures.

All text may come from a file of unknown origin; `rendering` escapes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from seqnet.reporting.figures.pictures import Picture

__all__ = ["Block", "Cell", "Facts", "Figures", "Heading", "Notes", "Page", "Section", "Table", "Text"]

_MOST_ROWS = 500
"""Maximum number of rows of a table."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of a table.

    Attributes:
        text: what is shown.
        value: what the column is sorted by; NaN is always last.
    """

    text: str
    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a section."""

    kind: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True, slots=True)
class Notes:
    """A list of lines, such as warnings.

    Attributes:
        lines: the lines; without any, nothing is shown.
        warning: whether they are set off, because a reader must not miss them.
    """

    kind: ClassVar[str] = "notes"
    lines: Sequence[str]
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, such as versions.

    Attributes:
        rows: name and value; a value of several lines is a sequence.
    """

    kind: ClassVar[str] = "facts"
    rows: Sequence[tuple[str, str | Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that a reader can sort by any column.

    Attributes:
        caption: one sentence: what it has.
        columns: the headers.
        rows: a cell for each column: text, or a number. The first cell names the row.
        note: a sentence below; empty for none.
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]
    note: str = ""

    @property
    def shown(self) -> Sequence[Sequence[str | Cell]]:
        """The first rows, at most 500, so that a page can be opened; `notes` says how many there are."""
        return self.rows[:_MOST_ROWS]

    @property
    def notes(self) -> str:
        """The note, and how many rows were left out, if any."""
        left_out = f"The first {_MOST_ROWS} of {len(self.rows):,} rows." if len(self.rows) > _MOST_ROWS else ""
        return " ".join(filter(None, (self.note, left_out)))

    @property
    def numeric(self) -> list[bool]:
        """For each column, whether all its cells are numbers, and there are rows."""
        return [
            bool(self.rows) and all(isinstance(row[index], Cell) for row in self.rows)
            for index in range(len(self.columns))
        ]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures, side by side where the window is wide enough."""

    kind: ClassVar[str] = "figures"
    pictures: Sequence[Picture]


Block = Heading | Text | Notes | Facts | Table | Figures


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page with a heading.

    Attributes:
        key: distinct name on the page: letters, digits and hyphens.
        title: the heading.
        blocks: the content, from top to bottom.
    """

    key: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page.

    Attributes:
        title: the main heading.
        lead: one or two sentences below it: what was done, and the main result.
        sections: the parts; each is linked at the top.
        notes: warnings that concern the whole page; they stand at the top.
    """

    title: str
    lead: str
    sections: Sequence[Section]
    notes: Sequence[str] = ()
