"""The domains of a space as Optuna's distributions, and what it draws as values of settings."""

from __future__ import annotations

import json
from typing import Any

from seqnet.training.tuning.optuna_backend import optuna
from seqnet.training.tuning.space import Choices, Domain

__all__ = ["distribution_of", "setting_value"]


def distribution_of(domain: Domain) -> optuna.distributions.BaseDistribution:
    """Returns the distribution that draws from a domain."""
    if isinstance(domain, Choices):
        # Optuna's choices are words or numbers; settings may be lists.
        return optuna.distributions.CategoricalDistribution([json.dumps(value) for value in domain.choices])
    if isinstance(domain.low, int) and isinstance(domain.high, int):
        step = 1 if domain.step is None else int(domain.step)
        return optuna.distributions.IntDistribution(domain.low, domain.high, log=domain.log, step=step)
    return optuna.distributions.FloatDistribution(domain.low, domain.high, log=domain.log, step=domain.step)


def setting_value(domain: Domain, drawn: Any) -> Any:
    """Returns what Optuna drew as the value of a setting."""
    if isinstance(domain, Choices):
        return json.loads(drawn)
    # Steps of 0.1 come to 0.30000000000000004.
    return float(f"{drawn:.12g}") if domain.step is not None and isinstance(drawn, float) else drawn
