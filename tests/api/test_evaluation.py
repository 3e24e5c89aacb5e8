from __future__ import annotations

import json
from pathlib import Path

import pytest

import seqnet
from seqnet.api.models import Model
from seqnet.configs.evaluation import EvaluationOptions
from seqnet.core.errors import AlphabetMismatchError, LabelError, SettingError
from seqnet.evaluation import METRICS
from seqnet.reporting.report import report
from tests.building import make_bundle, planted, saved


def test_metrics_are_a_table_with_intervals_and_those_of_the_report(tmp_path: Path) -> None:
    bundle, data = make_bundle(window=24), saved(planted(), tmp_path / "d.safetensors")
    found = seqnet.evaluate(Model(bundle, threads=1), data, replicates=50, seed=3)
    expected = report({"model": bundle}, data, "test", EvaluationOptions(replicates=50, seed=3), strata=False)
    assert found.to_json() == expected.to_json()
    assert json.loads(json.dumps(found.to_json(), allow_nan=False)) == found.to_json()
    assert list(found.metrics.columns) == ["metric", "value", "low", "high"]
    assert found.metrics["metric"].tolist() == list(METRICS)
    row = found.metrics.set_index("metric").loc["auroc"]
    assert row["low"] <= row["value"] <= row["high"]
    assert found.confusion.to_numpy().sum() == 24
    assert found.confusion.loc["noise"].sum() == 12
    assert (found.confusion.index.name, found.confusion.columns.tolist()) == ("true", ["noise", "signal"])
    assert set(found.per_class["class"]) == {"noise", "signal"}
    assert found.warnings == expected.models[0].warnings()
    assert repr(found).startswith("<seqnet.EvaluationResult: 24 records of test; ")


def test_paths_and_splits_are_text_or_paths(tmp_path: Path) -> None:
    path, model = tmp_path / "d.safetensors", tmp_path / "m.safetensors"
    data = saved(planted(), path)
    Model(make_bundle(window=24)).save(model)
    found = seqnet.evaluate(str(model), str(path), "validation", replicates=0, baselines=False)
    again = seqnet.evaluate(model, path, split="all", replicates=0, baselines=False, strata=True)
    assert (found.confusion.to_numpy().sum(), again.confusion.to_numpy().sum()) == (48, len(data))
    assert found.metrics["low"].isna().all()
    assert again.to_json()["strata"]["length"]


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    data = saved(planted(), tmp_path / "d.safetensors")
    with pytest.raises(AlphabetMismatchError):
        seqnet.evaluate(Model(make_bundle(name="protein")), data)
    with pytest.raises(LabelError, match="the model has no class noise"):
        seqnet.evaluate(Model(make_bundle(classes=("a", "b"))), data)
    with pytest.raises(
        SettingError, match="split must be one of train, validation, test, all, not 'tset'; did you mean test"
    ):
        seqnet.evaluate(Model(make_bundle()), data, "tset")
    with pytest.raises(SettingError, match="did you mean replicates"):
        seqnet.evaluate(Model(make_bundle()), data, replicate=3)  # type: ignore[call-arg]
