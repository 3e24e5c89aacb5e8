from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seqnet.configs.prediction import PredictOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import SeqnetError
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.outputs import Output
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.streaming import write_predictions
from seqnet.prediction.summary_output import PredictionSummary, SummaryOutput
from seqnet.prediction.writers import TableOutput
from tests.building import make_bundle, random_strings


@pytest.fixture
def reads(tmp_path: Path) -> str:
    path = tmp_path / "reads.fa"
    strings = [*random_strings([12] * 30), "AC!T", "ACGTACGTACGTACGT"]
    path.write_text("".join(f">r{place}\n{sequence}\n" for place, sequence in enumerate(strings)))
    return str(path)


@pytest.mark.parametrize("size", [1, 100, 1 << 19])
@pytest.mark.parametrize("threads", [1, 3])
def test_the_counts_are_those_of_the_table_whatever_the_batches(
    reads: str, tmp_path: Path, size: int, threads: int
) -> None:
    predictor = Predictor(make_bundle(), PredictOptions())
    summary = PredictionSummary.empty(2)
    written: list[int] = []

    def write(path: Path) -> None:
        written.append(summary.tally.counts.total())
        path.write_text("report")

    outputs: list[Output] = [TableOutput(tmp_path / "rows.tsv"), SummaryOutput(summary, write, tmp_path / "page.html")]
    inputs = PredictionInputs(ReadOptions(batch_bytes=size, threads=threads), predictor.expected_alphabet)
    tally = write_predictions(predictor, inputs, [reads], outputs)
    assert written == [32]
    assert (tmp_path / "page.html").read_text() == "report"
    assert summary.tally == tally
    assert tally.counts[RecordStatus.INVALID_SYMBOL] == 1
    rows = [line.split("\t") for line in (tmp_path / "rows.tsv").read_text().splitlines()]
    at = {name: index for index, name in enumerate(rows[0])}
    labels = [row[at["label"]] for row in rows[1:] if row[at["label"]]]
    found = summary.distributions
    assert found.labels.tolist() == [labels.count("noise"), labels.count("signal"), 0]
    signal = [float(row[at["p_signal"]]) for row in rows[1:] if row[at["label"]]]
    assert np.allclose(found.expected[1], sum(signal), atol=1e-3)
    assert found.lengths.sum() == 32
    assert found.lengths[0][4] == found.lengths[1][16] == 1
    assert found.lengths[1][12] == 30


def test_nothing_is_written_before_the_last_input_and_after_an_error(reads: str, tmp_path: Path) -> None:
    predictor, summary = Predictor(make_bundle()), PredictionSummary.empty(2)
    target = tmp_path / "page.html"

    def predicted(path: str, target: Path | None) -> None:
        inputs = PredictionInputs(ReadOptions(batch_bytes=1), None)
        write_predictions(predictor, inputs, [path], [SummaryOutput(summary, Path.touch, target)])

    predicted(reads, None)
    assert not target.exists()
    broken = tmp_path / "broken.fq"
    broken.write_text("@a\nACGTACGTACGT\n+\nIIIIIIIIIIII\n@b\nACGT\n")
    with pytest.raises(SeqnetError):
        predicted(str(broken), target)
    assert summary.tally.counts.total() == 33
    assert {path.name for path in tmp_path.iterdir()} == {"reads.fa", "broken.fq"}
    predicted(reads, target)
    assert target.exists()
    assert summary.tally.counts.total() == 65
