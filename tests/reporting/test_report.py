from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.core.errors import LabelError
from seqnet.datasets.dataset import Dataset
from seqnet.evaluation import evaluate_probabilities
from seqnet.evaluation.baselines import fit_baselines
from seqnet.models.bundles import Bundle
from seqnet.models.probabilities import bundle_probabilities
from seqnet.reporting.report import report
from seqnet.training.finalization import with_baselines
from tests.building import fit, make_bundle, make_dataset, planted, random_strings, run_config, saved, trained_on
from tests.evaluation.baselines.test_fitting import by_composition

QUICK = EvaluationOptions(replicates=100)
FINDER = {"name": "parallel", "filters": [16], "kernels": [8], "dense": [], "strands": "single"}


def trained(dataset: Dataset) -> Bundle:
    return fit(dataset, run_config({"epochs": 5, "learning_rate": 0.02, "batch_size": 32}, FINDER)).bundle


def turned(bundle: Bundle) -> Bundle:
    """Returns the bundle with its classes in reverse order: the rows of the last layer are swapped."""
    (classifier,) = bundle.members
    copy = make_bundle(bundle.config, window=bundle.window).members[0]
    copy.load_state_dict(classifier.state_dict())
    for name, tensor in copy.state_dict().items():
        if name.startswith("network.head.output."):
            tensor.copy_(tensor.flip(0))
    assert bundle.positive is not None
    return dataclasses.replace(bundle, members=(copy,), classes=bundle.classes[::-1], positive=1 - bundle.positive)


def keeping(bundle: Bundle, dataset: Dataset) -> Bundle:
    """Returns the bundle with baselines that are fitted to the train split of a dataset, as in training."""
    return with_baselines(bundle, dataset, lambda line: None)[0]


def beaten(bundle: Bundle, dataset: Dataset) -> tuple[dict[str, bool], list[str]]:
    """Returns baseline → whether it is beaten, and the warnings without the one about other data."""
    (model,) = report({"m": keeping(bundle, dataset)}, dataset, "test", QUICK, strata=False).models
    lines = [line for line in model.warnings() if "may contain training records" not in line]
    return {name: one.beaten for name, one in model.baselines.items()}, lines


def test_where_a_motif_is_needed_the_network_is_ahead_of_every_baseline() -> None:
    # In long sequences a motif of eight symbols changes the shares of 4-mers only a little.
    dataset = planted((600, 200, 300), length=100)
    assert beaten(trained(dataset), dataset) == ({"majority": True, "composition": True, "kmers": True}, [])


def test_where_composition_suffices_the_network_is_not_ahead_with_a_message() -> None:
    dataset = by_composition((400, 100, 200))
    found, (line, *more) = beaten(trained(dataset), dataset)
    assert found["majority"]
    assert not found["composition"]
    assert line.startswith("the model does not beat the baseline composition: AUROC 0.")
    assert " against 0." in line
    assert ", difference -0." in line
    assert len(more) == 1 - found["kmers"]


def test_the_report_of_one_model_is_its_evaluation_and_more(tmp_path: Path) -> None:
    dataset = saved(planted((60, 20, 80)), tmp_path / "d")
    bundle = trained_on(make_bundle(window=24), dataset)
    found = report({"m": bundle}, dataset, "test", QUICK)
    reported = json.loads(json.dumps(found.to_json(), allow_nan=False))
    members = dataset.members("test")
    probabilities = bundle_probabilities(bundle, dataset.tokens, members).probabilities
    alone = evaluate_probabilities(dataset.labels[members], probabilities, bundle.classes, options=QUICK).to_json()
    assert {key: reported[key] for key in alone} == alone
    assert set(reported) - set(alone) == {"baselines", "strata", "warnings", "comparison"}
    assert reported["warnings"] == found.models[0].warnings()
    assert reported["comparison"] is None
    assert set(reported["baselines"]) == {"majority", "composition", "kmers"}
    for one in reported["baselines"].values():
        assert set(one) == {"metrics", "differences", "beaten", "records", "available"}
        assert set(one["metrics"]) == set(one["differences"]) == {"accuracy", "auroc", "mcc"}
        assert (one["records"], one["available"]) == (60, 60)
        for name, difference in one["differences"].items():
            ours, theirs = reported["metrics"][name]["value"], one["metrics"][name]["value"]
            if theirs is not None and ours is not None:
                assert difference["value"] == pytest.approx(ours - theirs)
    assert sum(one["n"] for one in reported["strata"]["length"]) == 80
    assert sum(one["n"] for one in reported["strata"]["similarity"]["bins"]) == 80
    assert reported["strata"]["similarity"]["k"] == 16


