"""Published sequences, from Python."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from seqnet.api.dataset import Progress
from seqnet.api.files import pysam_kept
from seqnet.api.keywords import as_listener, as_path
from seqnet.api.python_words import python_words
from seqnet.core.outputs import made_directory
from seqnet.datasets.sources import DEFAULT_RETRIES, SOURCES, fetch, find_source

__all__ = ["download", "list_sources"]


def list_sources() -> Mapping[str, Mapping[str, Any]]:
    """Returns name → title, address, size in bytes, licence and citation of each source that `download` knows."""
    return {name: asdict(source) for name, source in SOURCES.items()}


def download(
    source: str,
    directory: str | os.PathLike[str] = ".",
    *,
    url: str | None = None,
    from_file: str | os.PathLike[str] | None = None,
    sha256: str | None = None,
    max_size: int = DEFAULT_RETRIES.max_size,
    force: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Downloads published sequences, as `seqnet download` does, and returns the file.

    An interrupted download continues where it stopped. The file appears when it is complete and checked.

    Args:
        source: one of `list_sources()`.
        directory: where the file goes; it is made if it is not there.
        url: address to use in place of the source's, such as a mirror.
        from_file: local copy to use in place of a download.
        sha256: checksum that the file must have, as 64 hexadecimal digits.
        max_size: stop if the file has more bytes than this.
        force: whether an existing file is replaced.
        progress: gets the licence and the citation, such as `print`; None for none.

    Raises:
        SettingError: there is no such source, or an argument is not allowed.
        DownloadError: the file can't be fetched, or has unexpected content.
        OutputError: the file exists, or can't be written.
    """
    with python_words(), pysam_kept():
        notify, folder = as_listener(progress), as_path(directory, "directory")
        chosen = find_source(source) if sha256 is None else find_source(source).with_sha256(sha256)
        notify(f"{chosen.name}: {chosen.licence}")
        with made_directory(folder):
            path = fetch(
                chosen,
                folder / chosen.filename,
                url=url,
                from_file=None if from_file is None else as_path(from_file, "from_file"),
                force=force,
                retry=replace(DEFAULT_RETRIES, max_size=max_size),
            )
        notify(f"cite {chosen.citation}")
        return path
