from __future__ import annotations

from dataclasses import replace

from seqnet.configs.run import RUN_SECTIONS, RunConfig, compose
from seqnet.datasets.recipes import choose_recipe
from seqnet.datasets.run_choice import ChosenRun
from seqnet.reporting.pages.content import Cell, Facts, Table, Text
from seqnet.reporting.pages.settings import settings_section
from tests.building import make_bundle, planted, run_config


def tables(chosen: ChosenRun, config: RunConfig | None = None) -> dict[str, list[list[str]]]:
    """Returns section → rows of the settings."""
    bundle = replace(make_bundle(), config=config or chosen.run)
    found = [block for block in settings_section(chosen, bundle).blocks if isinstance(block, Table)]
    cells = [[[cell.text if isinstance(cell, Cell) else cell for cell in row] for row in one.rows] for one in found]
    return dict(zip(RUN_SECTIONS, cells, strict=True))


def reason(chosen: ChosenRun) -> str:
    text = settings_section(chosen, make_bundle()).blocks[0]
    assert isinstance(text, Text)
    return text.text


def test_every_setting_is_there_and_differences_from_the_preset_are_shown() -> None:
    config = compose("dna-cnn", None, None, None, ("epochs=7", "filters=[8, 8]", "kernels=[4, 4]", "pools=[2, 2]"))
    found = tables(ChosenRun(config, "dna-cnn"))
    for section, settings in config.to_dict().items():
        assert [row[0] for row in found[section]] == list(settings)
    changed = {row[0]: row[1:3] for rows in found.values() for row in rows if row[2]}
    usual = compose("dna-cnn")
    assert changed["epochs"] == ["7", str(usual.training.epochs)]
    assert changed["filters"] == ["[8, 8]", "[64]"]
    assert set(changed) == {"epochs", "filters", "kernels", "pools"}
    assert all(row[3] for rows in found.values() for row in rows)


def test_without_a_preset_the_defaults_are_shown() -> None:
    changed = {row[0]: row[2] for rows in tables(ChosenRun(run_config(), None)).values() for row in rows if row[2]}
    assert {"epochs", "batch_size", "filters"} <= set(changed)


def test_what_chose_the_settings() -> None:
    data = planted()
    recipe = choose_recipe(data)
    reported = reason(ChosenRun(run_config(), recipe.preset, recipe.line))
    assert reported.startswith(f"seqnet chose settings that suit the dataset: Preset {recipe.preset} (DNA, 24 bases")
    assert "--preset" not in reported
    assert reason(ChosenRun(run_config(), "dna-cnn")) == "The user chose the preset dna-cnn."
    assert "no preset" in reason(ChosenRun(run_config(), None))


def test_the_network_has_its_size() -> None:
    several = make_bundle(members=3)
    facts = settings_section(ChosenRun(run_config(), None), several).blocks[1]
    assert isinstance(facts, Facts)
    assert dict(facts.rows)["networks"] == f"3, each of {several.classifier.parameter_count:,} parameters"
    assert dict(facts.rows)["epoch kept by"] == "validation loss"
