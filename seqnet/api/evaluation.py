"""How good a model is, for a program."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

from seqnet.api.dataset import DATASET
from seqnet.api.keywords import EvaluateKeywords, as_path, python_words, settings_from
from seqnet.api.models import Model, load
from seqnet.configs.evaluation import EvaluationOptions
from seqnet.core.errors import SettingError
from seqnet.core.printable import counted
from seqnet.datasets.dataset import Dataset, open_dataset
from seqnet.datasets.splits import SPLITS
from seqnet.evaluation import METRICS
from seqnet.nn.devices import computing
from seqnet.reporting.report import Report, report

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EvaluationResult", "evaluate"]


class EvaluationResult:
    """How good a model is on the records of a split.

    Args:
        found: the report on one model.

    Attributes:
        report: as given.
    """

    def __init__(self, found: Report) -> None:
        self.report = found

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """A row for each metric: metric, value, and low and high, the ends of its interval; NaN where undefined."""
        import pandas as pd

        metrics = self._evaluation.metrics.items()
        rows = [(name, estimate.value, estimate.low, estimate.high) for name, estimate in metrics]
        return pd.DataFrame(rows, columns=["metric", "value", "low", "high"])

    @cached_property
    def per_class(self) -> pd.DataFrame:
        """A row for each class and metric of one class against the rest: class, metric, value, low, high."""
        import pandas as pd

        rows = [
            (name, metric, estimate.value, estimate.low, estimate.high)
            for name, metrics in self._evaluation.per_class.items()
            for metric, estimate in metrics.items()
        ]
        return pd.DataFrame(rows, columns=["class", "metric", "value", "low", "high"])

    @cached_property
    def confusion(self) -> pd.DataFrame:
        """Number of records by true class (rows) and predicted class (columns)."""
        import pandas as pd

        found = self._evaluation
        names = list(found.classes)
        return pd.DataFrame(found.confusion, pd.Index(names, name="true"), pd.Index(names, name="predicted"))

    @property
    def warnings(self) -> list[str]:
        """A line for each thing that makes the metrics too good, and for each baseline that is not beaten."""
        return self.report.models[0].warnings()

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values, None for NaN: what `seqnet evaluate -o DIR` writes to metrics.json."""
        return self.report.to_json()

    @property
    def _evaluation(self) -> Any:
        return self.report.models[0].measured.evaluation

    def __repr__(self) -> str:
        found = self._evaluation
        shown = ", ".join(
            f"{METRICS[name].title} {found.metrics[name].value:.3f} "
            f"[{found.metrics[name].low:.3f}, {found.metrics[name].high:.3f}]"
            for name in ("accuracy", "auroc")
        )
        return f"<seqnet.EvaluationResult: {counted(found.n, 'records')} of {found.split}; {shown}>"


def evaluate(
    model: Model | str | os.PathLike[str],
    data: Dataset | str | os.PathLike[str],
    split: str = "test",
    *,
    baselines: bool = True,
    strata: bool = False,
    **options: Unpack[EvaluateKeywords],
) -> EvaluationResult:
    """Returns how good a model is on records that it has not seen, with bootstrap intervals.

    Args:
        model: a model, its path, or its name.
        data: a dataset, or its path.
        split: test, validation, train, or all.
        baselines: whether simple models are measured beside it.
        strata: whether it is measured by length and by similarity to the training records, too.
        **options: replicates, confidence and seed, as in `seqnet evaluate`.

    Raises:
        ContainerError: the model or the dataset can't be read.
        AlphabetMismatchError: the dataset is of another alphabet than the model.
        LabelError: the dataset has other classes, or the split is empty.
        SettingError: there is no such option, or its value is not allowed.
    """
    with python_words():
        wanted = settings_from(EvaluationOptions, options, list(EvaluateKeywords.__annotations__))
        if split not in (*SPLITS, "all"):
            raise SettingError("split", split, choices=(*SPLITS, "all"))
        chosen = (
            model if isinstance(model, Model) else load(as_path(model, "model", "a seqnet.Model, its path or its name"))
        )
        dataset = data if isinstance(data, Dataset) else open_dataset(as_path(data, "data", DATASET))
        with computing(chosen.threads, chosen.bundle.classifier.device):
            found = report({"model": chosen.bundle}, dataset, split, wanted, baselines=baselines, strata=strata)
    return EvaluationResult(found)
