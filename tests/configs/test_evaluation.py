from __future__ import annotations

import pytest

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.core.errors import SettingError


def test_settings_of_intervals_need_replicates() -> None:
    assert EvaluationOptions(replicates=0).replicates == 0
    assert EvaluationOptions(replicates=1, confidence=0.9, seed=3).seed == 3
    with pytest.raises(SettingError, match=r"^evaluate\.confidence needs --replicates above 0"):
        EvaluationOptions(replicates=0, confidence=0.9)
    with pytest.raises(SettingError, match=r"^evaluate\.seed needs --replicates above 0"):
        EvaluationOptions(replicates=0, seed=3)
