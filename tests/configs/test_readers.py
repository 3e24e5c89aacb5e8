from __future__ import annotations

import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import SettingError


def test_only_coding_sequences_are_translated() -> None:
    assert ReadOptions(feature="CDS", translate=True).translate
    for feature in (None, "gene"):
        with pytest.raises(SettingError, match="translate needs --feature CDS"):
            ReadOptions(feature=feature, translate=True)


def test_a_mapping_quality_is_a_byte() -> None:
    assert ReadOptions(min_mapq=255).min_mapq == 255
    with pytest.raises(SettingError, match=r"min_mapq must be at most 255, not 256"):
        ReadOptions(min_mapq=256)
