"""Downloadable data: what there is, where it comes from, and how it gets here whole.

Start here: `SOURCES` is the table, `fetch` brings one of its files to a path. A new source is one row in `table.py`;
a new kind of content is one check in `content_checks.py` and one row in `CONTENTS`.

Importing this package imports nothing heavy, so that the table is at hand for `--help`.
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
