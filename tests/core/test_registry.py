from __future__ import annotations

import sys
from pathlib import Path

import pytest

from seqnet.configs.encoders import ENCODERS
from seqnet.configs.networks import NETWORKS
from seqnet.core.errors import SettingError
from seqnet.core.registry import Choice, Registry
from seqnet.datasets.simulation import NEGATIVES
from seqnet.datasets.sources import CONTENTS
from seqnet.readers import FORMATS

TABLES = [ENCODERS, NETWORKS, FORMATS, NEGATIVES, CONTENTS]


@pytest.fixture
def planets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    (tmp_path / "made_up_planets.py").write_text("class Mars:\n    moons = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "made_up_planets", raising=False)
    rows = {
        "mars": Choice("made_up_planets:Mars", "the fourth"),
        "vulcan": Choice("made_up_nowhere:Vulcan", "not there"),
    }
    return Registry("planet", rows)


def test_a_choice_is_imported_when_it_is_picked(planets: Registry) -> None:
    assert list(planets) == ["mars", "vulcan"]
    assert "mars" in planets
    assert "venus" not in planets
    assert "made_up_planets" not in sys.modules
    assert planets.load("mars").moons == 2
    assert "made_up_planets" in sys.modules


def test_an_unknown_choice_names_the_valid_ones(planets: Registry) -> None:
    with pytest.raises(SettingError) as caught:
        planets.load("venus")
    assert str(caught.value) == "planet must be one of mars, vulcan, not 'venus'"


@pytest.mark.parametrize(("table", "name"), [(table, name) for table in TABLES for name in table])
def test_every_row_of_every_table_can_be_loaded_and_explains_itself(table: Registry, name: str) -> None:
    loaded = table.load(name)
    assert loaded.__class__.__module__ != "builtins" or callable(loaded)
    help_line = table.choices[name].help
    assert help_line
    assert "\n" not in help_line
    assert not help_line.endswith(".")
