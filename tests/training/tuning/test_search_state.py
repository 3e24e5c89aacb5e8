from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.training.tuning import Space
from seqnet.training.tuning.space import Choices, Range
from tests.building import run_config
from tests.training.tuning.examples import RATE, run_search


def test_no_trial_is_stopped_before_its_least_epochs(tmp_path: Path) -> None:
    result = run_search(tmp_path, 6, min_epochs=4)
    assert {trial.epochs for trial in result.trials} == {4}


def test_the_same_settings_are_trained_once(tmp_path: Path) -> None:
    space = Space({"training.batch_size": Choices((16, 32))})
    result = run_search(tmp_path, 5, space=space, base=run_config({"epochs": 1}))
    assert [trial.state for trial in result.trials] == ["complete"] * 5
    repeated = [trial for trial in result.trials if trial.reason]
    assert len(repeated) == 3
    for trial in repeated:
        twin = result.trials[int(trial.reason.removeprefix("as trial ")) - 1]
        assert (twin.settings, twin.value, twin.reason) == (trial.settings, trial.value, "")


def test_the_loss_is_made_small(tmp_path: Path) -> None:
    base = run_config({"epochs": 2, "schedule": "constant"})
    result = run_search(tmp_path, 6, base=base, min_epochs=2)
    values = [trial.value for trial in result.trials if trial.value is not None]
    assert result.best is not None
    assert result.best.value == min(values) < max(values)


@pytest.mark.slow
def test_what_the_value_depends_on(tmp_path: Path) -> None:
    # With a very small learning rate nothing is learned. The momentum has no effect with AdamW.
    space = Space({"training.learning_rate": RATE, "training.momentum": Range(0.0, 0.9, None, False)})
    result = run_search(tmp_path, 30, space=space, min_epochs=4)
    assert list(result.importances) == ["training.learning_rate", "training.momentum"]
    assert sum(result.importances.values()) == pytest.approx(1)
    assert result.importances["training.learning_rate"] > 0.8