def test_what_is_switched_off_is_empty() -> None:
    reported = report({"m": make_bundle(window=24)}, planted(), "test", QUICK, baselines=False, strata=False).to_json()
    assert (reported["baselines"], reported["strata"], reported["comparison"]) == ({}, None, None)


def test_a_split_of_one_class_is_reported_without_nan() -> None:
    dataset = make_dataset(random_strings([24] * 30), [0, 1] * 10 + [1] * 10, ["train"] * 20 + ["test"] * 10)
    found = report({"m": keeping(make_bundle(window=24), dataset)}, dataset, "test", QUICK)
    reported = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert reported["baselines"]["kmers"]["differences"]["auroc"]["value"] is None
    assert found.models[0].baselines["kmers"].main_metric == "accuracy"


def test_without_training_records_there_are_no_baselines_with_a_message(tmp_path: Path) -> None:
    dataset = saved(planted((0, 10, 20)), tmp_path / "d.safetensors")
    (model,) = report({"m": trained_on(make_bundle(window=24), dataset)}, dataset, "test", QUICK).models
    assert not model.baselines
    (line,) = model.warnings()
    assert line.startswith("no baselines: ")
    assert "d.safetensors: the train split is empty" in line
    # No record is from training.
    assert model.strata is not None
    assert model.strata.similarity is not None
    assert [one.n for one in model.strata.similarity.bins] == [20, 0, 0, 0, 0]


def test_records_too_short_for_a_kmer_are_counted(tmp_path: Path) -> None:
    strings = random_strings([24] * 40 + [10])
    made = make_dataset(strings, [0, 1] * 20 + [1], ["train"] * 20 + ["test"] * 21)
    dataset = saved(made, tmp_path / "d")
    (model,) = report({"m": trained_on(make_bundle(window=24), dataset)}, dataset, "test", QUICK).models
    assert model.strata is not None
    assert model.strata.similarity is not None
    assert (model.strata.similarity.k, model.strata.similarity.without) == (16, 1)


def aurocs(bundle: Bundle, dataset: Dataset, split: str) -> dict[str, float]:
    """Returns baseline → AUROC on a split; empty without baselines."""
    (model,) = report({"m": bundle}, dataset, split, QUICK).models
    return {name: one.metrics["auroc"].value for name, one in model.baselines.items()}


def test_on_another_dataset_the_baselines_of_the_training_records_are_measured() -> None:
    # Labels are random: only a fit to these records, with hundreds of k-mers, predicts them.
    training = planted((600, 100, 0))
    other = make_dataset(random_strings([24] * 40, seed=9), [0, 0, 1, 1] * 10, ["train"] * 40)
    bundle = keeping(make_bundle(window=24), training)
    expected = fit_baselines(training, 50_000, 1)
    members = np.arange(40)
    for split in ("all", "train"):
        found = aurocs(bundle, other, split)
        for name, one in expected.items():
            own = one.probabilities(other.tokens, members)[:, 1]
            assert found[name] == pytest.approx(roc_auc_score(other.labels, own), abs=1e-12)
    fitted_to_itself = fit_baselines(other, 50_000, 1)["kmers"].probabilities(other.tokens, members)[:, 1]
    assert roc_auc_score(other.labels, fitted_to_itself) > 0.9
    assert found["kmers"] < 0.8


def test_a_model_that_keeps_none_has_them_on_the_test_split_of_its_training_dataset_only(tmp_path: Path) -> None:
    dataset = saved(planted((60, 20, 40)), tmp_path / "d")
    other = saved(planted((60, 20, 41)), tmp_path / "other")
    older = trained_on(make_bundle(window=24), dataset)
    kept = keeping(older, dataset)
    assert aurocs(older, dataset, "test") == pytest.approx(aurocs(kept, dataset, "test"), abs=1e-12)
    assert set(aurocs(kept, other, "test")) == {"majority", "composition", "kmers"}
    (model,) = report({"m": older}, other, "test", QUICK).models
    assert not model.baselines
    assert model.warnings()[1:] == ["no baselines: the model contains none, and this is not its training dataset"]
    # The similarity to training records is not available either.
    assert model.strata is not None
    assert model.strata.similarity is None


