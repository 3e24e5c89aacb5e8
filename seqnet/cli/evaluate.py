"""`seqnet evaluate`: how good a model is on records that it has not seen."""

from __future__ import annotations

from pathlib import Path

import click

from seqnet.cli.options import collect, force_option, path_type, settings_options, threads_option
from seqnet.cli.progress import Meter, say
from seqnet.configs.evaluation import EvaluationOptions

__all__ = ["command"]


@click.command("evaluate")
@click.argument("model", type=path_type())
@click.argument("dataset", type=path_type())
@click.option(
    "-o",
    "--output-dir",
    "directory",
    type=path_type(),
    metavar="DIR",
    help="Write metrics.json and predictions.tsv here.",
)
@click.option(
    "--split",
    type=click.Choice(["test", "validation", "train", "all"]),
    default="test",
    show_default=True,
    help="Records to measure on.",
)
@settings_options(EvaluationOptions, ("replicates", "confidence", "seed"))
@click.option("--device", default="auto", show_default=True, metavar="DEVICE", help="auto, cpu, cuda, cuda:N or mps.")
@threads_option
@force_option
def command(
    model: Path,
    dataset: Path,
    directory: Path | None,
    split: str,
    device: str,
    threads: int,
    force: bool,
    **options: float,
) -> None:
    """Measure a model on records it has not seen.

    Prints accuracy, balanced accuracy, precision, recall, specificity, F1, MCC, AUROC, AUPRC, Brier score, log loss and
    the confusion matrix, each with a bootstrap interval that draws whole groups where the dataset has groups.

    \b
    seqnet evaluate model.safetensors reads.safetensors -o eval/
    """
    import json

    from seqnet.bundles import open_bundle
    from seqnet.datasets import open_dataset
    from seqnet.devices import choose_device
    from seqnet.evaluation import format_evaluation
    from seqnet.inference.measuring import evaluate_bundle, write_rows
    from seqnet.outputs import check_targets, whole_file

    targets = [directory / "metrics.json", directory / "predictions.tsv"] if directory else []
    if directory:
        directory.mkdir(parents=True, exist_ok=True)
    check_targets(targets, force=force)
    bundle, data = open_bundle(model), open_dataset(dataset)
    bundle.classifier.to(choose_device(device, threads))
    with Meter("evaluate", "sequences") as meter:
        measured = evaluate_bundle(bundle, data, split, collect(EvaluationOptions, options), progress=meter.advance)
    click.echo(format_evaluation(measured.evaluation), nl=False)
    for warning in measured.warnings:
        say(f"seqnet: warning: {warning}")
    if directory:
        with whole_file(targets[0], force=force) as temporary:
            text = json.dumps(measured.evaluation.to_json(), indent=2, allow_nan=False, ensure_ascii=False)
            temporary.write_text(text + "\n", encoding="utf-8")
        with whole_file(targets[1], force=force) as temporary:
            write_rows(temporary, bundle, data, measured)
        say(f"wrote {targets[0]}, {targets[1]}")
