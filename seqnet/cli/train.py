"""`seqnet train`: dataset → model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqnet.cli.durations import Duration
from seqnet.cli.encode import encode_files
from seqnet.cli.json_output import json_option
from seqnet.cli.observers import TrainingObserver
from seqnet.cli.options import (
    collect,
    device_option,
    force_option,
    run_options,
    run_request,
    settings_options,
    threads_option,
    wait_option,
)
from seqnet.cli.paths import Command, InputPath, OutputPath
from seqnet.cli.process import command_line, set_up_process
from seqnet.cli.progress import Meter, say
from seqnet.cli.report_option import report_option
from seqnet.cli.training_output import show_training
from seqnet.cli.unused_options import refuse_unused
from seqnet.configs.calibration import CRITERIA
from seqnet.configs.cross_validation import FoldOptions
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.readers import ReadOptions
from seqnet.configs.training import MOST_MEMBERS, TrainingConfig
from seqnet.core.errors import SeqnetError
from seqnet.core.launch import Launch, this_launch
from seqnet.core.outputs import check_targets

if TYPE_CHECKING:
    from seqnet.training.jobs import ProgressLines
    from seqnet.training.requests import TrainingRequest
    from seqnet.training.results import TrainingRun
    from seqnet.training.training_files import TrainingFiles

__all__ = ["command"]

_ENCODING = ("crop", "split", "group_by")
"""Settings of a dataset that is made of --class."""


@click.command(
    "train",
    cls=Command,
    more={
        "Training from a model": ("start", "freeze"),
        "Training without a dataset": ("classes", *_ENCODING),
        "Ensembles and cross-validation": ("members", "folds"),
    },
    advanced=("encoder", "seed", "optimize", "no_audit", "wait"),
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
@click.option(
    "--from",
    "start",
    type=InputPath("container"),
    metavar="MODEL",
    help="Start from the weights of a trained model, a file or a model of the package. Settings of encoder and network "
    "are those of the model; the output layers are new if the classes differ.",
)
@settings_options(TrainingConfig, ("freeze",))
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
@settings_options(EncodeOptions, _ENCODING)
@click.option(
    "--members",
    type=click.IntRange(1, MOST_MEMBERS),
    default=1,
    show_default=True,
    help="Train this many networks with different seeds and average them (ensemble); of a mixture, of each kind.",
)
@settings_options(FoldOptions, ("folds",))
@click.option(
    "--time",
    "seconds",
    type=Duration(),
    metavar="TIME",
    help="Time for training, such as 90s, 10m or 2h. Epochs are reduced to what fits, and networks of an ensemble that "
    "do not fit are left out.",
)
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
@report_option("settings, data, learning curves and metrics on validation data")
@click.option("--resume", is_flag=True, help="Continue from the checkpoint of an earlier run, if there is one.")
@wait_option
@device_option
@threads_option
@json_option
@force_option
def command(dataset: Path | None, output: Path, resume: bool, force: bool, as_json: bool, **options: Any) -> None:
    """Train a network on a dataset.

    The network is trained on the train split. The epoch with the best result on the validation split is kept. The test
    split is not used. Ctrl-C keeps the best epoch so far. Without --preset, --network and --config, seqnet picks
    suitable settings and prints them. It warns of problems in the dataset. All settings are in docs/reference.md.

    With --folds K, the records of the train and validation splits are divided into K folds, with equal class fractions
    and whole groups. Each fold is measured with a network that was trained on the others. After Ctrl-C there is no
    model; continue with --resume.

    \b
    seqnet train reads.safetensors -o model.safetensors
    seqnet train reads.safetensors --preset dna-cnn -o model.safetensors
    seqnet train reads.safetensors --network hybrid --set epochs=5 -o model.safetensors
    seqnet train --class human=genome.fa --class random=@uniform --crop 36 --preset dna-cnn -o model.safetensors
    seqnet train proteins.safetensors --preset protein-hybrid --folds 5 -o model.safetensors
    seqnet train own.safetensors --from human-dna -o model.safetensors
    """
    _check_usage(dataset, options)
    request = _request(options, [one for one in (output, options["report"]) if one], resume=resume)
    files, launch, inputs = request.files(output, options["report"]), this_launch(), request.inputs
    replaced = launch.first and files.claim(say, resume=resume, force=force, encodes=dataset is None, inputs=inputs)
    with _dataset(dataset, files, options, resume=resume, force=replaced) as path:
        set_up_process(options["threads"])
        run = _trained(path, request, files, launch, options)
    if not launch.first:
        return
    from seqnet.reporting.training_outputs import write_training
    from seqnet.training.requests import stop_line

    write_training(run, files, say, force=force, replace=replaced)
    if as_json:
        show_training(run, files)
    if run.result.interruption:
        say(stop_line(run.result))
        raise run.result.interruption


def _request(options: Mapping[str, Any], outputs: Sequence[Path], *, resume: bool) -> TrainingRequest:
    """Returns what the options ask for; the model to start from must not be an output."""
    settings = run_request(options)
    if options["freeze"]:
        settings = replace(settings, assignments=(*settings.assignments, ("training.freeze", True)))
    if options["start"]:
        check_targets(outputs, force=True)
    from seqnet.training.requests import TrainingRequest
    from seqnet.training.warm_start import WarmStart

    names = ("threads", "members", "folds", "optimize", "seconds")
    return TrainingRequest(
        settings,
        **{name: options[name] for name in names},
        start=WarmStart.open(options["start"]) if options["start"] else None,
        audit=not options["no_audit"],
        resume=resume,
        command=command_line(),
    )


def _check_usage(dataset: Path | None, options: Mapping[str, Any]) -> None:
    """Refuses options that contradict each other."""
    if not options["start"]:
        refuse_unused(["freeze"], "needs --from")
    if bool(dataset) == bool(options["classes"]):
        raise click.UsageError("give either DATASET or --class")
    if dataset:
        refuse_unused(_ENCODING, "needs --class; a dataset is already split")
    FoldOptions(folds=options["folds"])
    if this_launch().size == 1:
        refuse_unused(["wait"], "needs several processes, as torchrun starts them")
    if options["classes"] and this_launch().size > 1:
        raise click.UsageError("--class can't be combined with several processes; make a dataset with seqnet encode")
    if options["folds"] and options["members"] > 1:
        raise click.UsageError("--folds and --members can't be combined: each fold has one network")
    if options["folds"] and options["seconds"]:
        raise click.UsageError("--folds and --time can't be combined: all folds need a network with the same epochs")
    if options["folds"] and options["crop"]:
        raise click.UsageError("--folds and --crop can't be combined: folds need fixed records")


@contextmanager
def _dataset(
    given: Path | None, files: TrainingFiles, options: Mapping[str, Any], *, resume: bool, force: bool
) -> Iterator[Path]:
    """Yields the dataset to train on, which is made where classes are given in its place.

    A run that could not start leaves nothing in the way of the next one.
    """
    if given is not None or (resume and files.dataset.exists()):
        yield given or files.dataset
        return
    encoding = collect(EncodeOptions, {name: options[name] for name in _ENCODING})
    encode_files(options["classes"], (), files.dataset, encoding, ReadOptions(), force=force, notify=say)
    try:
        yield files.dataset
    except SeqnetError:
        files.dataset.unlink()
        raise


def _trained(
    dataset: Path, request: TrainingRequest, files: TrainingFiles, launch: Launch, options: Mapping[str, Any]
) -> TrainingRun:
    """Returns what came of the training."""
    from seqnet.datasets.dataset import open_dataset
    from seqnet.training.launching import training_processes
    from seqnet.training.requests import plan_training

    with training_processes(launch, options["device"], options["wait"]) as group:
        return plan_training(open_dataset(dataset), request, files, group, say).train(say, _watched)


@contextmanager
def _watched(lines: ProgressLines) -> Iterator[TrainingObserver]:
    """Yields an observer that also shows how many batches are done."""
    with Meter("train", "batches") as meter:
        yield TrainingObserver(meter, lines)
