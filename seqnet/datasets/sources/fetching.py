"""Downloads or copies a source's file, checks it, and puts it in place when it is complete."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from seqnet.core.errors import DownloadError, InputError, OutputError, SettingError
from seqnet.core.outputs import check_targets, whole_file
from seqnet.datasets.sources.partial_download import PartialDownload
from seqnet.datasets.sources.retries import DEFAULT_RETRIES, ProgressCallback, RetryPolicy
from seqnet.datasets.sources.table import CONTENTS, Source

__all__ = ["fetch"]


def _unheard(done: int, total: int | None) -> None:
    """Ignores a progress report."""


def fetch(
    source: Source,
    target: Path,
    *,
    url: str | None = None,
    from_file: Path | None = None,
    force: bool = False,
    progress: ProgressCallback = _unheard,
    retry: RetryPolicy = DEFAULT_RETRIES,
) -> Path:
    """Downloads the file of a source, checks it, and returns `target`.

    An interrupted download is kept as `TARGET.part`, and the next call resumes it.

    Args:
        source: the source.
        target: path of the file.
        url: address to use instead of the source's address.
        from_file: local copy to use instead of a download.
        force: whether to replace an existing target.
        progress: called with (bytes so far, total bytes or None).
        retry: retries and time-outs for a bad connection.

    Raises:
        DownloadError: the file can't be fetched, or has unexpected content.
        OutputError: the target exists or can't be written.
        SettingError: both an address and a local copy are given, or the address is not HTTP or HTTPS.
    """
    check_targets([target], force=force)
    if target.exists() and not target.is_file():
        raise OutputError(str(target), "this is a device or pipe", "name a file")
    if from_file is None:
        _download(source, target, url or source.url, force, progress, retry)
    elif url is None:
        _copy(source, target, from_file, force, progress)
    else:
        raise SettingError("url", url, problem="can't be combined with --from-file")
    return target


def _download(
    source: Source, target: Path, url: str, force: bool, progress: ProgressCallback, retry: RetryPolicy
) -> None:
    # Importing urllib3 takes 0.1 s, so it is imported only when needed.
    from seqnet.datasets.sources.transfer import transfer

    final = Path(os.path.realpath(target))
    partial = PartialDownload.of(final)
    with partial.locked() as free:
        if not free:
            raise OutputError(str(target), "another process is downloading this file", "wait until it is done")
        check_targets([target], force=force)  # another process may have written it since the first check
        transfer(url, partial, expected=source.size, progress=progress, retry=retry)
        try:
            _check(source, partial.path, url)
        except DownloadError:
            partial.discard()
            raise
        partial.path.replace(final)
        partial.discard()


def _copy(source: Source, target: Path, original: Path, force: bool, progress: ProgressCallback) -> None:
    with whole_file(target, force=force) as temporary:
        shutil.copyfile(original, temporary)
        _check(source, temporary, str(original))
        size = temporary.stat().st_size
    progress(size, size)
    partial = PartialDownload.of(Path(os.path.realpath(target)))
    with partial.locked() as free:
        if free:  # not one that another process is downloading
            partial.discard()


def _check(source: Source, path: Path, origin: str) -> None:
    """Checks the file at `path`, which came from `origin`.

    Raises:
        DownloadError: the checksum or the content is wrong.
    """
    if source.sha256 is not None:
        from seqnet.core.provenance import file_hash  # not at the top: help loads this module

        found = file_hash(path)
        if found != source.sha256:
            raise DownloadError(
                origin,
                f"this is not the published {source.filename}: expected SHA-256 {source.sha256}, got {found}",
                "download it again, or from another place",
            )
    try:
        CONTENTS.load(source.content)(path)
    except InputError as error:
        raise DownloadError(origin, error.problem, error.remedy) from error
