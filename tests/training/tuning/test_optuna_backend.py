from __future__ import annotations

import warnings

import optuna

from seqnet.training.tuning.optuna_backend import quiet


def test_the_log_of_optuna_is_silent_within_and_as_before_after() -> None:
    before = optuna.logging.get_verbosity()
    with quiet():
        assert optuna.logging.get_verbosity() == optuna.logging.CRITICAL
        warnings.warn("experimental", optuna.exceptions.ExperimentalWarning, stacklevel=1)
    assert optuna.logging.get_verbosity() == before
