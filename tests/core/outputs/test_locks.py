from __future__ import annotations

import os
from pathlib import Path

import pytest

from seqnet.core.outputs.locks import HAS_LOCKS, try_lock


@pytest.mark.skipif(not HAS_LOCKS, reason="this system has no locks")
def test_a_locked_file_is_not_locked_again_until_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.touch()
    one, other = os.open(path, os.O_RDWR), os.open(path, os.O_RDWR)
    assert try_lock(one)
    assert not try_lock(other)
    os.close(one)
    assert try_lock(other)
    os.close(other)
