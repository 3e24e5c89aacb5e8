"""Settings of reading that only some formats use: refused where they would have no effect.

In: settings and the format of a file, or all input files of a run. Out: an error for a setting that none of them uses.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import SeqnetError, SettingError
from seqnet.readers.inputs import Input
from seqnet.readers.record_reader import EMPTY, shown_path

__all__ = ["USED_BY", "check_format_options", "options_for_files"]

USED_BY = {
    "region": ("SAM", "BAM", "CRAM"),
    "min_mapq": ("SAM", "BAM", "CRAM"),
    "reference": ("CRAM",),
    "feature": ("GenBank", "EMBL"),
    "sequence_column": ("tables",),
    "name_column": ("tables", "GenBank", "EMBL", "Swiss-Prot", "UniProt XML", "Stockholm", "ABI"),
}
"""Setting → the kinds of files that use it; see `kind_of`. All files use the other settings."""

_KINDS = {
    "table": "tables", "genbank": "GenBank", "embl": "EMBL", "swissprot": "Swiss-Prot", "uniprot-xml": "UniProt XML",
    "stockholm": "Stockholm", "abi": "ABI",
}  # fmt: skip
"""Format → kind of file, where this has another name."""
_ALIGNMENTS = {b"BAM\1": "BAM", b"CRAM": "CRAM"}


def kind_of(source: Input, found: str) -> str:
    """Returns the kind of a file: SAM, BAM or CRAM for alignments, and otherwise that of its format, `found`."""
    if found == "sam":
        return next((kind for start, kind in _ALIGNMENTS.items() if source.head.startswith(start)), "SAM")
    return _KINDS.get(found, found)


def check_format_options(source: Input, found: str, options: ReadOptions) -> None:
    """Checks that a file uses the settings that are given.

    Args:
        source: the file.
        found: name of its format.
        options: settings of reading.

    Raises:
        SettingError: the format does not use one of them.
    """
    if found == EMPTY or options.some_unused:
        return
    kind = kind_of(source, found)
    for name in _given(options):
        if kind not in USED_BY[name]:
            place = "this file is a table" if kind == "tables" else f"this file is {kind}"
            problem = f"is for {_listed(USED_BY[name])}; {place} ({shown_path(source.path)})"
            raise SettingError(f"read.{name}", getattr(options, name), problem=problem)


def options_for_files(
    paths: Sequence[str], options: ReadOptions, detect: Callable[[Input, ReadOptions], str]
) -> ReadOptions:
    """Returns the settings to read several files with, of which some may not use each setting.

    Only the first bytes of files are read. A pipe may be of any kind.

    Args:
        paths: all input files of a run.
        options: settings of reading.
        detect: returns the format of an input.

    Raises:
        SettingError: no file uses one of the settings.
    """
    unused = set(_given(options))
    if not unused or len(paths) < 2:
        return options
    kinds: set[str] = set()
    for kind in _kinds(paths, options, detect):
        kinds.add(kind)
        unused = {name for name in unused if kind not in ("", *USED_BY[name])}
        if not unused:
            return replace(options, some_unused=True)
    name = next(name for name in USED_BY if name in unused)
    problem = f"is for {_listed(USED_BY[name])}; the inputs are {_listed(sorted(kinds))}"
    raise SettingError(f"read.{name}", getattr(options, name), problem=problem)


def _kinds(paths: Sequence[str], options: ReadOptions, detect: Callable[[Input, ReadOptions], str]) -> Iterator[str]:
    """Yields the kind of each file; an empty text for one that can't be known before it is read."""
    for path in paths:
        if not os.path.isfile(path):
            yield ""
            continue
        try:
            source = Input(path)
            try:
                yield kind_of(source, detect(source, options)).replace(EMPTY, "")
            finally:
                source.close()
        except (SeqnetError, OSError):
            yield ""  # the error belongs to the reading of this file


def _given(options: ReadOptions) -> list[str]:
    """Returns the settings for some formats that differ from their default."""
    defaults = {field.name: field.default for field in fields(ReadOptions)}
    return [name for name in USED_BY if getattr(options, name) != defaults[name]]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
