from __future__ import annotations

import pytest

from seqnet.configs.scanning import ScanOptions
from seqnet.core.errors import SettingError
from seqnet.prediction.scans import WHOLE, Scan, scan_of
from seqnet.prediction.windows import Grid
from tests.building import make_bundle

TWO = make_bundle()
THREE = make_bundle(classes=("a", "b", "c"))


def test_the_score_is_of_the_positive_class_unless_another_is_chosen() -> None:
    assert scan_of(TWO, ScanOptions(), None, mask=False, track=True) == Scan(Grid(12, 12), "mean", 1)
    chosen = scan_of(TWO, ScanOptions(stride=3, aggregate="max"), "noise", mask=True, track=True)
    assert chosen == Scan(Grid(12, 3, mask=True), "max", 0)
    assert scan_of(TWO, ScanOptions(), None, mask=False, track=False).grid == WHOLE


def test_more_than_two_classes_need_a_choice_where_it_matters() -> None:
    assert scan_of(THREE, ScanOptions(window=20), None, mask=False, track=False).chosen is None
    assert scan_of(THREE, ScanOptions(), "b", mask=False, track=True).chosen == 1
    for options, track in ((ScanOptions(), True), (ScanOptions(aggregate="max"), False)):
        with pytest.raises(SettingError, match="--class for this model: one of a, b, c"):
            scan_of(THREE, options, None, mask=False, track=track)
    with pytest.raises(SettingError, match="noisy-or needs a model of two classes"):
        scan_of(THREE, ScanOptions(aggregate="noisy-or"), "b", mask=False, track=False)
    with pytest.raises(SettingError, match="class must be one of a, b, c, not 'd'"):
        scan_of(THREE, ScanOptions(), "d", mask=False, track=True)
