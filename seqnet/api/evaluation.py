"""Metrics of a model, from Python."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

from seqnet.api.dataset import DATASET
from seqnet.api.files import pysam_kept
from seqnet.api.keywords import EvaluateKeywords, as_path, check_keywords, settings_from
from seqnet.api.loading import load
from seqnet.api.models import Model
from seqnet.api.python_words import python_words, words_of_python
from seqnet.api.warn import warn
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.evaluation import EvaluationOptions
from seqnet.configs.figures import ENDINGS, ENDINGS_TEXT, FIGURES
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import SettingError
from seqnet.core.outputs import made_directory
from seqnet.core.printable import counted
from seqnet.datasets.dataset import Dataset, in_memory, open_dataset
from seqnet.datasets.encoding.labelled_file import labelled_file
from seqnet.datasets.splits import SPLITS
from seqnet.evaluation import METRICS
from seqnet.explanation.extra import check_extra
from seqnet.models.shipped import find_model
from seqnet.nn.devices import computing
from seqnet.reporting.evaluation_files import EvaluationFiles, result_files
from seqnet.reporting.printed_tables import printed_tables
from seqnet.reporting.report import report
from seqnet.reporting.results import Results, results_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EvaluationResult", "evaluate"]

_OF_READING = ("sequence_column", "name_column")


class EvaluateFileKeywords(EvaluateKeywords, total=False):
    """Keyword arguments of `evaluate`: also those of a labelled file, see `EncodeOptions` and `ReadOptions`."""

    label_regex: str
    label_column: str
    labels: str
    missing_labels: str
    unknown: str
    alphabet: str
    sequence_column: str
    name_column: str


_KNOWN = list(EvaluateFileKeywords.__annotations__)


class EvaluationResult:
    """Metrics of a model on the records of a split.

    Args:
        results: the metrics of one or two models, and what they were made of.
        threads: of the CPU, for motifs.
    """

    def __init__(self, results: Results, threads: int) -> None:
        self._results, self._threads = results, threads

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

    @cached_property
    def comparison(self) -> pd.DataFrame | None:
        """A row for each metric: metric, first, second, difference, low, high; None without a second model."""
        import pandas as pd

        compared = self._results.report.comparison
        if compared is None:
            return None
        first, second = self._evaluation.metrics, compared.paired.metrics
        rows = [
            (name, first[name].value, second[name].value, found.value, found.low, found.high)
            for name, found in compared.paired.differences.items()
        ]
        return pd.DataFrame(rows, columns=["metric", "first", "second", "difference", "low", "high"])

    @property
    def warnings(self) -> list[str]:
        """A line for each thing that makes the metrics too good, and for each baseline that is not beaten."""
        return self._results.report.warnings()

    def text(self) -> str:
        """Returns the tables that `seqnet evaluate` prints, with those of --strata if they were measured."""
        return printed_tables(self._results.report, strata=True)

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values, None for NaN: what `seqnet evaluate -o DIR` writes to metrics.json."""
        return self._results.report.to_json()

    def write(self, directory: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes metrics.json, predictions.tsv, and predictions-2.tsv of a second model, as `seqnet evaluate -o` does.

        metrics.json has metrics by length and by similarity if `evaluate` was called with `strata=True`.

        Args:
            directory: where the files go; it is made if it is not there.
            force: whether existing files are replaced.

        Raises:
            OutputError: a file exists, or can't be written.
        """
        with python_words():
            folder, count = as_path(directory, "directory"), len(self._results.models)
            with made_directory(folder):
                EvaluationFiles(count, result_files(folder, count)).write(self._results, force=force)

    def report(self, path: str | os.PathLike[str], *, motifs: bool = False, force: bool = False) -> None:
        """Writes a report with all metrics and figures, as `seqnet evaluate --report` does.

        It has metrics by length and by similarity if `evaluate` was called with `strata=True`.

        Args:
            path: the HTML file.
            motifs: whether to add the motifs that the first model responds to in the measured records.
            force: whether an existing file is replaced.

        Raises:
            OutputError: the file exists, or can't be written.
            SeqnetError: `motifs` needs the package logomaker, which is missing.
        """
        device = self._results.models[0].bundle.classifier.device
        with python_words(), computing(self._threads, device):
            if motifs:
                check_extra("logomaker", "motifs")
            files = EvaluationFiles(
                len(self._results.models), report=as_path(path), motif_threads=self._threads if motifs else None
            )
            files.write(self._results, force=force)

    def plot(self, figure: str, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes one figure, as `seqnet evaluate --plot` does; that of a second model has -2 in the name of its file.

        Args:
            figure: its name: roc, pr, confusion, scores, reliability, lengths, baselines, differences or learning.
            path: the file, which ends in .pdf, .png or .svg.
            force: whether an existing file is replaced.

        Raises:
            SettingError: there is no such figure, it needs two models, or the file has another ending.
            NoFigureError: the results do not have what the figure shows.
            OutputError: the file exists, or can't be written.
        """
        with python_words():
            place = as_path(path)
            if figure not in FIGURES:
                raise SettingError("figure", figure, choices=FIGURES)
            if place.suffix.lower() not in ENDINGS:
                raise SettingError("path", str(place), f"a file name that ends in {ENDINGS_TEXT}")
            count = len(self._results.models)
            if figure == "differences" and count < 2:
                raise SettingError("figure", figure, problem="differences needs two models")
            EvaluationFiles(count, figures=[(figure, place)]).write(self._results, force=force)

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
    split: str | None = None,
    *,
    other: Model | str | os.PathLike[str] | None = None,
    baselines: bool = True,
    strata: bool = False,
    **options: Unpack[EvaluateFileKeywords],
) -> EvaluationResult:
    """Returns how good a model is on records that it has not seen, with bootstrap intervals.

    Args:
        model: a model, its path, or its name.
        data: a dataset, or its path; or a sequence file, with label_regex, label_column or labels.
        split: test, validation, train, or all; by default the test split of a dataset, and all of a sequence file.
        other: a second model, which is compared with the first on the same records.
        baselines: whether simple models are measured beside it.
        strata: whether it is measured by length and by similarity to the training records, too.
        **options: replicates, confidence and seed, and for a sequence file label_regex, label_column, labels,
            missing_labels, unknown, alphabet, sequence_column and name_column, as in `seqnet evaluate`.

    Raises:
        ContainerError: a model or the dataset can't be read.
        AlphabetMismatchError: the dataset is of another alphabet than the model.
        LabelError: the data have other classes, or the split is empty; or the models have different classes.
        SettingError: there is no such option, or its value is not allowed or has no effect.
    """
    with python_words():
        check_keywords(options, _KNOWN)
        of_files = {name: value for name, value in options.items() if name not in EvaluateKeywords.__annotations__}
        of_intervals: Any = {name: value for name, value in options.items() if name in EvaluateKeywords.__annotations__}
        wanted = settings_from(EvaluationOptions, of_intervals, _KNOWN)
        if split is not None and split not in (*SPLITS, "all"):
            raise SettingError("split", split, choices=(*SPLITS, "all"))
        models = {"model": model} if other is None else {"model": model, "other": other}
        chosen = {name: _loaded(one, name) for name, one in models.items()}
        names = {name: _name(one, name) for name, one in models.items()}
        if len(set(names.values())) < len(names):
            names = {name: name for name in models}
        first = chosen["model"]
        dataset = _data(data, split, first, of_files)
        bundles = {names[name]: one.bundle for name, one in chosen.items()}
        with computing(first.threads, first.bundle.classifier.device):
            part = split or ("all" if of_files else "test")
            found = report(bundles, dataset, part, wanted, baselines=baselines, strata=strata)
        paths = {names[name]: find_model(as_path(one)) for name, one in models.items() if not isinstance(one, Model)}
        return EvaluationResult(results_of(found, list(bundles.values()), dataset, paths), first.threads)


