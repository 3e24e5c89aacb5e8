from __future__ import annotations

import pytest

from seqnet.configs.scanning import ScanOptions
from seqnet.core.errors import SettingError


def test_windows_have_a_length_and_a_distance() -> None:
    assert not ScanOptions().given
    assert ScanOptions(softmask="skip").given
    for wrong in ({"window": 0}, {"stride": 0}, {"aggregate": "sum"}, {"softmask": "drop"}):
        with pytest.raises(SettingError):
            ScanOptions(**wrong)
