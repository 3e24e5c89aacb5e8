"""`seqnet evaluate`: how good a model is on records that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from seqnet.cli.opening import open_model
from seqnet.cli.options import collect, device_option, force_option, plm_option, settings_options, threads_option
from seqnet.cli.paths import Command, InputPath, OutputPath, claim, language_model_files
from seqnet.cli.progress import Meter, say, show
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.evaluation import EvaluationOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.printable import counted

if TYPE_CHECKING:
    from seqnet.datasets.dataset import Dataset
    from seqnet.models.bundles import Bundle
    from seqnet.reporting.report import ModelReport, Report

__all__ = ["command"]


_LABELS = ("label_regex", "label_column", "labels")


@click.command(
    "evaluate",
    cls=Command,
    advanced=("missing_labels", "unknown", "alphabet", "sequence_column", "name_column", "no_baselines", "replicates",
              "confidence", "seed", "plm"),
)  # fmt: skip
@click.argument("models", type=InputPath("container"), nargs=-1, required=True, metavar="MODEL [MODEL]")
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
    "--split",
    type=click.Choice(["test", "validation", "train", "all"]),
    default="test",
    show_default=True,
    help="Split of the dataset to measure.",
)
@settings_options(EncodeOptions, (*_LABELS, "missing_labels", "unknown", "alphabet"))
@settings_options(ReadOptions, ("sequence_column", "name_column"))
@click.option("--no-baselines", is_flag=True, help="Do not compare with simple models.")
@click.option(
    "--strata",
    is_flag=True,
    help="Also print metrics by length and by similarity to the training records. metrics.json always has them.",
)
@settings_options(EvaluationOptions, ("replicates", "confidence", "seed"))
@device_option
@plm_option
@threads_option
@force_option
def command(
    models: tuple[Path, ...],
    dataset: Path,
    directory: Path | None,
    split: str,
    no_baselines: bool,
    strata: bool,
    device: str,
    plm: tuple[str, ...],
    threads: int,
    force: bool,
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
    seqnet evaluate new.safetensors old.safetensors reads.safetensors --strata
    """
    from seqnet.core.outputs import made_directory

    labelled = any(options[name] for name in _LABELS)
    if labelled and click.get_current_context().get_parameter_source("split") is not ParameterSource.DEFAULT:
        raise click.UsageError("--split needs a dataset; a sequence file has no splits")
    targets = _targets(directory, models)
    with made_directory(directory), ExitStack() as stack:
        claim(targets, force=force, inputs=language_model_files(plm))
        bundles = {name: open_model(path, device, threads, plm) for name, path in _names(models).items()}
        first, split = next(iter(bundles.values())), "all" if labelled else split
        data = stack.enter_context(_encoded(dataset, first, options)) if labelled else _opened(dataset)
        chosen = collect(EvaluationOptions, options)
        found = _report(bundles, data, split, chosen, baselines=not no_baselines, strata=strata or bool(targets))
        _show(found, strata)
        _write(targets, found, list(bundles.values()), data, force=force)


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
    import tempfile

    from seqnet.datasets.dataset import open_dataset
    from seqnet.datasets.encoding import ClassSource, encode

    with tempfile.TemporaryDirectory(prefix="seqnet-") as folder, Meter("encode", "records") as meter:
        target = Path(folder) / "dataset.safetensors"
        summary = encode(
            [ClassSource(None, path=str(path))],
            target,
            collect(EncodeOptions, options),
            collect(ReadOptions, options),
            known=bundle.classes,
            progress=meter.advance,
        )
        for line in [*summary.ingestion.notes, *summary.ingestion.label_warnings]:
            say(f"seqnet: warning: {line}")
        for line in summary.left_out_lines():
            say(line)
        yield replace(open_dataset(target), path=path)


def _targets(directory: Path | None, models: tuple[Path, ...]) -> list[Path]:
    """Returns metrics.json and a file of predictions for each model, in the directory; none without.

    Raises:
        UsageError: there are not one or two different models.
    """
    if len(models) > 2 or len(set(models)) < len(models):
        raise click.UsageError("give one model or two different models, then a dataset or sequence file")
    if directory is None:
        return []
    rows = ("predictions.tsv", "predictions-2.tsv")[: len(models)]
    return [directory / name for name in ("metrics.json", *rows)]


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


def _write(targets: list[Path], found: Report, bundles: list[Bundle], data: Dataset, *, force: bool) -> None:
    """Writes the metrics and the predictions of each model, where there are files to write."""
    import json

    from seqnet.core.outputs import whole_files
    from seqnet.reporting.measurement import write_rows

    if not targets:
        return
    with whole_files(targets, force=force) as (metrics, *rows):
        text = json.dumps(found.to_json(), indent=2, allow_nan=False, ensure_ascii=False)
        metrics.write_text(text + "\n", encoding="utf-8")
        for temporary, bundle, model in zip(rows, bundles, found.models, strict=True):
            write_rows(temporary, bundle, data, model.measured)
    say("wrote " + ", ".join(map(str, targets)))


def _show(found: Report, strata: bool) -> None:
    """Writes the tables to standard output, and the warnings to standard error."""
    from seqnet.evaluation import format_comparison

    several = len(found.models) > 1
    for model in found.models:
        if several:
            show(f"== {model.name}")
            click.echo()
        _show_model(model, strata)
        if several:
            click.echo()
        for warning in model.warnings():
            say(f"seqnet: warning: {model.name + ': ' if several else ''}{warning}")
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
        titles = {BASELINES[name].title: standing for name, standing in model.baselines.items()}
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
