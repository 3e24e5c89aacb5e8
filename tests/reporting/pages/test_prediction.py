from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from seqnet.configs.prediction import PredictOptions
from seqnet.core.provenance import file_hash
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.models.bundles import write_bundle
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.summary_output import PredictionSummary
from seqnet.reporting.pages import prediction
from seqnet.reporting.pages.content import Block, Cell, Facts, Figures, Page, Table, Text
from seqnet.reporting.pages.prediction import PredictedInput, PredictionRun, prediction_page
from seqnet.reporting.pages.rendering import render_page
from tests.building import make_bundle, random_strings

STRINGS = [*random_strings([12] * 20), "", "AC!T", "ACGTACGTACGTACGT"]
LINES = ["seqnet: warning: look here", "seqnet: note: a.fa: odd", "23 records: 21 ok"]


def run_of(
    folder: Path,
    strings: Sequence[str] = STRINGS,
    options: dict[str, Any] | None = None,
    inputs: Sequence[PredictedInput] = (PredictedInput("a.fa", 23, 400, "ab12"), PredictedInput("-", 0, None, None)),
    **bundle: Any,
) -> PredictionRun:
    """Returns a run of a random model."""
    model = folder / "model.safetensors"
    made = make_bundle(**bundle)
    write_bundle(model, made)
    predictor = Predictor(made, PredictOptions(**(options or {})))
    summary = PredictionSummary.empty(len(made.classes))
    if strings:
        names = Ragged.from_strings(["r"] * len(strings))
        batch = RecordBatch(names, Ragged.from_strings(strings), names)
        summary.add(PredictionSummary.of(batch, predictor.predict_batch(batch)))
    return PredictionRun(predictor, model, inputs, summary, LINES, "seqnet predict model a.fa -")


def blocks(page: Page, kind: type[Block]) -> list[Any]:
    return [block for section in page.sections for block in section.blocks if isinstance(block, kind)]


def rows(table: Table) -> list[list[str]]:
    return [[cell.text if isinstance(cell, Cell) else cell for cell in row] for row in table.rows]


def facts(page: Page) -> dict[str, Any]:
    return {name: value for block in blocks(page, Facts) for name, value in block.rows}


def test_every_status_has_its_count_and_its_meaning(tmp_path: Path) -> None:
    status, labels, inputs = blocks(prediction_page(run_of(tmp_path)), Table)
    assert rows(status) == [
        ["ok", "21", "91.30 %", "has a prediction"],
        ["empty", "1", "4.35 %", "no prediction: the sequence is empty"],
        ["invalid_symbol", "1", "4.35 %", "no prediction: a symbol is outside the alphabet of the model"],
    ]
    assert set(prediction._MEANINGS) == set(RecordStatus)
    assert sum(int(row[1]) for row in rows(labels)) == 21
    assert sum(int(row[3]) for row in rows(labels)) == 21
    assert rows(inputs) == [["a.fa", "23", "400", "ab12"], ["-", "0", "n/a", "not known: a stream"]]


def test_warnings_stand_at_the_top_and_the_other_lines_below(tmp_path: Path) -> None:
    page = prediction_page(run_of(tmp_path))
    assert page.notes == ["look here"]
    (notes,) = (section for section in page.sections if section.key == "notes")
    assert list(notes.blocks[0].lines) == ["a.fa: odd", "23 records: 21 ok"]  # type: ignore[union-attr]
    assert page.lead == "23 records of 2 inputs; 21 (91.3%) have a prediction."


def test_the_origin_has_the_model_its_hash_and_the_command(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    found = facts(prediction_page(run))
    assert found["command"] == run.command
    assert found["model SHA-256"] == file_hash(run.model or Path())
    assert found["computed in"] == run.predictor.precision


def test_how_labels_were_decided(tmp_path: Path) -> None:
    assert facts(prediction_page(run_of(tmp_path)))["label"] == "signal from a probability of 0.500 on, else noise"
    vote = facts(prediction_page(run_of(tmp_path, options={"vote": True}, members=3)))
    assert vote["label"].startswith("majority of 3 networks")
    several = facts(prediction_page(run_of(tmp_path, classes=("a", "b", "c"))))
    assert several["label"] == "the class with the highest probability"
    mixed = facts(prediction_page(run_of(tmp_path, options={"expected_fraction": ("signal=0.1",)})))
    assert mixed["expected fractions"] == "signal=0.1"


@pytest.mark.parametrize(
    ("classes", "keys"),
    [
        (("noise", "signal"), ["lengths", "label-counts", "probability-1"]),
        (("a", "b", "c"), None),
    ],
)
def test_two_classes_have_one_distribution_and_more_have_one_each(
    tmp_path: Path, classes: tuple[str, ...], keys: list[str] | None
) -> None:
    run = run_of(tmp_path, classes=classes)
    found = [picture.key for block in blocks(prediction_page(run), Figures) for picture in block.pictures]
    used = [f"probability-{index}" for index, count in enumerate(run.summary.distributions.labels[:-1]) if count]
    assert found == (keys or ["lengths", "label-counts", *used])


def test_sequences_of_one_length_are_a_sentence(tmp_path: Path) -> None:
    page = prediction_page(run_of(tmp_path, random_strings([12] * 4)))
    assert [block.text for block in blocks(page, Text)] == ["All sequences have 12 bases."]


def test_no_records_are_a_page_too(tmp_path: Path) -> None:
    page = prediction_page(run_of(tmp_path, []))
    assert blocks(page, Text)[0].text == "There are no records."
    assert page.lead == "0 records of 2 inputs; 0 have a prediction."
    assert "</html>" in render_page(page)


def test_thousands_of_inputs_are_cut_and_reported(tmp_path: Path) -> None:
    many = [PredictedInput(f"{number}.fa", 1, 1, "ab") for number in range(1000)]
    page = prediction_page(run_of(tmp_path, inputs=many))
    assert blocks(page, Table)[-1].note == "The first 200 of 1,000 inputs are shown."
    assert len(render_page(page)) < 300_000


def test_names_are_escaped_and_the_bytes_are_the_same_again(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    inputs = [PredictedInput(f"{hostile}\x1b.fa", 1, 1, "ab")]
    run = run_of(tmp_path, inputs=inputs, classes=(hostile, "b"))
    text = render_page(prediction_page(run))
    assert "<script>alert" not in text
    assert "\x1b" not in text
    assert text == render_page(prediction_page(run))
