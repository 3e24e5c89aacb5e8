"""Imports Optuna, an optional package, or raises an error that says how to install it.

Source: Akiba et al. 2019, 10.1145/3292500.3330701.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from seqnet.core.errors import SeqnetError

try:
    import optuna
    import optuna.storages.journal
except ModuleNotFoundError as error:
    if error.name != "optuna":
        raise
    raise SeqnetError(
        "", "tune needs the package optuna, which is not installed", "install it: python -m pip install 'optuna>=4,<6'"
    ) from None

__all__ = ["optuna", "quiet"]


@contextmanager
def quiet() -> Iterator[None]:
    """Turns off Optuna's log and its warnings about experimental parts."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)
