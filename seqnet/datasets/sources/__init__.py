"""Downloadable data: the table of sources, and the download with checks.

Start here: `SOURCES` is the table, `fetch` downloads a source to a path. A new source is one row in `table.py`. A new
kind of content is one check in `content_checks.py` and one row in `CONTENTS`.
Importing this package imports nothing large, so that `--help` can read the table quickly.
"""

from seqnet.datasets.sources.fetching import fetch
from seqnet.datasets.sources.retries import DEFAULT_RETRIES, ProgressCallback, RetryPolicy
from seqnet.datasets.sources.table import CONTENTS, SOURCES, Source, find_source

__all__ = [
    "CONTENTS",
    "DEFAULT_RETRIES",
    "SOURCES",
    "ProgressCallback",
    "RetryPolicy",
    "Source",
    "fetch",
    "find_source",
]
