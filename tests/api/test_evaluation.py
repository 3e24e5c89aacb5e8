from __future__ import annotations

import json
from pathlib import Path

import pytest

import seqnet
from seqnet.api.models import Model
from seqnet.configs.evaluation import EvaluationOptions
from seqnet.core.errors import AlphabetMismatchError, LabelError, OutputError, SeqnetError, SettingError
from seqnet.evaluation import METRICS
from seqnet.reporting.report import report
from tests.api.conftest import cli as cli
from tests.api.conftest import folder_bytes, page_of_program
from tests.building import make_bundle, planted, saved
from tests.cli.running import Runner


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


def test_a_report_and_figures_are_written(tmp_path: Path) -> None:
    path = tmp_path / "d.safetensors"
    saved(planted(), path)
    Model(make_bundle(window=24)).save(tmp_path / "m.safetensors")
    found = seqnet.evaluate(tmp_path / "m.safetensors", path, replicates=20, baselines=False, strata=True)
    found.report(tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text()
    assert "<title>Evaluation of m.safetensors</title>" in text
    assert "Metrics by length and similarity" in text
    assert "there is no file m.history.tsv beside the model" in text
    with pytest.raises(OutputError, match="already exists; choose another name or pass force=True"):
        found.report(tmp_path / "r.html")
    found.report(tmp_path / "r.html", force=True)
    found.plot("roc", tmp_path / "roc.png")
    assert (tmp_path / "roc.png").read_bytes().startswith(b"\x89PNG")


def test_a_report_of_a_model_in_memory(tmp_path: Path) -> None:
    data = saved(planted(), tmp_path / "d.safetensors")
    found = seqnet.evaluate(Model(make_bundle(window=24)), data, replicates=0, baselines=False)
    found.report(tmp_path / "r.html")
    assert "the model is not from a file" in (tmp_path / "r.html").read_text()


def test_a_figure_that_is_not_there_is_refused(tmp_path: Path) -> None:
    data = saved(planted(), tmp_path / "d.safetensors")
    found = seqnet.evaluate(Model(make_bundle(window=24)), data, replicates=0, baselines=False)
    with pytest.raises(SettingError, match=r"figure must be one of roc, pr, .*, not 'rok'; did you mean roc"):
        found.plot("rok", tmp_path / "x.png")
    with pytest.raises(SettingError, match=r"path must be a file name that ends in .pdf, .png or .svg, not "):
        found.plot("roc", tmp_path / "x.gif")
    with pytest.raises(SettingError, match="differences needs two models"):
        found.plot("differences", tmp_path / "x.png")
    with pytest.raises(SeqnetError, match="there is no figure of baselines: model has none for these records"):
        found.plot("baselines", tmp_path / "x.png")
    assert [path.name for path in tmp_path.iterdir()] == ["d.safetensors"]


def labelled(tmp_path: Path) -> Path:
    """Writes the test records of a planted dataset as a table with labels."""
    data = saved(planted(), tmp_path / "d.safetensors")
    frame = seqnet.open_dataset(data.path).to_pandas()
    frame[frame["split"] == "test"].to_csv(tmp_path / "test.csv", index=False)
    return tmp_path / "test.csv"


def test_a_labelled_file_is_measured_as_the_dataset_is(tmp_path: Path) -> None:
    path, model = labelled(tmp_path), Model(make_bundle(window=24), threads=1)
    found = seqnet.evaluate(model, path, label_column="label", replicates=0)
    expected = seqnet.evaluate(model, tmp_path / "d.safetensors", replicates=0)
    assert found.metrics["value"].tolist() == pytest.approx(expected.metrics["value"].tolist(), nan_ok=True)
    assert found.comparison is None
    found.report(tmp_path / "r.html")
    with pytest.raises(SettingError, match="label_column is needed for a sequence file"):
        seqnet.evaluate(model, path, unknown="mask")
    with pytest.raises(SettingError, match="split needs a dataset; a sequence file has no splits"):
        seqnet.evaluate(model, path, "test", label_column="label")
    with pytest.raises(SettingError, match="label_column needs a sequence file"):
        seqnet.evaluate(model, planted(), label_column="label")


def test_two_models_are_compared_on_the_same_records(tmp_path: Path) -> None:
    data = saved(planted(), tmp_path / "d.safetensors")
    one, other = (Model(make_bundle(window=24, seed=seed), threads=1) for seed in (1, 2))
    found = seqnet.evaluate(one, data, other=other, replicates=50, baselines=False)
    expected = report(
        {"model": one.bundle, "other": other.bundle}, data, "test", EvaluationOptions(replicates=50), baselines=False,
        strata=False,
    )  # fmt: skip
    assert found.to_json() == expected.to_json()
    assert found.comparison is not None
    row = found.comparison.set_index("metric").loc["auroc"]
    assert row["difference"] == pytest.approx(row["first"] - row["second"])
    assert row["low"] <= row["difference"] <= row["high"]
    with pytest.raises(LabelError, match="compare models of the same classes"):
        seqnet.evaluate(one, data, other=Model(make_bundle(classes=("noise", "x"))))


def test_files_and_tables_are_those_of_the_command(
    tmp_path: Path, cli: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(planted(), tmp_path / "d.safetensors")
    for seed in (1, 2):
        Model(make_bundle(window=24, seed=seed)).save(f"{seed}.safetensors")
    found = seqnet.evaluate(
        "1.safetensors", "d.safetensors", other="2.safetensors", replicates=20, strata=True, baselines=False
    )
    found.write("ours")
    found.report("ours.html", motifs=True)
    found.plot("confusion", "ours/confusion.svg")
    done = cli(
        "evaluate", "1.safetensors", "2.safetensors", "d.safetensors", "--replicates", 20, "--strata", "-o", "theirs",
        "--report", "theirs.html", "--motifs", "--no-baselines", "--device", "cpu", "--threads", 1,
        "--plot", "confusion=theirs/confusion.svg",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert folder_bytes(Path("ours")) == folder_bytes(Path("theirs"))
    assert list(folder_bytes(Path("ours"))) == [
        "confusion-2.svg", "confusion.svg", "metrics.json", "predictions-2.tsv", "predictions.tsv"
    ]  # fmt: skip
    assert Path("ours.html").read_text() == page_of_program(Path("theirs.html"))
    assert 'id="motifs"' in Path("ours.html").read_text()
    assert found.text() == done.out
    assert [f"seqnet: warning: {line}" for line in found.warnings] == [
        line for line in done.err.splitlines() if line.startswith("seqnet: warning: ")
    ]
    with pytest.raises(OutputError, match="already exists; choose another name or pass force=True"):
        found.write("ours")
