from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from seqnet.evaluation.calibration import Calibration
from seqnet.reporting.pages.content import Section, Table, Text
from seqnet.reporting.pages.evaluation import evaluation_page
from seqnet.reporting.pages.rendering import render_page
from seqnet.reporting.results import Results, results_of
from seqnet.training.history import EpochRow, write_history
from tests.reporting.examples import HOSTILE, example_results
from tests.reporting.pages.test_rendering import Outline

SECTIONS = [
    "summary", "data", "ranking", "decisions", "calibration", "strata", "baselines", "errors", "model", "training",
    "origin",
]  # fmt: skip


def sections(results: Results) -> dict[str, Section]:
    return {section.key: section for section in evaluation_page(results).sections}


def tables(section: Section) -> list[Table]:
    return [block for block in section.blocks if isinstance(block, Table)]


def texts(section: Section) -> str:
    return "\n".join(block.text for block in section.blocks if isinstance(block, Text))


def cells(table: Table) -> list[list[str]]:
    return [[cell if isinstance(cell, str) else cell.text for cell in row] for row in table.rows]


def test_the_page_of_a_model_has_all_sections(tmp_path: Path) -> None:
    results = example_results(tmp_path)
    page = evaluation_page(results)
    assert [section.key for section in page.sections] == SECTIONS
    assert page.title == "Evaluation of one.safetensors"
    assert page.lead.startswith("40 records of the test split. AUROC 0.")
    assert len(page.notes) == len(results.report.models[0].warnings())
    found = Outline(render_page(page))
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert len(found.all("svg")) == len(found.all("title")) - 1 == len(found.all("desc")) == 9


def test_the_metrics_are_those_of_the_report(tmp_path: Path) -> None:
    results = example_results(tmp_path)
    (table,) = tables(sections(results)["summary"])
    found = results.models[0].evaluation.metrics["auroc"]
    row = next(row for row in cells(table) if row[0] == "AUROC")
    assert row[1] == f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"
    assert len(table.rows) == len(results.models[0].evaluation.metrics)


def test_class_counts_and_lengths(tmp_path: Path) -> None:
    measured, whole = tables(sections(example_results(tmp_path))["data"])
    assert [row[:3] for row in cells(measured)] == [["noise", "20", "50.0 %"], ["signal", "20", "50.0 %"]]
    assert all(20 <= int(row[3]) <= int(row[4]) <= int(row[5]) <= 38 for row in cells(measured))
    assert cells(whole) == [["noise", "20", "20", "20"], ["signal", "20", "20", "20"]]


def test_the_errors_are_the_most_confident_ones(tmp_path: Path) -> None:
    results = example_results(tmp_path, count=300)
    (table,) = tables(sections(results)["errors"])
    (model,) = results.models
    wrong = (model.scored.predicted != model.scored.labels).sum()
    assert len(table.rows) == min(20, wrong)
    assert table.note.startswith(f"{len(table.rows)} of {wrong} errors;")
    values = [float(row[3]) for row in cells(table)]
    assert values == sorted(values, reverse=True)
    highest = model.scored.probabilities.max(axis=1)[model.scored.predicted != model.scored.labels].max()
    assert values[0] == pytest.approx(highest, abs=1e-3)
    name, true, given = cells(table)[0][:3]
    index = int(name[1:])
    assert results.dataset.classes[results.dataset.labels[index]] == true
    assert given != true


def test_two_models_are_compared_on_one_page(tmp_path: Path) -> None:
    results = example_results(tmp_path, models=2)
    found = sections(results)
    assert list(found) == [*SECTIONS[:7], "differences", *SECTIONS[7:]]
    assert evaluation_page(results).title == "Evaluation of one.safetensors and two.safetensors"
    (table,) = tables(found["differences"])
    assert results.report.comparison is not None
    difference = results.report.comparison.paired.differences["accuracy"]
    assert cells(table)[0][1].startswith(f"{difference.value:.3f}")
    assert "McNemar's test: " in texts(found["differences"])
    assert "DeLong's test: " in texts(found["differences"])
    assert len(tables(found["errors"])) == 2
    page = Outline(render_page(evaluation_page(results)))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_several_classes_have_a_table_and_the_most_frequent_errors(tmp_path: Path) -> None:
    results = example_results(tmp_path, ["a", "b", "c", "d"], count=480)
    found = sections(results)
    assert [row[0] for row in cells(tables(found["summary"])[1])] == ["a", "b", "c", "d"]
    (confused,) = tables(found["decisions"])
    counts = results.models[0].evaluation.confusion
    true, given, number = cells(confused)[0][:3]
    assert counts["abcd".index(true), "abcd".index(given)] == int(number)
    assert int(number) == max(counts[row, column] for row in range(4) for column in range(4) if row != column)


