from __future__ import annotations

import warnings

import pytest

import seqnet
from seqnet.api.warn import warn


def test_a_warning_names_the_line_that_called() -> None:
    with pytest.warns(seqnet.SeqnetWarning, match="^beware$") as caught:
        warn("beware")
    assert [one.filename for one in caught] == [__file__]


def test_a_warning_can_be_an_error() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", seqnet.SeqnetWarning)
        with pytest.raises(seqnet.SeqnetWarning, match="beware"):
            warn("beware")
