"""How good a model is, for a program."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

from seqnet.api.keywords import EvaluateKeywords, as_path, python_words, settings_from
from seqnet.api.models import Model, load
from seqnet.configs.evaluation import EvaluationOptions
from seqnet.configs.figures import ENDINGS, ENDINGS_TEXT, FIGURES
from seqnet.core.errors import SettingError
from seqnet.core.outputs import whole_file
from seqnet.core.printable import counted
from seqnet.datasets.dataset import Dataset, open_dataset
from seqnet.datasets.splits import SPLITS
from seqnet.evaluation import METRICS
from seqnet.models.shipped import find_model
from seqnet.nn.devices import computing
from seqnet.reporting.figures.evaluation import pictures_of
from seqnet.reporting.figures.pictures import save_picture
from seqnet.reporting.pages.evaluation import evaluation_page
from seqnet.reporting.pages.rendering import write_page
from seqnet.reporting.report import report
from seqnet.reporting.results import Results, results_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EvaluationResult", "evaluate"]


class EvaluationResult:
    """How good a model is on the records of a split.

    Args:
        results: the metrics of one model, and what they were made of.
    """

    def __init__(self, results: Results) -> None:
        self._results = results

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
        return self._results.report.models[0].warnings()

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values, None for NaN: what `seqnet evaluate -o DIR` writes to metrics.json."""
        return self._results.report.to_json()

    def report(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes a report with all metrics and figures, as `seqnet evaluate --report` does.

        It has metrics by length and by similarity if `evaluate` was called with `strata=True`.

        Args:
            path: the HTML file.
            force: whether an existing file is replaced.

        Raises:
            OutputError: the file exists, or can't be written.
        """
        with python_words(), whole_file(as_path(path), force=force) as temporary:
            write_page(temporary, evaluation_page(self._results))

    def plot(self, figure: str, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes one figure, as `seqnet evaluate --plot` does.

        Args:
            figure: its name: roc, pr, confusion, scores, reliability, lengths, baselines or learning.
            path: the file, which ends in .pdf, .png or .svg.
            force: whether an existing file is replaced.

        Raises:
            SettingError: there is no such figure, or the file has another ending.
            NoFigureError: the results do not have what the figure shows.
            OutputError: the file exists, or can't be written.
        """
        with python_words():
            place = as_path(path)
            if figure not in FIGURES:
                raise SettingError("figure", figure, choices=FIGURES)
            if place.suffix.lower() not in ENDINGS:
                raise SettingError("path", str(place), f"a file name that ends in {ENDINGS_TEXT}")
            (picture,) = pictures_of(figure, self._results)
            with whole_file(place, force=force) as temporary:
                save_picture(temporary, picture, place.suffix.lower())

    @property
    def _evaluation(self) -> Any:
        return self._results.report.models[0].measured.evaluation

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
        chosen = model if isinstance(model, Model) else load(model)
        dataset = data if isinstance(data, Dataset) else open_dataset(as_path(data))
        with computing(chosen.threads, chosen.bundle.classifier.device):
            name = "model" if isinstance(model, Model) else as_path(model).name
            found = report({name: chosen.bundle}, dataset, split, wanted, baselines=baselines, strata=strata)
        paths = {} if isinstance(model, Model) else {name: find_model(as_path(model))}
        return EvaluationResult(results_of(found, [chosen.bundle], dataset, paths))
