"""The version of seqnet: that of the last build, or of the release that this source code leads to.

A build writes `seqnet/core/_version.py` from the tags of git; source code that was never built has no such file.
`importlib.metadata` has the version of an installation, but it takes longer to import than seqnet itself.
"""

from __future__ import annotations

__all__ = ["__version__"]

try:
    from seqnet.core._version import __version__
except ImportError:
    __version__ = "0.1.0"
