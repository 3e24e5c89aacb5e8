"""The tables of a run: which inputs go to which file, in which format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from seqnet.core.errors import OutputError
from seqnet.prediction.writers import TableOutput, format_of

__all__ = ["TABLE_FORMATS", "Table", "named_format", "table_at", "tables_in"]

TABLE_FORMATS = ("tsv", "tsv.gz", "jsonl", "parquet")
"""Formats of tables whose names are made of those of the inputs."""

Table = tuple[Sequence[str], TableOutput]
"""Some inputs, and the table of their predictions."""

_KNOWN_ENDINGS = re.compile(
    r"(\.(fa|fasta|fna|ffn|faa|fq|fastq|sam|bam|cram|tsv|csv|txt|xlsx|parquet|npz))?(\.(gz|bgz|bz2|xz|zst))?$",
    re.IGNORECASE,
)


def named_format(name: str) -> tuple[str, bool]:
    """Returns the form of a format of `TABLE_FORMATS`, and whether it is compressed."""
    return name.removesuffix(".gz"), name.endswith(".gz")


def table_at(target: Path) -> TableOutput:
    """Returns the table at a path, whose name says the format.

    Raises:
        OutputError: it does not.
    """
    return TableOutput(target, *format_of(target))


def tables_in(directory: Path, inputs: Iterable[str], ending: str = "tsv") -> list[Table]:
    """Returns a table in a directory for each input, named after it; an input that is given twice has one.

    Args:
        directory: where they go.
        inputs: the files; `-` is standard input.
        ending: one of `TABLE_FORMATS`.

    Raises:
        OutputError: two inputs would have one table.
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
    return [((path,), TableOutput(target, *named_format(ending))) for path, target in targets.items()]
