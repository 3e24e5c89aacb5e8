"""`seqnet evaluate`: how good a model is on records that it has not seen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqnet.cli.options import collect, force_option, path_type, plm_option, settings_options, threads_option
from seqnet.cli.progress import Meter, say, show
from seqnet.configs.evaluation import EvaluationOptions

if TYPE_CHECKING:
    from seqnet.bundles import Bundle
    from seqnet.datasets import Dataset
    from seqnet.inference.reporting import ModelReport, Report

__all__ = ["command"]


@click.command("evaluate")
@click.argument("models", type=path_type(), nargs=-1, required=True, metavar="MODEL [MODEL]")
@click.argument("dataset", type=path_type(), metavar="DATASET")
@click.option(
    "-o",
    "--output-dir",
    "directory",
    type=path_type(),
    metavar="DIR",
    help="Write metrics.json and predictions.tsv here, and predictions-2.tsv of a second model.",
)
@click.option(
    "--split",
    type=click.Choice(["test", "validation", "train", "all"]),
    default="test",
    show_default=True,
    help="Records to measure on.",
)
@click.option("--no-baselines", is_flag=True, help="Fit no simple models to compare with.")
@click.option(
    "--strata",
    is_flag=True,
    help="Print metrics by length and by similarity to the train split; metrics.json has them.",
)
@settings_options(EvaluationOptions, ("replicates", "confidence", "seed", "baseline_records"))
@click.option("--device", default="auto", show_default=True, metavar="DEVICE", help="auto, cpu, cuda, cuda:N or mps.")
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
    **options: float,
) -> None:
    """Measure a model on records it has not seen, beside simple ones, or compare two.

    Prints accuracy, balanced accuracy, precision, recall, specificity, F1, MCC, AUROC, AUPRC, Brier score, log loss and
    the confusion matrix, each with a bootstrap interval that draws whole groups where the dataset has groups. Beside
    them stand the most frequent class and logistic regressions on composition and on k-mers, fitted to the train split
    of the dataset: what a network has to beat.

    Two models are compared on the same records: paired intervals of all differences, McNemar's test, and DeLong's where
    there are two classes and no groups.

    \b
    seqnet evaluate model.safetensors reads.safetensors -o eval/
    seqnet evaluate new.safetensors old.safetensors reads.safetensors --strata
    """
    from seqnet.bundles import open_bundle
    from seqnet.datasets import open_dataset
    from seqnet.devices import choose_device
    from seqnet.inference.reporting import report
    from seqnet.models import find_model
    from seqnet.outputs import check_targets, made_directory

    if len(models) > 2 or len(set(models)) < len(models):
        raise click.UsageError("give one model, or two different ones, and a dataset")
    targets = _targets(directory, len(models))
    with made_directory(directory):
        check_targets(targets, force=force, inputs=[*models, dataset])
        bundles, data = (
            {name: open_bundle(find_model(path)) for name, path in _names(models).items()},
            open_dataset(dataset),
        )
        for bundle in bundles.values():
            bundle.to(choose_device(device, threads))
            bundle.prepare(say, plm)
        with Meter("evaluate", "sequences") as meter:
            found = report(
                bundles,
                data,
                split,
                collect(EvaluationOptions, options),
                baselines=not no_baselines,
                strata=strata or directory is not None,
                progress=meter.advance,
            )
        _show(found, strata)
        if targets:
            _write(targets, found, list(bundles.values()), data, force=force)


def _targets(directory: Path | None, count: int) -> list[Path]:
    """Returns metrics.json and a file of predictions for each model, in the directory; none without."""
    if directory is None:
        return []
    rows = ("predictions.tsv", "predictions-2.tsv")[:count]
    return [directory / name for name in ("metrics.json", *rows)]


def _names(models: tuple[Path, ...]) -> dict[str, Path]:
    """Returns name → path: the names of the files where they differ, for tables that can be read, else the paths."""
    named = {path.name: path for path in models}
    return named if len(named) == len(models) else {str(path): path for path in models}


def _write(targets: list[Path], found: Report, bundles: list[Bundle], data: Dataset, *, force: bool) -> None:
    import json

    from seqnet.inference.measuring import write_rows
    from seqnet.outputs import whole_file

    with whole_file(targets[0], force=force) as temporary:
        text = json.dumps(found.to_json(), indent=2, allow_nan=False, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    for target, bundle, model in zip(targets[1:], bundles, found.models, strict=True):
        with whole_file(target, force=force) as temporary:
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
        _show_model(found, model, strata)
        if several:
            click.echo()
        for warning in model.warnings():
            say(f"seqnet: warning: {model.name + ': ' if several else ''}{warning}")
    for warning in found.warnings:
        say(f"seqnet: warning: {warning}")
    if found.comparison is not None:
        first, second = found.models
        confidence = first.measured.evaluation.bootstrap.confidence
        click.echo(format_comparison(found.comparison, first.name, second.name, confidence), nl=False)


def _show_model(found: Report, model: ModelReport, strata: bool) -> None:
    from seqnet.baselines import BASELINES
    from seqnet.evaluation import format_evaluation, format_standings, format_strata

    click.echo(format_evaluation(model.measured.evaluation), nl=False)
    if model.baselines:
        one = next(iter(found.fitted.values()))
        if one.available is None:
            source = f"{one.records:,} windows drawn from the train split"
        else:
            of = "" if one.available == one.records else f" of {one.available:,}"
            source = f"{one.records:,}{of} training records"
        titles = {BASELINES[name].title: standing for name, standing in model.baselines.items()}
        click.echo(f"\nbaselines, fitted to {source}; intervals in brackets")
        click.echo(format_standings(model.measured.evaluation, titles), nl=False)
    if strata and model.strata is not None:
        if len(model.strata.length) > 1:
            click.echo("\n" + format_strata("length", model.strata.length), nl=False)
        without = f"; {model.strata.without:,} records have none" if model.strata.without else ""
        click.echo(f"\nby share of a record's {model.strata.k}-mers that the train split has{without}")
        click.echo(format_strata("share", model.strata.similarity, percent=True), nl=False)
