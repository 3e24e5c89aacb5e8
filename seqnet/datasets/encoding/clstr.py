"""Reader of CD-HIT cluster files (.clstr).

The file has a `>Cluster N` line for each cluster, followed by its members: number, tab, length, `>NAME... *` for the
representative, `>NAME... at 95.00%` for the others.

Source: Li and Godzik 2006, doi:10.1093/bioinformatics/btl158.
"""

from __future__ import annotations

import re

from seqnet.core.errors import FormatError

__all__ = ["read_clstr"]

_MEMBER = re.compile(r"\d+\t\d+(?:aa|nt), >(\S+).*\.\.\. (?:\*|at .+)")
_WHOLE_NAMES = "run cd-hit with -d 0, which keeps the whole name"


def read_clstr(path: str) -> dict[str, str] | None:
    """Returns record name → cluster; None if the file does not begin with `>Cluster`.

    Raises:
        FormatError: a line is neither a cluster nor a member, or a name is in two clusters.
    """
    found: dict[str, str] = {}
    cluster = ""
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        for line, text in enumerate(file, 1):
            if text.startswith(">Cluster"):
                cluster = text[1:].strip()
            elif not cluster and text.strip():
                return None
            elif text.strip():
                member = _MEMBER.fullmatch(text.rstrip())
                if member is None:
                    raise FormatError(
                        "this line is not a cluster member", "give a .clstr file of CD-HIT", path=path, line=line
                    )
                name = member[1].removesuffix("...")
                if found.setdefault(name, cluster) != cluster:
                    raise FormatError(f"{name} is in two clusters", _WHOLE_NAMES, path=path, line=line)
    return found or None
