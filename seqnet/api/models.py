"""A model in the hands of a program: open it, classify sequences, save it."""

from __future__ import annotations

from seqnet.models.bundles import Bundle

__all__ = ["Model"]


class Model:
    """A trained classifier.

    Args:
        bundle: what was trained, on the device that it computes on.

    Attributes:
        bundle: as given.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