@pytest.mark.parametrize("split", ["train", "all"])
def test_nothing_is_measured_on_the_records_that_it_was_fitted_to(tmp_path: Path, split: str) -> None:
    dataset = saved(planted((60, 20, 40)), tmp_path / "d")
    for bundle in (trained_on(make_bundle(window=24), dataset), keeping(trained_on(make_bundle(), dataset), dataset)):
        (model,) = report({"m": bundle}, dataset, split, QUICK).models
        assert not model.baselines
        assert model.warnings()[1:2] == [
            "no baselines: some of these records are training records, which baselines are fitted to"
        ]
        assert model.strata is not None
        assert model.strata.similarity is None
        assert model.strata.length


def test_a_model_that_was_trained_without_baselines_has_none(tmp_path: Path) -> None:
    dataset = saved(planted((60, 20, 40)), tmp_path / "d")
    bundle = trained_on(make_bundle(run_config({"baseline_records": 0}), window=24), dataset)
    assert not keeping(bundle, dataset).baselines
    (model,) = report({"m": bundle}, dataset, "test", QUICK).models
    assert model.warnings() == ["no baselines: the model was trained with training.baseline_records = 0"]


def test_two_models_have_the_baselines_of_their_own_training_records() -> None:
    first, third = planted((600, 100, 0)), planted((0, 0, 200), seed=7)
    second = make_dataset(random_strings([24] * 60, seed=3), [0, 0, 1, 1] * 15, ["train"] * 60)
    models = {"a": keeping(make_bundle(window=24), first), "b": keeping(make_bundle(window=24, seed=5), second)}
    one, other = report(models, third, "test", QUICK).models
    assert (one.fitted["kmers"].records, other.fitted["kmers"].records) == (600, 60)
    assert one.baselines["kmers"].metrics["auroc"].value > other.baselines["kmers"].metrics["auroc"].value + 0.2


def test_a_model_beside_itself_differs_in_nothing() -> None:
    dataset, bundle = planted((60, 20, 60)), make_bundle(window=24)
    found = report({"one": bundle, "two": bundle}, dataset, "test", QUICK)
    assert found.comparison is not None
    assert {one.value for one in found.comparison.paired.differences.values()} == {0}
    assert (found.comparison.mcnemar.only_first, found.comparison.mcnemar.p) == (0, 1)
    reported = found.to_json()
    assert reported["comparison"]["models"] == ["one", "two"]
    second = reported["comparison"]["second"]
    assert {key: second[key] for key in second} == {key: reported[key] for key in second}


def test_the_order_of_the_classes_in_the_models_does_not_matter() -> None:
    dataset = planted((60, 20, 60))
    first, second = make_bundle(window=24), make_bundle(window=24, seed=5)
    plain = report({"a": first, "b": second}, dataset, "test", QUICK).to_json()["comparison"]
    mixed = report({"a": first, "b": turned(second)}, dataset, "test", QUICK).to_json()["comparison"]
    assert plain["mcnemar"]["only_first"] > 0
    assert mixed["mcnemar"] == plain["mcnemar"]
    for name, difference in plain["differences"].items():
        assert mixed["differences"][name]["value"] == pytest.approx(difference["value"], abs=1e-6)
    assert mixed["delong"]["p"] == pytest.approx(plain["delong"]["p"], rel=1e-4)


def test_groups_are_drawn_whole_and_leave_delong_out() -> None:
    dataset = dataclasses.replace(planted((60, 20, 60)), groups=np.arange(140) // 7)
    found = report({"a": make_bundle(window=24), "b": make_bundle(window=24, seed=5)}, dataset, "test", QUICK)
    assert found.comparison is not None
    assert found.comparison.delong is None
    assert found.comparison.mcnemar.method == "groups"


@pytest.mark.parametrize(
    ("classes", "positive", "problem"),
    [
        (("noise", "phage"), 1, "b: it has the classes noise, phage, a has noise, signal"),
        (("noise", "signal"), 0, "b: its positive class is noise, that of a is signal"),
    ],
)
def test_models_of_different_tasks_are_not_compared(classes: tuple[str, ...], positive: int, problem: str) -> None:
    first = make_bundle(window=24)
    second = dataclasses.replace(first, classes=classes, positive=positive)
    with pytest.raises(LabelError, match=problem):
        report({"a": first, "b": second}, planted(), "test", QUICK)


def test_a_model_may_know_more_classes_than_the_dataset() -> None:
    dataset = planted((60, 20, 40))
    bundle = make_bundle(classes=("signal", "other", "noise"), window=24)
    three = make_dataset(random_strings([24] * 60), [0, 1, 2] * 20, ["train"] * 60, classes=bundle.classes)
    found = report({"m": keeping(bundle, three)}, dataset, "test", QUICK)
    assert found.models[0].baselines["kmers"].metrics["accuracy"].value > 0.1
    json.dumps(found.to_json(), allow_nan=False)
