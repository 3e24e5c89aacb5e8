from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.core.errors import OutputError
from seqnet.models.bundles import open_bundle
from seqnet.training import FoldsResult, TrainingJob, train_ensemble, train_folds
from seqnet.training.ensemble import EnsembleResult
from seqnet.training.results import result_lines, write_results
from tests.building import CPU, Recorder, planted, run_config

CONFIG = run_config({"epochs": 2, "baseline_records": 0})


@pytest.fixture(scope="module")
def ensemble() -> EnsembleResult:
    return train_ensemble(TrainingJob(planted((96, 120, 24)), CONFIG, CPU, (None, None)), Recorder())


@pytest.fixture(scope="module")
def folds() -> FoldsResult:
    return train_folds(TrainingJob(planted(), CONFIG, CPU, (None, None, None)), Recorder())


def test_the_messages_about_an_ensemble(ensemble: EnsembleResult) -> None:
    one, other, calibrated = result_lines(ensemble)
    assert one.startswith("network 1 of 2: kept epoch ")
    assert other.startswith("network 2 of 2: kept epoch ")
    assert one.endswith(f"; {ensemble.runs[0].bundle.parameter_count} parameters")
    # Two epochs learn nothing that a temperature could help.
    assert calibrated.startswith("not calibrated: calibration did not clearly improve the cross-validated log loss")
    assert "on the validation split" in calibrated
    assert calibrated.endswith(f"threshold {ensemble.bundle.calibration.threshold:.3f}")


def test_the_messages_about_folds(folds: FoldsResult) -> None:
    lines = result_lines(folds)
    assert [line[:11] for line in lines[:3]] == ["fold 1 of 3", "fold 2 of 3", "fold 3 of 3"]
    assert "calibrated out of fold: temperature" in lines[3]
    assert any("auroc" in line.lower() for line in lines[4:])


def test_all_is_written_or_nothing(ensemble: EnsembleResult, folds: FoldsResult, tmp_path: Path) -> None:
    names = ["m.safetensors", "m.history.tsv", "m.curves.svg", "m.folds.tsv", "m.folds.json"]
    targets = [tmp_path / name for name in names]
    targets[1].write_text("mine")
    with pytest.raises(OutputError, match="already exists"):
        write_results(ensemble, targets[:3], force=False)
    assert [path.name for path in tmp_path.iterdir()] == ["m.history.tsv"]
    write_results(ensemble, targets[:3], force=True)
    assert len(open_bundle(targets[0]).members) == 2
    write_results(folds, targets, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    assert len(open_bundle(targets[0]).members) == 3
    assert len(targets[3].read_text().splitlines()) == 1 + len(folds.out_of_fold.members)
