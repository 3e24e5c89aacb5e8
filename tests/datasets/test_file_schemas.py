from __future__ import annotations

import pytest

from seqnet.datasets.file_schemas import is_class_name


@pytest.mark.parametrize("name", ["human", "a b", "é", "0", "NA"])
def test_what_can_name_a_class(name: str) -> None:
    assert is_class_name(name)


@pytest.mark.parametrize("name", ["", "a\tb", "a\nb", "\x1b[1m", "a" * 100_000, "\ud800"])
def test_what_can_not(name: str) -> None:
    assert not is_class_name(name)