def _loaded(model: Model | str | os.PathLike[str], name: str) -> Model:
    return model if isinstance(model, Model) else load(as_path(model, name, "a seqnet.Model, its path or its name"))


def _name(model: Model | str | os.PathLike[str], name: str) -> str:
    """Returns what tables call a model."""
    return name if isinstance(model, Model) else as_path(model).name


def _data(
    data: Dataset | str | os.PathLike[str], split: str | None, model: Model, options: Mapping[str, Any]
) -> Dataset:
    """Returns the dataset, made of a sequence file where there are options for one.

    Raises:
        SettingError: the options have no effect on a dataset, or do not say what the labels are.
    """
    if isinstance(data, Dataset) or not options:
        if options:
            name, value = next(iter(options.items()))
            raise SettingError(name, value, problem="needs a sequence file")
        return data if isinstance(data, Dataset) else open_dataset(as_path(data, "data", DATASET))
    path = as_path(data, "data")
    reading = {name: value for name, value in options.items() if name in _OF_READING}
    encoding = {name: value for name, value in options.items() if name not in _OF_READING}
    if not encoding.keys() & {"label_regex", "label_column", "labels"}:
        raise SettingError("label_column", None, problem="is needed for a sequence file, or label_regex or labels")
    if split is not None:
        raise SettingError("split", split, problem="needs a dataset; a sequence file has no splits")
    wanted = settings_from(EncodeOptions, encoding, _KNOWN), settings_from(ReadOptions, reading, _KNOWN)
    with pysam_kept(), labelled_file(path, model.classes, *wanted) as (found, summary):
        for line in [*summary.ingestion.notes, *summary.ingestion.label_warnings, *summary.left_out_lines()]:
            warn(words_of_python(line))
        return in_memory(found)
