"""`seqnet evaluate`: how good a model is on records that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqnet.cli.evaluation_files import EvaluationFiles, FigurePath, ReportPath
from seqnet.cli.json_output import json_option, show_json
from seqnet.cli.opening import open_model
from seqnet.cli.options import collect, device_option, force_option, plm_option, settings_options, threads_option
from seqnet.cli.paths import Command, InputPath, OutputPath, claim, language_model_files
from seqnet.cli.progress import Meter, say, show
from seqnet.cli.streams import TABLE, check_stdout_is_open
from seqnet.cli.unused_options import check_language_models, refuse_unused
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.evaluation import EvaluationOptions
from seqnet.configs.figures import FIGURES
from seqnet.configs.readers import ReadOptions
from seqnet.core.printable import counted

if TYPE_CHECKING:
    from seqnet.datasets.dataset import Dataset
    from seqnet.models.bundles import Bundle
    from seqnet.reporting.report import ModelReport, Report

__all__ = ["command"]


_LABELS = ("label_regex", "label_column", "labels")
_OF_FILES = ("missing_labels", "unknown", "alphabet", "sequence_column", "name_column")
"""Options for reading a sequence file."""


@click.command(
    "evaluate",
    cls=Command,
    more={
        "Figures and motifs": ("figures", "motifs"),
        "Sequence files": ("label_regex", "labels", *_OF_FILES),
    },
    advanced=("no_baselines", "replicates", "confidence", "seed", "plm"),
)
@click.argument("models", type=InputPath("container"), nargs=-1, required=False, metavar="MODEL [MODEL]")
@click.argument("dataset", type=InputPath("container"), metavar="DATA")
@click.option(
    "-o",
    "--output-dir",
    "directory",
    type=OutputPath("-o names a directory; metrics go to standard output without it"),
    metavar="DIR",
    help="Directory for metrics.json and predictions.tsv, and predictions-2.tsv of a second model.",
)
@click.option(
    "--report",
    type=ReportPath(),
    metavar="FILE.html",
    help="Write a report with all metrics and figures: one HTML file that needs no network.",
)
@click.option(
    "--plot",
    "figures",
    type=FigurePath(),
    multiple=True,
    metavar="FIGURE=FILE",
    help="Write one figure as .pdf, .png or .svg, such as roc=roc.pdf. May be repeated. Figures: "
    + ", ".join(f"{name} ({kind.help})" for name, kind in FIGURES.items())
    + ". Those of a second model have -2 in the file name.",
)
@click.option(
    "--split",
    type=click.Choice(["test", "validation", "train", "all"]),
    default="test",
    show_default=True,
    help="Split of the dataset to measure.",
)
@settings_options(EncodeOptions, (*_LABELS, *_OF_FILES[:3]))
@settings_options(ReadOptions, _OF_FILES[3:])
@click.option("--no-baselines", is_flag=True, help="Do not compare with simple models.")
@click.option(
    "--strata",
    is_flag=True,
    help="Also print metrics by length and by similarity to the training records. metrics.json and reports always have "
    "them.",
)
@click.option(
    "--motifs",
    is_flag=True,
    help="With --report: add the motifs that the first model responds to in the measured records; see seqnet explain "
    "--motifs. This can take minutes.",
)
@settings_options(EvaluationOptions, ("replicates", "confidence", "seed"))
@json_option
@device_option
@plm_option
@threads_option
@force_option
def command(
    models: tuple[Path, ...],
    dataset: Path,
    directory: Path | None,
    report: Path | None,
    figures: tuple[tuple[str, Path], ...],
    split: str,
    **options: Any,
) -> None:
    """Measure a model on records that it was not trained on, or compare two models.

    DATA is a dataset of seqnet encode, or a sequence file as for seqnet encode with --label-regex, --label-column or
    --labels.

    Prints accuracy, balanced accuracy, precision, recall, specificity, F1, MCC, AUROC, AUPRC, Brier score, log loss and
    the confusion matrix, with bootstrap intervals. If the dataset has groups, the bootstrap draws whole groups.

    Also prints the metrics of baselines, which are simple models that a network has to beat: the most frequent class,
    and logistic regressions on composition and on k-mers. They were fitted to the training records of the model and are
    stored in it. There are no baselines if some of the records were training records.

    Two models are compared on the same records, with intervals of all differences, McNemar's test and, for two classes
    without groups, DeLong's test.

    \b
    seqnet evaluate model.safetensors reads.safetensors -o eval/
    seqnet evaluate model.safetensors test.csv --label-column label
    seqnet evaluate model.safetensors reads.safetensors --report report.html --plot roc=roc.pdf
    seqnet evaluate new.safetensors old.safetensors reads.safetensors --strata
    """
    from seqnet.core.outputs import made_directory

    labelled = any(options[name] for name in _LABELS)
    if labelled:
        refuse_unused(["split"], "needs a dataset; a sequence file has no splits")
    else:
        refuse_unused(_OF_FILES, "needs a sequence file, with --label-column, --label-regex or --labels")
    files, named = EvaluationFiles.of(directory, report, figures, models, options), _names(models)
    with made_directory(directory):
        claim(files.targets, force=options["force"], inputs=language_model_files(options["plm"]))
        check_stdout_is_open(TABLE)
        bundles = {
            name: open_model(path, options["device"], options["threads"], options["plm"])
            for name, path in named.items()
        }
        check_language_models(list(bundles.values()))
        files.check(bundles, named)
        first = next(iter(bundles.values()))
        with _encoded(dataset, first, options) if labelled else nullcontext(_opened(dataset)) as data:
            _measure(bundles, named, data, "all" if labelled else split, files, options)


def _measure(
    bundles: dict[str, Bundle],
    paths: Mapping[str, Path],
    data: Dataset,
    split: str,
    files: EvaluationFiles,
    options: Mapping[str, Any],
) -> None:
    """Measures the models on a split of a dataset, prints tables, and writes the files."""
    found = _report(
        bundles,
        data,
        split,
        collect(EvaluationOptions, options),
        baselines=not options["no_baselines"],
        strata=options["strata"] or bool(files.tables or files.report),
    )
    if options["as_json"]:
        show_json(found.to_json())
    else:
        _show_tables(found, options["strata"])
    _say_warnings(found)
    files.write(found, list(bundles.values()), data, paths, force=options["force"])


def _opened(path: Path) -> Dataset:
    """Returns a dataset.

    Raises:
        ContainerError: the file is another one.
    """
    from seqnet.core.errors import ContainerError
    from seqnet.datasets.dataset import open_dataset

    try:
        return open_dataset(path)
    except ContainerError as error:
        error.add_note("for a sequence file, use --label-column, --label-regex or --labels")
        raise


@contextmanager
def _encoded(path: Path, bundle: Bundle, options: Mapping[str, Any]) -> Iterator[Dataset]:
    """Yields the records of a sequence file as a dataset with the classes of a model; it is removed afterwards."""
    from seqnet.datasets.encoding.labelled_file import labelled_file

    encoding, reading = collect(EncodeOptions, options), collect(ReadOptions, options)
    with (
        Meter("encode", "records") as meter,
        labelled_file(path, bundle.classes, encoding, reading, meter.advance) as (data, summary),
    ):
        for line in [*summary.ingestion.notes, *summary.ingestion.label_warnings]:
            say(f"seqnet: warning: {line}")
        for line in summary.left_out_lines():
            say(line)
        yield data


def _report(
    bundles: dict[str, Bundle], data: Dataset, split: str, options: EvaluationOptions, *, baselines: bool, strata: bool
) -> Report:
    """Returns the report of all models on a split, and shows how far it is meanwhile."""
    from seqnet.reporting.report import report

    with Meter("evaluate", "sequences") as meter:
        return report(bundles, data, split, options, baselines=baselines, strata=strata, progress=meter.advance)


def _names(models: tuple[Path, ...]) -> dict[str, Path]:
    """Returns name → path: the names of the files where they differ, for tables that can be read, else the paths."""
    named = {path.name: path for path in models}
    return named if len(named) == len(models) else {str(path): path for path in models}


def _say_warnings(found: Report) -> None:
    for model in found.models:
        for warning in model.warnings():
            say(f"seqnet: warning: {model.name + ': ' if len(found.models) > 1 else ''}{warning}")


def _show_tables(found: Report, strata: bool) -> None:
    """Writes the tables to standard output."""
    from seqnet.evaluation import format_comparison

    several = len(found.models) > 1
    for model in found.models:
        if several:
            show(f"== {model.name}")
            click.echo()
        _show_model(model, strata)
        if several:
            click.echo()
    if found.comparison is not None:
        first, second = found.models
        confidence = first.measured.evaluation.bootstrap.confidence
        click.echo(format_comparison(found.comparison, first.name, second.name, confidence), nl=False)


def _show_model(model: ModelReport, strata: bool) -> None:
    from seqnet.evaluation import format_evaluation, format_paired_metrics, format_strata
    from seqnet.evaluation.baselines import BASELINES

    click.echo(format_evaluation(model.measured.evaluation), nl=False)
    if model.baselines:
        one = next(iter(model.fitted.values()))
        if one.available is None:
            source = f"{counted(one.records, 'windows')} drawn from the model's train split"
        else:
            of = "" if one.available == one.records else f" of {one.available:,}"
            source = f"{one.records:,}{of} training records of the model"
        titles = {BASELINES[name].title: paired for name, paired in model.baselines.items()}
        click.echo(f"\nbaselines, fitted to {source}; intervals in brackets")
        click.echo(format_paired_metrics(model.measured.evaluation, titles), nl=False)
    if strata and model.strata is not None:
        if len(model.strata.length) > 1:
            click.echo("\n" + format_strata("length", model.strata.length), nl=False)
        similarity = model.strata.similarity
        if similarity is None:
            click.echo(
                "\nno metrics by similarity: they need the training dataset and records that were not trained on"
            )
            return
        without = f"; {counted(similarity.without, 'records have')} none" if similarity.without else ""
        click.echo(f"\nby share of a record's {similarity.k}-mers that the training records have{without}")
        click.echo(format_strata("share", similarity.bins, percent=True), nl=False)