def test_everything_from_input_is_escaped(tmp_path: Path) -> None:
    results = example_results(tmp_path, [HOSTILE, f"{HOSTILE}2"], models=2)
    (model, other) = results.models
    card = {"title": HOSTILE, HOSTILE: {HOSTILE: [HOSTILE]}, "empty": {}}
    provenance = {**model.bundle.provenance, "command": HOSTILE, "versions": {HOSTILE: HOSTILE}}
    model = replace(model, bundle=replace(model.bundle, card=card, provenance=provenance))
    text = render_page(evaluation_page(replace(results, models=(model, other), command=f"{HOSTILE}\x1b[31m")))
    assert HOSTILE not in text
    assert "\x1b" not in text
    assert len(Outline(text).all("script")) == 1


def test_the_model_card_and_what_is_needed_to_repeat_it(tmp_path: Path) -> None:
    results = example_results(tmp_path)
    (model,) = results.models
    card = {"title": "A title", "test": {"auroc": "0.9", "records": 5}, "known_failures": ["one", "two"]}
    bundle = replace(model.bundle, card=card, provenance={**model.bundle.provenance, "command": "seqnet train x"})
    model = replace(model, bundle=bundle)
    text = render_page(evaluation_page(replace(results, models=(model,))))
    for part in (
        "<dt>test</dt><dd>AUROC 0.9; records 5</dd>",
        "<dt>known failures</dt><dd>one</dd><dd>two</dd>",
        "<dt>command</dt><dd>seqnet evaluate one.safetensors</dd>",
        "<dt>trained by</dt><dd>seqnet train x</dd>",
        f"<dd>SHA-256 {results.dataset.sha256()}</dd>",
        "<dt>bootstrap</dt><dd>20 replicates of records, seed 0</dd>",
    ):
        assert part in text
    assert re.search(r"<dt>versions</dt><dd>python [\d.]+, seqnet [\d.]+\S*, numpy", text)
    assert text.index("A title") < text.index("known failures")


def test_calibration_is_reported(tmp_path: Path) -> None:
    results = example_results(tmp_path)
    (model,) = results.models
    assert "No temperature" in texts(sections(results)["calibration"])
    fitted = Calibration(temperature=0.5, threshold=0.25, criterion="balanced")
    bundle = replace(model.bundle, calibration=fitted)
    found = texts(sections(replace(results, models=(replace(model, bundle=bundle),)))["calibration"])
    assert "Temperature 0.500, fitted in training" in found
    assert "Threshold 0.250; it has the best balanced accuracy on these." in found


def test_learning_curves_are_drawn_or_their_absence_is_reported(tmp_path: Path) -> None:
    results = example_results(tmp_path)
    assert texts(sections(results)["training"]) == "Learning curves are not known: the model is not from a file."
    bundle = results.models[0].bundle
    bundle = replace(bundle, metrics={"epoch": 1.0, "validation_loss": 0.5})
    write_history(tmp_path / "m.history.tsv", [[EpochRow(1, 1, 1e-3, 0.6, 0.5, 0.5, 0.5, 0.5)]])
    (tmp_path / "m.safetensors").touch()
    paths = {"one.safetensors": tmp_path / "m.safetensors"}
    again = results_of(results.report, [bundle], results.dataset, paths)
    assert 'id="figure-learning-title"' in render_page(evaluation_page(again))


def test_more_sections_stand_before_the_model(tmp_path: Path) -> None:
    page = evaluation_page(example_results(tmp_path), [Section("motifs", "Motifs", [Text("none")])])
    keys = [section.key for section in page.sections]
    assert keys[keys.index("motifs") + 1] == "model"


def test_the_training_split_has_no_baselines_with_a_message(tmp_path: Path) -> None:
    page = evaluation_page(example_results(tmp_path, split="train"))
    assert "The model was trained on some of these records; these numbers are too good." in page.notes
    (section,) = [section for section in page.sections if section.key == "baselines"]
    assert "No baselines: some of these records are training records" in texts(section)


@pytest.mark.parametrize("models", [1, 2])
def test_the_same_results_give_the_same_bytes_and_small_ones(models: int, tmp_path: Path) -> None:
    pages = [render_page(evaluation_page(example_results(tmp_path, models=models))) for _ in range(2)]
    assert pages[0] == pages[1]
    assert len(pages[0].encode()) < 500_000
