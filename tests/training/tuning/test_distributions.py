from __future__ import annotations

import optuna
import pytest

from seqnet.training.tuning.distributions import distribution_of, setting_value
from seqnet.training.tuning.space import Choices


@pytest.mark.parametrize("value", [[64, 9], "adam", 0.5, True, 3])
def test_a_choice_comes_back_as_it_was(value: object) -> None:
    domain = Choices((value, "other"))
    found = distribution_of(domain)
    assert isinstance(found, optuna.distributions.CategoricalDistribution)
    assert setting_value(domain, found.choices[0]) == value
    assert type(setting_value(domain, found.choices[0])) is type(value)
