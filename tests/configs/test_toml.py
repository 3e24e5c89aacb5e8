from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.configs.run import compose, preset_names
from seqnet.configs.toml import run_toml, toml_value

SCALARS = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text()


@given(SCALARS | st.lists(SCALARS))
def test_a_value_is_read_back_as_it_was(value: object) -> None:
    found = tomllib.loads(f"value = {toml_value(value)}")["value"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("preset", preset_names())
def test_a_run_is_read_back_whatever_it_is_laid_over(preset: str, tmp_path: Path) -> None:
    config = compose(preset, assignments=["early_stopping=3", "learning_rate=1e-5", "balance=weights"])
    path = tmp_path / "run.toml"
    path.write_text(run_toml(config, 'a "name"\nof two lines', "source"))
    assert compose(config=path) == config
    assert compose("lstm", config=path) == config
    assert tomllib.loads(path.read_text())["description"] == 'a "name"\nof two lines'
