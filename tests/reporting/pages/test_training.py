from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from seqnet.datasets.run_choice import ChosenRun
from seqnet.reporting.pages.content import Cell, Facts, Figures, Notes, Page, Section, Table, Text
from seqnet.reporting.pages.rendering import render_page
from seqnet.reporting.pages.training import training_page
from seqnet.training.results import TrainingRun
from tests.building import planted, run_config, saved
from tests.reporting.examples import HOSTILE
from tests.reporting.training_examples import trained

MEASURED = ["summary", "ranking", "decisions", "calibration", "baselines", "errors"]
ALWAYS = ["course", "data", "audit", "settings", "origin"]


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> TrainingRun:
    data = saved(planted(), tmp_path_factory.mktemp("ensemble") / "d.safetensors")
    return trained(data, members=2)


def sections(page: Page) -> dict[str, Section]:
    return {section.key: section for section in page.sections}


def tables(section: Section) -> list[Table]:
    return [block for block in section.blocks if isinstance(block, Table)]


def words(table: Table) -> list[list[str]]:
    return [[cell.text if isinstance(cell, Cell) else cell for cell in row] for row in table.rows]


def texts(section: Section) -> str:
    return "\n".join(block.text for block in section.blocks if isinstance(block, Text))


def test_a_page_has_everything_that_a_training_came_to(ensemble: TrainingRun) -> None:
    page = training_page(ensemble, "ab12")
    assert [section.key for section in page.sections] == MEASURED + ALWAYS
    assert page.title == "Training of m"
    assert page.lead.startswith("2 networks of type cnn. AUROC 0.")
    assert page.lead.endswith("on the validation split.")
    assert "chose the epoch, the temperature and the threshold" in texts(sections(page)["summary"])
    text = render_page(page)
    assert text == render_page(training_page(ensemble, "ab12"))


def test_warnings_stand_at_the_top_once(ensemble: TrainingRun) -> None:
    run = replace(ensemble, chosen=ChosenRun(run_config(), "dna-cnn", warning="the preset may not suit"))
    notes = training_page(run, "ab").notes
    assert notes[:2] == ["The preset may not suit.", "Rare class."]
    assert len(notes) == len(set(notes))
    assert any(note.startswith("The validation split chose epoch") for note in notes)


def test_the_course_has_every_network_and_epoch_and_no_time(ensemble: TrainingRun) -> None:
    course = sections(training_page(ensemble, "ab"))["course"]
    networks, epochs = tables(course)
    assert [row[:4] for row in words(networks)] == [
        [str(place), str(place), "2", str(run.best_epoch)] for place, run in enumerate(ensemble.result.runs, 1)
    ]
    rows = words(epochs)
    assert [row[:2] for row in rows] == [["1", "1"], ["1", "2"], ["2", "1"], ["2", "2"]]
    row = ensemble.result.runs[1].rows[1]
    assert rows[3][2:5] == [f"{value:.4f}" for value in (row.train_loss, row.train_accuracy, row.validation_loss)]
    (notes,) = (block for block in course.blocks if isinstance(block, Notes))
    assert list(notes.lines) == ["baselines fitted to 96 training records"]
    assert [picture.key for block in course.blocks if isinstance(block, Figures) for picture in block.pictures] == [
        "learning"
    ]


def test_the_origin_has_command_hashes_and_seed(ensemble: TrainingRun) -> None:
    (facts,) = sections(training_page(ensemble, "ab12"))["origin"].blocks
    assert isinstance(facts, Facts)
    found = dict(facts.rows)
    assert (found["command"], found["model SHA-256"], found["seed"]) == ("seqnet train d -o m", "ab12", "1")
    assert found["dataset SHA-256"] == ensemble.job.dataset_hash
    assert found["device"] == "cpu, 1 thread"


def test_folds_have_a_table_and_pooled_metrics(tmp_path: Path) -> None:
    run = trained(saved(planted(), tmp_path / "d.safetensors"), folds=3, settings={"baseline_records": 0})
    page = training_page(run, "ab")
    summary = sections(page)["summary"]
    folds, metrics = tables(summary)[:2]
    assert [row[0] for row in words(folds)] == ["1", "2", "3"]
    assert "Mean ± standard deviation over folds" in folds.note
    assert words(metrics)[0][0] == "accuracy"
    assert "by the network that has not seen it" in texts(summary)
    assert page.lead.startswith("3 networks of type cnn, one for each fold. AUROC")
    assert page.lead.endswith("out of fold.")
    assert "</html>" in render_page(page)


def test_without_a_validation_split_the_rest_is_there(tmp_path: Path) -> None:
    run = trained(saved(planted((96, 0, 24)), tmp_path / "d.safetensors"), settings={"baseline_records": 0})
    page = training_page(run, "ab")
    assert [section.key for section in page.sections] == ["summary", *ALWAYS]
    assert "There is no validation split" in texts(sections(page)["summary"])
    assert page.lead == "1 network of type cnn."
    text = render_page(page)
    assert "validation loss n/a" in text
    assert "loss nan" not in text
    assert words(tables(sections(page)["course"])[0])[0][-1] == "the last, because there is no validation split"


def test_a_training_that_was_stopped_is_reported(tmp_path: Path) -> None:
    data = saved(planted(), tmp_path / "d.safetensors")
    run = trained(data, settings={"epochs": 5, "baseline_records": 0}, stop_at_epoch=1)
    assert run.result.interruption is not None
    assert any("stopped early" in note for note in training_page(run, "ab").notes)


def test_an_audit_that_was_not_requested_is_not_made(ensemble: TrainingRun) -> None:
    assert "was not checked" in texts(sections(training_page(replace(ensemble, audited=False), "ab"))["audit"])
    checks = tables(sections(training_page(ensemble, "ab"))["audit"])[0]
    assert len(checks.rows) == 6


@pytest.mark.parametrize("classes", [(HOSTILE, "b"), (HOSTILE, "b", "c")])
def test_names_are_escaped(tmp_path: Path, classes: tuple[str, ...]) -> None:
    data = planted(classes=classes)
    if len(classes) > 2:
        data = replace(data, labels=(data.labels + 2 * (data.labels == 1) * (data.groups % 4 == 1)).clip(max=2))
    run = trained(saved(data, tmp_path / "d.safetensors"), settings={"baseline_records": 0})
    text = render_page(training_page(replace(run, name=HOSTILE, notes=[HOSTILE + "\x1b"]), "ab"))
    assert "<script>alert" not in text
    assert "\x1b" not in text
