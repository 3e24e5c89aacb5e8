"""Results of models with random weights, for the tests of figures and pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.datasets.dataset import Dataset
from seqnet.models.bundles import Bundle
from seqnet.reporting.report import report
from seqnet.reporting.results import Results, results_of
from seqnet.training.finalization import with_baselines
from tests.building import make_bundle, make_dataset, random_strings, saved, trained_on

HOSTILE = "<script>alert(1)</script>"
QUICK = EvaluationOptions(replicates=20)


def example_dataset(folder: Path, classes: Sequence[str] = ("noise", "signal"), count: int = 120) -> Dataset:
    """Returns a dataset of random DNA in a file; a third of it is the test split, and lengths differ."""
    K = len(classes)
    strings = random_strings([20 + 3 * (index % 7) for index in range(count)])
    splits = [("train", "validation", "test")[index // K % 3] for index in range(count)]
    labels = [index % K for index in range(count)]
    return saved(make_dataset(strings, labels, splits, classes=classes), folder / "d.safetensors")


def example_results(
    folder: Path,
    classes: Sequence[str] = ("noise", "signal"),
    *,
    models: int = 1,
    count: int = 120,
    split: str = "test",
) -> Results:
    """Returns the results of one or two models with random weights that were trained on the dataset."""
    dataset = example_dataset(folder, classes, count)
    names = ["one.safetensors", "two.safetensors"][:models]
    bundles: dict[str, Bundle] = {}
    for seed, name in enumerate(names):
        bundle = trained_on(make_bundle(classes=classes, window=40, seed=seed), dataset)
        bundles[name] = with_baselines(bundle, dataset, lambda line: None)[0]
    found = report(bundles, dataset, split, QUICK)
    return results_of(found, list(bundles.values()), dataset, {}, f"seqnet evaluate {' '.join(names)}")
