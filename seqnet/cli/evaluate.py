"""`seqnet evaluate`: how good a model is on records that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqnet.cli.evaluation_files import FigurePath, ReportPath, evaluation_files
from seqnet.cli.json_output import json_option, show_json
from seqnet.cli.opening import open_model
from seqnet.cli.options import collect, device_option, force_option, plm_option, settings_options, threads_option
from seqnet.cli.paths import Command, InputPath, OutputPath, claim, language_model_files
from seqnet.cli.process import command_line
from seqnet.cli.progress import Meter, say
from seqnet.cli.streams import TABLE, check_stdout_is_open
from seqnet.cli.unused_options import check_language_models, refuse_unused
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.evaluation import EvaluationOptions
from seqnet.configs.figures import FIGURES
from seqnet.configs.readers import ReadOptions

if TYPE_CHECKING:
    from seqnet.datasets.dataset import Dataset
    from seqnet.models.bundles import Bundle
    from seqnet.reporting.evaluation_files import EvaluationFiles
    from seqnet.reporting.records import TrainingRecord
    from seqnet.reporting.report import Report

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
    files, named = evaluation_files(directory, report, figures, models, options), _names(models)
    with made_directory(directory):
        claim(files.targets, force=options["force"], inputs=language_model_files(options["plm"]))
        check_stdout_is_open(TABLE)
        bundles = {
            name: open_model(path, options["device"], options["threads"], options["plm"])
            for name, path in named.items()
        }
        check_language_models(list(bundles.values()))
        files.check(_training_records(bundles, named))
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
        from seqnet.reporting.printed_tables import printed_tables

        click.echo(printed_tables(found, strata=options["strata"]), nl=False)
    _say_warnings(found)
    if files.targets:
        _write(files, found, bundles, data, paths, force=options["force"])


def _training_records(bundles: Mapping[str, Bundle], paths: Mapping[str, Path]) -> Iterator[TrainingRecord]:
    """Yields the course of the training of each model."""
    from seqnet.models.shipped import find_model
    from seqnet.reporting.records import training_record

    for name, bundle in bundles.items():
        yield training_record(bundle, find_model(paths[name]))


def _write(
    files: EvaluationFiles,
    found: Report,
    bundles: Mapping[str, Bundle],
    data: Dataset,
    paths: Mapping[str, Path],
    *,
    force: bool,
) -> None:
    """Writes the files.

    Raises:
        NoFigureError: the results do not have what a figure shows.
    """
    from seqnet.models.shipped import find_model
    from seqnet.reporting.figures.evaluation import NoFigureError
    from seqnet.reporting.results import results_of

    places = {name: find_model(path) for name, path in paths.items()}
    try:
        files.write(results_of(found, list(bundles.values()), data, places, command_line()), force=force)
    except NoFigureError as error:
        error.add_note(f"leave out --plot {error.figure}; no file was written")
        raise
    say("wrote " + ", ".join(map(str, files.targets)))


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
    for warning in found.warnings():
        say(f"seqnet: warning: {warning}")
