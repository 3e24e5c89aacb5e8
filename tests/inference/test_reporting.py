from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from numpy.typing import NDArray

from seqnet.bundles import Bundle
from seqnet.configs.evaluation import EvaluationOptions
from seqnet.datasets import Dataset
from seqnet.errors import LabelError
from seqnet.evaluation import evaluate_probabilities
from seqnet.inference.engine import bundle_probabilities
from seqnet.inference.reporting import report
from tests.baselines.test_fitting import by_composition
from tests.building import fit, make_bundle, make_dataset, planted, random_strings, run_config

QUICK = EvaluationOptions(replicates=100)
FINDER = {"name": "parallel", "filters": [16], "kernels": [8], "dense": [], "strands": "single"}


def trained(dataset: Dataset) -> Bundle:
    return fit(dataset, run_config({"epochs": 5, "learning_rate": 0.02, "batch_size": 32}, FINDER)).bundle


def turned(bundle: Bundle) -> Bundle:
    """Returns the bundle with its classes in the other order: the last layer's rows change places."""
    (classifier,) = bundle.members
    copy = make_bundle(bundle.config, window=bundle.window).members[0]
    copy.load_state_dict(classifier.state_dict())
    for name, tensor in copy.state_dict().items():
        if name.startswith("network.head.output."):
            tensor.copy_(tensor.flip(0))
    assert bundle.positive is not None
    return dataclasses.replace(bundle, members=(copy,), classes=bundle.classes[::-1], positive=1 - bundle.positive)


def beaten(bundle: Bundle, dataset: Dataset) -> tuple[dict[str, bool], list[str]]:
    """Returns baseline → whether it is beaten, and the warnings, the one about other data aside."""
    (model,) = report({"m": bundle}, dataset, "test", QUICK, strata=False).models
    lines = [line for line in model.warnings() if "another dataset" not in line]
    return {name: one.beaten for name, one in model.baselines.items()}, lines


def test_where_a_motif_is_needed_the_network_is_ahead_of_every_baseline() -> None:
    # In long sequences a motif of eight symbols changes the shares of 4-mers by little.
    dataset = planted((600, 200, 300), length=100)
    assert beaten(trained(dataset), dataset) == ({"majority": True, "composition": True, "kmers": True}, [])


def test_where_composition_suffices_the_network_is_not_ahead_and_that_is_said() -> None:
    dataset = by_composition((400, 100, 200))
    found, (line, *more) = beaten(trained(dataset), dataset)
    assert found["majority"]
    assert not found["composition"]
    assert line.startswith("the model does not beat the baseline composition: AUROC 0.")
    assert " against 0." in line
    assert ", difference -0." in line
    assert len(more) == 1 - found["kmers"]


def test_the_report_of_one_model_is_its_evaluation_and_more() -> None:
    dataset, bundle = planted((60, 20, 80)), make_bundle(window=24)
    found = report({"m": bundle}, dataset, "test", QUICK)
    told = json.loads(json.dumps(found.to_json(), allow_nan=False))
    members = dataset.members("test")
    probabilities = bundle_probabilities(bundle, dataset.tokens, members).probabilities
    alone = evaluate_probabilities(dataset.labels[members], probabilities, bundle.classes, options=QUICK).to_json()
    assert {key: told[key] for key in alone} == alone
    assert set(told) - set(alone) == {"baselines", "strata", "comparison"}
    assert told["comparison"] is None
    assert set(told["baselines"]) == {"majority", "composition", "kmers"}
    for one in told["baselines"].values():
        assert set(one) == {"metrics", "differences", "beaten", "records", "available"}
        assert set(one["metrics"]) == set(one["differences"]) == {"accuracy", "auroc", "mcc"}
        assert (one["records"], one["available"]) == (60, 60)
        for name, difference in one["differences"].items():
            ours, theirs = told["metrics"][name]["value"], one["metrics"][name]["value"]
            if theirs is not None and ours is not None:
                assert difference["value"] == pytest.approx(ours - theirs)
    assert sum(one["n"] for one in told["strata"]["length"]) == 80
    assert sum(one["n"] for one in told["strata"]["similarity"]["bins"]) == 80
    assert told["strata"]["similarity"]["k"] == 16


def test_what_is_switched_off_is_empty() -> None:
    told = report({"m": make_bundle(window=24)}, planted(), "test", QUICK, baselines=False, strata=False).to_json()
    assert (told["baselines"], told["strata"], told["comparison"]) == ({}, None, None)


def test_a_split_of_one_class_is_told_without_nan() -> None:
    dataset = make_dataset(random_strings([24] * 30), [0, 1] * 10 + [1] * 10, ["train"] * 20 + ["test"] * 10)
    found = report({"m": make_bundle(window=24)}, dataset, "test", QUICK)
    told = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert told["baselines"]["kmers"]["differences"]["auroc"]["value"] is None
    assert found.models[0].baselines["kmers"].deciding == "accuracy"


def test_without_training_records_there_are_no_baselines_and_that_is_said() -> None:
    dataset = planted((0, 10, 20))
    found = report({"m": make_bundle(window=24)}, dataset, "test", QUICK)
    assert found.to_json()["baselines"] == {}
    (line,) = found.warnings
    assert line.startswith("no baselines: tiny.safetensors: the train split is empty")
    # Nothing has been seen.
    assert found.models[0].strata is not None
    assert [one.n for one in found.models[0].strata.similarity] == [20, 0, 0, 0, 0]


def test_records_too_short_for_a_kmer_are_counted() -> None:
    strings = random_strings([24] * 40 + [10])
    dataset = make_dataset(strings, [0, 1] * 20 + [1], ["train"] * 20 + ["test"] * 21)
    found = report({"m": make_bundle(window=24)}, dataset, "test", QUICK, baselines=False)
    assert found.models[0].strata is not None
    assert (found.models[0].strata.k, found.models[0].strata.without) == (16, 1)


def test_a_model_beside_itself_differs_in_nothing() -> None:
    dataset, bundle = planted((60, 20, 60)), make_bundle(window=24)
    found = report({"one": bundle, "two": bundle}, dataset, "test", QUICK)
    assert found.comparison is not None
    assert {one.value for one in found.comparison.standing.differences.values()} == {0}
    assert (found.comparison.mcnemar.only_first, found.comparison.mcnemar.p) == (0, 1)
    told = found.to_json()
    assert told["comparison"]["models"] == ["one", "two"]
    second = told["comparison"]["second"]
    assert {key: second[key] for key in second} == {key: told[key] for key in second}


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
    for key in ("kmers", "composition"):
        ours, theirs = (one["second"]["baselines"][key]["metrics"]["auroc"]["value"] for one in (plain, mixed))
        assert ours == pytest.approx(theirs)


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
    found = report({"m": bundle}, dataset, "test", QUICK)
    baseline: NDArray[np.float64] = found.fitted["majority"].shares
    assert baseline.tolist() == [0.5, 0.5]
    assert found.models[0].baselines["kmers"].metrics["accuracy"].value > 0.3
    json.dumps(found.to_json(), allow_nan=False)
