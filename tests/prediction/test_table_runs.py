from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.shard_files import ShardFile, ShardOutput
from seqnet.prediction.streaming import write_predictions
from seqnet.prediction.table_runs import TableRun, decision_lines
from seqnet.prediction.writers import TableOutput
from seqnet.readers.parts import Shard
from tests.building import make_bundle
from tests.prediction.shards import READ, make_inputs, make_predictor, write_whole


def run_of(folder: Path, name: str, shard: Shard | None = None) -> TableRun:
    predictor = make_predictor(folder)
    source = PredictionInputs(READ, predictor.expected_alphabet, shard=shard)
    return TableRun(predictor, folder / "m.safetensors", source, make_inputs(folder), TableOutput(folder / name))


def test_a_run_of_all_records_writes_the_table(tmp_path: Path) -> None:
    run = run_of(tmp_path, "t.tsv")
    assert run.output() is run.table
    seen: list[int] = []
    tally = run.write_resumable(seen.append)
    assert sum(seen) == tally.counts.total() == 600
    write_whole(run.predictor, run.paths, tmp_path / "whole.tsv")
    assert (tmp_path / "t.tsv").read_bytes() == (tmp_path / "whole.tsv").read_bytes()


def test_a_resumable_shard_is_described_as_any_other(tmp_path: Path) -> None:
    one, two = (run_of(tmp_path, name, Shard(2, 3)) for name in ("1.tsv", "2.tsv"))
    output = one.output()
    assert isinstance(output, ShardOutput)
    write_predictions(one.predictor, one.source, one.paths, [output])
    two.write_resumable()
    assert ShardFile.read(tmp_path / "1.tsv") == ShardFile.read(tmp_path / "2.tsv")
    assert ShardFile.read(tmp_path / "1.tsv").shard == Shard(2, 3)


@pytest.mark.parametrize(("threshold", "count"), [(0.5, 0), (0.25, 1)])
def test_a_threshold_is_named_unless_it_is_a_half(threshold: float, count: int) -> None:
    bundle = make_bundle()
    calibrated = replace(bundle, calibration=replace(bundle.calibration, threshold=threshold))
    lines = decision_lines(Predictor(calibrated))
    assert len(lines) == count
    if lines:
        assert lines[0].startswith("the label is signal where p_signal is 0.250 or more, else noise, so the ")
