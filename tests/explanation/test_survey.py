"""Samples of a stream of records, with their true classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from seqnet.configs.motifs import MotifOptions, WordOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import SeqnetError
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.survey import LabelledInputs, LabelSource, Survey, survey_records
from tests.building import encoded, make_bundle, random_strings

STRINGS = random_strings([12] * 300)


def sampled(most: int, size: int, seed: int = 0) -> list[bytes]:
    survey = Survey(make_bundle(), MotifOptions(motif_records=most, seed=seed), None)
    for start in range(0, len(STRINGS), size):
        part = encoded(STRINGS[start : start + size])
        survey.add(part, np.arange(start, start + len(part)) % 3 - 1, None)
    found = survey.sample()
    assert found.seen == 200
    assert found.labels is None
    assert len(found.predicted) == len(found.tokens)
    return [found.tokens[row] for row in range(len(found.tokens))]


def test_a_sample_does_not_depend_on_batches_and_is_in_order() -> None:
    every = encoded(STRINGS)
    usable = [every[row] for row in range(300) if row % 3]
    assert sampled(1000, 50) == usable
    drawn = sampled(40, 50)
    assert len(drawn) == 40
    assert [usable.index(one) for one in drawn] == sorted(usable.index(one) for one in drawn)
    assert sampled(40, 7) == drawn
    assert sampled(40, 50, seed=1) != drawn


def test_every_record_has_the_same_chance() -> None:
    hits = np.zeros(200)
    every = encoded(STRINGS)
    place = {every[row]: index for index, row in enumerate(row for row in range(300) if row % 3)}
    for seed in range(100):
        for one in sampled(50, 300, seed):
            hits[place[one]] += 1
    assert 20 < hits[:100].mean() < 30
    assert 20 < hits[100:].mean() < 30
    assert hits.min() > 5


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "records.csv"
    rows = [f"r{index},{string},{('noise', 'signal', '')[index % 3]}" for index, string in enumerate(STRINGS[:30])]
    path.write_text("name,sequence,class\n" + "\n".join(rows) + "\n")
    return path


def test_true_classes_stay_with_their_records(table: Path) -> None:
    bundle = make_bundle()
    explainer = Explainer(bundle)
    source = LabelSource(label_column="class")
    inputs = LabelledInputs(ReadOptions(threads=2, batch_bytes=64), bundle.alphabet, source, bundle.classes)
    survey = Survey(bundle, MotifOptions(), WordOptions())
    tally = survey_records(explainer, inputs, [str(table)], survey)
    assert tally.counts.total() == 30
    found = survey.sample()
    assert found.labels is not None
    assert found.labels.tolist() == [0, 1, -1] * 10
    assert survey.words is not None
    assert int(survey.words.records.sum()) == 30


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            {"label_column": "name"},
            "column name has the class 'r0', which the model does not have; its classes are noise",
        ),
        ({"label_column": "kind"}, "no column named 'kind'"),
        ({"label_regex": r"(r\d)"}, "the header has the class 'r0', which the model does not have"),
    ],
)
def test_classes_that_the_model_lacks(table: Path, source: Mapping[str, str], message: str) -> None:
    bundle = make_bundle()
    inputs = LabelledInputs(ReadOptions(threads=1), bundle.alphabet, LabelSource(**source), bundle.classes)
    with pytest.raises(SeqnetError) as caught:
        survey_records(Explainer(bundle), inputs, [str(table)], Survey(bundle, MotifOptions(), None))
    assert message in str(caught.value)
    assert str(table) in str(caught.value)
