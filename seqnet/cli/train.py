"""`seqnet train`: dataset → model."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from seqnet.cli.options import (
    collect,
    command_line,
    force_option,
    run_options,
    settings_options,
    threads_option,
)
from seqnet.cli.paths import Command, InputPath, OutputPath, named_files
from seqnet.cli.progress import Meter, say
from seqnet.cli.training_files import TrainingFiles
from seqnet.configs.calibration import CRITERIA
from seqnet.configs.cross_validation import FoldOptions
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.readers import ReadOptions
from seqnet.configs.run import RunConfig, compose
from seqnet.core.errors import SeqnetError
from seqnet.core.printable import counted

if TYPE_CHECKING:
    import torch

    from seqnet.datasets.dataset import Dataset
    from seqnet.datasets.recipes import Recipe
    from seqnet.models.bundles import Bundle
    from seqnet.training import EnsembleResult, FoldsResult
    from seqnet.training.history import EpochRow

__all__ = ["command"]


class _Teller:
    """Tells the user how training goes: a bar within an epoch, a line for each."""

    def __init__(self, meter: Meter, run: RunConfig, *, imbalanced: bool, where: str) -> None:
        self._meter, self._epochs = meter, run.training.epochs
        self._monitor, self._where = run.training.monitor, where
        self._trees, self._imbalanced = run.network.boosted is not None, imbalanced
        self._started = time.monotonic()
        self._reached = math.inf

    def note(self, text: str) -> None:
        say(text)

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        if self._where:  # not before, so that an error is one line
            say(self._where)
            self._where = ""
        reached = (epoch - 1) * steps + done
        if reached < self._reached:  # another network, or one that goes on
            self._meter.begin(reached)
        self._reached = reached
        self._meter.reach(reached, self._epochs * steps, f"epoch {epoch} of {self._epochs}, loss {loss:.4f}")

    def epoch(self, row: EpochRow, best: bool) -> None:
        from seqnet.training.history import MONITORS, epoch_text

        text = epoch_text(row, self._epochs, trees=self._trees, imbalanced=self._imbalanced)
        marked = best and not math.isnan(row.validation_loss)
        ending = f"  {MONITORS[self._monitor]} so far" if marked else ""
        say(f"{text}  {time.monotonic() - self._started:.0f} s elapsed{ending}")


@click.command(
    "train",
    cls=Command,
    advanced=("encoder", "seed", "classes", "crop", "split", "group_by", "no_audit"),
)
@click.argument("dataset", type=InputPath("container"), required=False)
@click.option(
    "-o",
    "--output",
    type=OutputPath("a model can't be written to standard output: train writes other files beside it", alone=False),
    required=True,
    metavar="FILE",
    help="Model to write. Files with the same name, ending in .history.tsv, .curves.svg and .checkpoint.safetensors, "
    "are written beside it.",
)
@run_options("chosen by type, length and number of sequences")
@click.option("--seed", type=int, help="Random seed of training and folds; same as --set training.seed=N.")
@click.option(
    "--class",
    "classes",
    type=InputPath("class"),
    multiple=True,
    metavar="NAME=SOURCE",
    help="Instead of DATASET: a class and its file or generator, as in encode, such as a genome with --crop. The "
    "dataset is written beside the model, ending in .dataset.safetensors. May be repeated.",
)
@settings_options(EncodeOptions, ("crop", "split", "group_by"))
@click.option(
    "--members",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="Train this many networks with different seeds and average them (ensemble).",
)
@settings_options(FoldOptions, ("folds",))
@click.option(
    "--optimize",
    type=click.Choice(list(CRITERIA)),
    help="Choose the probability threshold that maximises this on validation data; for two classes.  [default: a "
    "threshold of 0.5; balanced, if the classes are imbalanced]",
)
@click.option(
    "--no-audit",
    is_flag=True,
    help="Do not check for duplicates, imbalanced classes, and classes that differ in length.",
)
@click.option("--resume", is_flag=True, help="Continue from the checkpoint of an earlier run, if there is one.")
@click.option("--device", default="auto", show_default=True, metavar="DEVICE", help="auto, cpu, cuda, cuda:N or mps.")
@threads_option
@force_option
def command(
    dataset: Path | None,
    output: Path,
    preset: str | None,
    network: str | None,
    encoder: str | None,
    config: Path | None,
    assignments: tuple[str, ...],
    seed: int | None,
    classes: tuple[str, ...],
    members: int,
    folds: int | None,
    optimize: str | None,
    no_audit: bool,
    resume: bool,
    device: str,
    threads: int,
    force: bool,
    **options: Any,
) -> None:
    """Train a network on a dataset.

    The network is trained on the train split. The epoch with the best result on the validation split is kept. The test
    split is not used. Ctrl-C stops training and keeps the best epoch so far. Without --preset, --network and --config,
    seqnet picks suitable settings and prints them. Before the first epoch, seqnet warns of problems in the dataset that
    make metrics too good, and then trains anyway. All settings and their defaults are in docs/reference.md.

    With --folds K, the records of the train and validation splits are divided into K folds, with equal class fractions
    and whole groups. For each fold, a network is trained on the other folds, except for a tenth of their records, which
    chooses the epoch. The network is then measured on its fold. After Ctrl-C there are checkpoints but no model;
    continue with --resume.

    \b
    seqnet train reads.safetensors -o model.safetensors
    seqnet train reads.safetensors --preset dna-cnn -o model.safetensors
    seqnet train reads.safetensors --network hybrid --set epochs=5 -o model.safetensors
    seqnet train --class human=genome.fa --class random=@uniform --crop 36 --preset dna-cnn -o model.safetensors
    seqnet train proteins.safetensors --preset protein-hybrid --folds 5 -o model.safetensors
    """
    from seqnet.datasets.dataset import open_dataset
    from seqnet.datasets.recipes import misfit
    from seqnet.nn.devices import choose_device

    _check_usage(dataset, classes, members, folds, options)
    if seed is not None:
        assignments = (*assignments, f"training.seed={seed}")
    named = preset or network or config or any(text.startswith("network.name") for text in assignments)
    # Without a name the dataset decides, which may have to be made.
    run = compose(preset, network, encoder, config, assignments) if named else None
    files = TrainingFiles.beside(output, members, folds)
    replace = files.claim(resume=resume, force=force, encodes=dataset is None, inputs=named_files(run))
    made = False
    if dataset is None:
        dataset = files.dataset
        if not (resume and dataset.exists()):
            _encode(classes, dataset, collect(EncodeOptions, options), replace)
            made = True
    about: dict[str, Any] = {"preset": preset, "recipe": None, "threads": threads}
    try:
        chosen = choose_device(device, threads)
        data = open_dataset(dataset)
        if run is None:
            recipe, run = _choose(data, encoder, assignments)
            about |= {"preset": recipe.preset, "recipe": recipe.line}
        elif preset and (line := misfit(preset, data, run.network.window)):
            say(f"seqnet: warning: {line}")
        if not (no_audit or resume):
            _audit(data)
        result = _fit(data, run, files, chosen, resume, optimize, about)
    except SeqnetError:
        # A run that could not start leaves nothing in the way of the next one.
        if made:
            files.dataset.unlink()
        raise
    except KeyboardInterrupt:
        if folds:
            say(f"seqnet: stopped; the model is written after all {folds} folds; continue with --resume")
        raise
    fitted = any(run.fitted for run in result.runs)
    if resume and not (force or fitted) and files.hold(result.bundle):
        say(f"nothing to do: {files.model} is complete; to train longer, use --set epochs=N")
        return
    _write(result, files, replace)
    _report(result, files)
    if result.interruption:
        say(f"seqnet: stopped after {counted(len(result.runs[-1].rows), 'epochs')}; continue with --resume")
        raise result.interruption


def _check_usage(
    dataset: Path | None, classes: tuple[str, ...], members: int, folds: int | None, options: dict[str, Any]
) -> None:
    """Refuses options that contradict each other."""
    if bool(dataset) == bool(classes):
        raise click.UsageError("give either DATASET or --class")
    context = click.get_current_context()
    given = [name for name in options if context.get_parameter_source(name) is not ParameterSource.DEFAULT]
    if dataset and given:
        raise click.UsageError(f"--{given[0].replace('_', '-')} needs --class; a dataset is already split")
    FoldOptions(folds=folds)
    if folds and members > 1:
        raise click.UsageError("--folds and --members can't be combined: each fold has one network")
    if folds and options["crop"]:
        raise click.UsageError("--folds and --crop can't be combined: folds need fixed records")


def _report(result: EnsembleResult, files: TrainingFiles) -> None:
    """Says what was kept, and where."""
    from seqnet.evaluation import format_cross_validation
    from seqnet.training import FoldsResult
    from seqnet.training.history import kept_text

    kind = "fold" if files.out_of_fold else "network"
    for number, run in enumerate(result.runs, 1):
        which = f"{kind} {number} of {len(result.runs)}: " if len(result.runs) > 1 else ""
        text = kept_text(run.rows, run.best_epoch, run.bundle.config.training.monitor)
        say(f"{which}{text}; {counted(run.bundle.parameter_count, 'parameters')}")
    if result.bundle.calibration.quality:
        say(_calibration_line(result.bundle, "out of fold" if files.out_of_fold else "on the validation split"))
    if isinstance(result, FoldsResult):
        for line in format_cross_validation(result.evaluation).splitlines():
            say(line)
    say(f"wrote {files.model}, {', '.join(path.name for path in files.outputs[1:])}")


def _calibration_line(bundle: Bundle, where: str) -> str:
    """Returns what was fitted for decisions, and how good the probabilities are on records that had no part in it."""
    found = bundle.calibration
    changes = [
        f"{name} {found.quality[f'{key}_before']:.4f} → {found.quality[f'{key}_after']:.4f}"
        for name, key in (("log loss", "log_loss"), ("calibration error", "ece"))
    ]
    line = f"calibrated {where}: temperature {found.temperature:.3f}; cross-validated {', '.join(changes)}"
    if found.not_calibrated:
        line = f"not calibrated: {found.not_calibrated}; calibration error {found.quality['ece_before']:.4f} {where}"
    if bundle.positive is None:
        return line
    best = f" (best {CRITERIA[found.criterion]})".replace("_", " ") if found.criterion else ""
    return f"{line}; threshold {found.threshold:.3f}{best}"


def _encode(classes: tuple[str, ...], target: Path, options: EncodeOptions, replace: bool) -> None:
    """Writes the dataset of the given classes."""
    from seqnet.datasets.encoding import ClassSource, encode

    sources = [ClassSource.parse(text) for text in classes]
    with Meter("encode", "records") as meter:
        summary = encode(
            sources,
            target,
            options,
            ReadOptions(),
            force=replace,
            command=command_line(),
            progress=meter.advance,
        )
    for line in summary.lines():
        say(line)
    for warning in summary.warnings():
        say(f"seqnet: warning: {warning}")


def _choose(data: Dataset, encoder: str | None, assignments: tuple[str, ...]) -> tuple[Recipe, RunConfig]:
    """Returns the recipe that fits a dataset, and the run with the user's settings over it; says which it is."""
    from seqnet.datasets.recipes import choose_recipe

    recipe = choose_recipe(data)
    run = compose(recipe.preset, None, encoder, None, (*recipe.assignments, *assignments))
    say(recipe.line)
    return recipe, run


