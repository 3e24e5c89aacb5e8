"""The contracts of every network, with public operators of PyTorch only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seqnet.nn.fast.capabilities import without
from tests.contracts.test_networks import (
    test_both_strands_have_one_probability,
    test_padding_and_neighbours_never_change_a_result,
    test_padding_never_changes_a_gradient,
)

__all__ = [
    "test_both_strands_have_one_probability",
    "test_padding_and_neighbours_never_change_a_result",
    "test_padding_never_changes_a_gradient",
]


@pytest.fixture(autouse=True)
def public_only() -> Iterator[None]:
    """Switches off every private operator."""
    with without():
        yield
