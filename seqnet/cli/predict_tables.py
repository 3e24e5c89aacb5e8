"""The tables that the options of `seqnet predict` ask for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqnet.core.errors import OutputError

if TYPE_CHECKING:
    from seqnet.prediction.table_files import Table

__all__ = ["tables_of"]


def tables_of(inputs: tuple[str, ...], output: Path | None, directory: Path | None, kind: str | None) -> list[Table]:
    """Returns which inputs go to which table, in order.

    Raises:
        UsageError: options contradict each other.
        OutputError: two inputs would have one output, or a name says nothing of the format.
    """
    if output and (directory or kind):
        raise click.UsageError("-o can't be combined with -O or --format: the name of FILE decides the format")
    from seqnet.prediction.table_files import named_format, table_at, tables_in
    from seqnet.prediction.writers import TableOutput

    if directory is not None:
        return tables_in(directory, inputs, kind or "tsv")
    table = TableOutput(None, *named_format(kind or "tsv")) if output is None else table_at(output)
    if output is None and table.form == "parquet" and sys.stdout.isatty():
        raise OutputError("standard output", "Parquet can't be written to a terminal", "use -o FILE or a pipe")
    return [(inputs, table)]