def _audit(data: Dataset) -> None:
    """Warns of problems in a dataset that a check of a second or two finds."""
    from seqnet.audit import quick_audit, quick_audit_lines

    checks, looked_at = quick_audit(data)
    for line in quick_audit_lines(checks, data, looked_at):
        say(line)


def _fit(
    data: Dataset,
    run: RunConfig,
    files: TrainingFiles,
    device: torch.device,
    resume: bool,
    optimize: str | None,
    about: dict[str, Any],
) -> EnsembleResult:
    """Trains and returns what came of it."""
    from seqnet.core.provenance import file_hash, versions
    from seqnet.evaluation.imbalance import is_imbalanced
    from seqnet.nn.devices import device_text
    from seqnet.training import train_ensemble, train_folds
    from seqnet.training.members import training_counts

    digest = file_hash(data.path)
    provenance = about | {
        "command": command_line(),
        "dataset": {"path": str(data.path), "sha256": digest},
        "data": dict(data.provenance),
        "versions": versions(),
        "device": device.type,
    }
    fit = train_folds if files.out_of_fold else train_ensemble
    imbalanced = is_imbalanced(run.training, training_counts(data))
    with Meter("train", "batches") as meter:
        return fit(
            data,
            run,
            _Teller(meter, run, imbalanced=imbalanced, where=device_text(device, about["threads"])),
            device=device,
            checkpoints=files.checkpoints,
            optimize=optimize,
            resume=resume,
            dataset_hash=digest,
            provenance=provenance,
        )


def _write(result: EnsembleResult, files: TrainingFiles, replace: bool) -> None:
    """Writes model, history, picture, and out-of-fold predictions with their figures: all of them or none."""
    from seqnet.core.outputs import whole_files
    from seqnet.models.bundles import write_bundle
    from seqnet.training import FoldsResult
    from seqnet.training.history import draw_curves, write_history

    rows = [run.rows for run in result.runs]
    with whole_files(files.results, force=replace) as (model, history, curves, *out_of_fold):
        write_history(history, rows)
        draw_curves(curves, rows, [run.best_epoch for run in result.runs])
        if isinstance(result, FoldsResult):
            _write_folds(result, *out_of_fold)
        write_bundle(model, result.bundle)


def _write_folds(result: FoldsResult, table: Path, figures: Path) -> None:
    """Writes what is said of each record by the network that has not seen it, and how good that is."""
    import json

    from seqnet.training.out_of_fold import write_out_of_fold

    write_out_of_fold(table, result.out_of_fold)
    text = json.dumps(result.to_json(), indent=2, allow_nan=False, ensure_ascii=False)
    figures.write_text(text + "\n", encoding="utf-8")
