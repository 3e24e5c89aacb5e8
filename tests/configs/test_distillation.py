from __future__ import annotations

import pytest

from seqnet.configs.distillation import DistillOptions
from seqnet.core.errors import SettingError


def test_settings_are_checked() -> None:
    assert DistillOptions().count == 1_000_000
    with pytest.raises(SettingError, match=r"distill\.count must be"):
        DistillOptions(count=99)
    with pytest.raises(SettingError, match=r"distill\.random must be one of uniform, composition, dinucleotide"):
        DistillOptions(random="noise")
