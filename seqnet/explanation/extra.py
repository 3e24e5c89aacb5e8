"""Checks that packages of the extra `explain` are installed; if not, an error says how to install them."""

from __future__ import annotations

from importlib.util import find_spec

from seqnet.core.errors import SeqnetError

__all__ = ["check_extra"]


def check_extra(package: str, what: str) -> None:
    """Checks that a package is installed.

    Args:
        package: its name.
        what: what needs it, such as "--known".

    Raises:
        SeqnetError: it is not.
    """
    if find_spec(package) is None:
        problem = f"{what} needs the package {package}, which is not installed"
        raise SeqnetError("", problem, "install it: python -m pip install 'seqnet[explain]'")
