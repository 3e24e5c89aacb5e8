"""The tables that `seqnet predict` writes: which inputs go to which file, in which format."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqnet.core.errors import OutputError

if TYPE_CHECKING:
    from seqnet.prediction.outputs import Output
    from seqnet.prediction.writers import TableOutput

__all__ = ["Job", "tables_of"]

Job = tuple[Sequence[str], Sequence["Output"]]
"""Some inputs, and what is written of their predictions."""

_KNOWN_ENDINGS = re.compile(
    r"(\.(fa|fasta|fna|ffn|faa|fq|fastq|sam|bam|cram|tsv|csv|txt|xlsx|parquet|npz))?(\.(gz|bgz|bz2|xz|zst))?$",
    re.IGNORECASE,
)


def tables_of(
    inputs: tuple[str, ...], output: Path | None, directory: Path | None, kind: str | None
) -> list[tuple[Sequence[str], TableOutput]]:
    """Returns which inputs go to which table, in order.

    Raises:
        UsageError: options contradict each other.
        OutputError: two inputs would have one output, or a name says nothing of the format.
    """
    if output and (directory or kind):
        raise click.UsageError("-o can't be combined with -O or --format: the name of FILE decides the format")
    from seqnet.prediction.writers import TableOutput, format_of

    if directory is not None:
        targets = _targets(inputs, directory, kind or "tsv")
        return [((path,), TableOutput(target, *_format(kind))) for path, target in targets.items()]
    output_format = _format(kind) if output is None else format_of(output)
    if output is None and output_format[0] == "parquet" and sys.stdout.isatty():
        raise OutputError("standard output", "Parquet can't be written to a terminal", "use -o FILE or a pipe")
    return [(inputs, TableOutput(output, *output_format))]


def _format(kind: str | None) -> tuple[str, bool]:
    """Returns the format and whether it is compressed."""
    chosen = kind or "tsv"
    return chosen.removesuffix(".gz"), chosen.endswith(".gz")


def _targets(inputs: Iterable[str], directory: Path, ending: str) -> dict[str, Path]:
    """Returns input → output file in the directory.

    Raises:
        OutputError: two inputs would have one output.
    """
    targets: dict[str, Path] = {}
    taken: set[Path] = set()
    for path in inputs:
        name = "stdin" if path == "-" else _KNOWN_ENDINGS.sub("", Path(path).name)
        target = directory / f"{name}.{ending}"
        if target in taken:
            raise OutputError(str(target), "two inputs have this output", "give them different names, or use -o")
        taken.add(target)
        targets[path] = target
    return targets
