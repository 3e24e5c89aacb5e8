"""`seqnet train`: dataset → model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from seqnet.cli.encode import encode_files
from seqnet.cli.observers import TrainingObserver
from seqnet.cli.options import (
    collect,
    command_line,
    device_option,
    force_option,
    run_options,
    run_request,
    settings_options,
    threads_option,
)
from seqnet.cli.paths import Command, InputPath, OutputPath, named_files
from seqnet.cli.process import set_up_process
from seqnet.cli.progress import Meter, say
from seqnet.cli.training_files import TrainingFiles
from seqnet.configs.calibration import CRITERIA
from seqnet.configs.cross_validation import FoldOptions
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.readers import ReadOptions
from seqnet.configs.run import RunRequest
from seqnet.configs.training import MOST_MEMBERS
from seqnet.core.errors import SeqnetError
from seqnet.core.printable import counted

if TYPE_CHECKING:
    from seqnet.training import EnsembleResult

__all__ = ["command"]

_ENCODING = ("crop", "split", "group_by")
"""Settings of a dataset that is made of --class."""


@click.command("train", cls=Command)
@click.argument("dataset", type=InputPath("container"), required=False)
@click.option(
    "-o",
    "--output",
    type=OutputPath("a model can't be written to standard output: train writes other files beside it", alone=False),
    required=True,
    metavar="FILE",
    help="Model to write; FILE's name with .history.tsv, .curves.svg and .checkpoint.safetensors in place of "
    ".safetensors is written, too.",
)
@run_options("the one that suits alphabet, lengths and number of records")
@click.option(
    "--seed", type=int, help="Seed of weights, order, dropout, augmentation and folds; training.seed of the settings."
)
@click.option(
    "--class",
    "classes",
    type=InputPath("class"),
    multiple=True,
    metavar="NAME=SOURCE",
    help="In place of DATASET: classes as in encode, such as a genome with --crop; the dataset is written beside the "
    "model, as FILE's name with .dataset.safetensors.",
)
@settings_options(EncodeOptions, _ENCODING)
@click.option(
    "--members",
    type=click.IntRange(1, MOST_MEMBERS),
    default=1,
    show_default=True,
    help="Networks to train, with seeds one after the other, into one model that predicts their mean.",
)
@settings_options(FoldOptions, ("folds",))
@click.option(
    "--optimize",
    type=click.Choice(list(CRITERIA)),
    help="What the decision threshold is best for, on the validation split.  [default: the threshold is one half; "
    "balanced, where classes are more unequal than training.imbalance allows]",
)
@click.option(
    "--no-audit", is_flag=True, help="Leave out the brief look for duplicates, imbalance and a telling length."
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint of an earlier run, if there is one.")
@device_option
@threads_option
@force_option
def command(dataset: Path | None, output: Path, resume: bool, force: bool, **options: Any) -> None:
    """Fit a network to a dataset.

    The train split is fitted, the validation split chooses the epoch that is kept, the test split is not touched.
    Ctrl-C keeps the best epoch so far. Without --preset, --network and --config, settings are chosen that suit the
    dataset, and told. Before the first epoch, warnings say what in the dataset could flatter or
    mislead; they stop nothing. All settings with their defaults are in docs/reference.md.

    With --folds K, the train and validation splits are dealt into K folds, by class and in whole groups. The network of
    each fold is measured on it; a tenth of the other records chooses its epoch, and it is fitted to the rest. Ctrl-C
    leaves checkpoints then, and no model: go on with --resume.

    \b
    seqnet train reads.safetensors -o model.safetensors
    seqnet train reads.safetensors --preset dna-cnn -o model.safetensors
    seqnet train reads.safetensors --network hybrid --set epochs=5 -o model.safetensors
    seqnet train --class human=genome.fa --class random=@uniform --crop 36 --preset dna-cnn -o model.safetensors
    seqnet train proteins.safetensors --preset protein-hybrid --folds 5 -o model.safetensors
    """
    _check_usage(dataset, options)
    request = run_request(options)
    files = TrainingFiles.beside(output, options["members"], options["folds"])
    inputs = named_files(request.run)
    force_all = files.claim(resume=resume, force=force, encodes=dataset is None, inputs=inputs)
    with _dataset(dataset, files, options, resume=resume, force=force_all) as path:
        result = _fit(path, request, files, options, resume=resume)
    fitted = any(run.fitted for run in result.runs)
    if resume and not (force or fitted) and files.hold(result.bundle):
        say(f"nothing to do: {files.model} is complete; to go on, ask for more epochs, as in --set epochs=N")
        return
    _write(result, files, force=force_all)
    if result.interruption:
        say(f"seqnet: stopped after {counted(len(result.runs[-1].rows), 'epochs')}; go on with --resume")
        raise result.interruption


def _check_usage(dataset: Path | None, options: Mapping[str, Any]) -> None:
    """Refuses options that contradict each other."""
    if bool(dataset) == bool(options["classes"]):
        raise click.UsageError("give either DATASET or --class")
    context = click.get_current_context()
    given = [name for name in _ENCODING if context.get_parameter_source(name) is not ParameterSource.DEFAULT]
    if dataset and given:
        raise click.UsageError(f"--{given[0].replace('_', '-')} goes with --class: a dataset is split already")
    FoldOptions(folds=options["folds"])
    if options["folds"] and options["members"] > 1:
        raise click.UsageError("give either --folds or --members: each fold has one network")
    if options["folds"] and options["crop"]:
        raise click.UsageError("--folds needs fixed records, and --crop draws windows anew in every epoch")


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
    encode_files(options["classes"], (), files.dataset, encoding, ReadOptions(), force=force, tell=say)
    try:
        yield files.dataset
    except SeqnetError:
        files.dataset.unlink()
        raise


def _fit(
    dataset: Path, request: RunRequest, files: TrainingFiles, options: Mapping[str, Any], *, resume: bool
) -> EnsembleResult:
    """Trains and returns what came of it."""
    from seqnet.datasets.dataset import open_dataset
    from seqnet.datasets.recipes import choose_run
    from seqnet.nn.devices import choose_device
    from seqnet.training import train_ensemble, train_folds
    from seqnet.training.jobs import ProgressLines, make_job, opening_lines

    set_up_process(options["threads"])
    device = choose_device(options["device"])
    data = open_dataset(dataset)
    chosen = choose_run(data, request)
    for line in opening_lines(data, chosen, audit=not (options["no_audit"] or resume)):
        say(line)
    job = make_job(data, chosen, device, threads=options["threads"], command=command_line())
    job = replace(job, checkpoints=files.checkpoints, optimize=options["optimize"], resume=resume)
    fit = train_folds if files.out_of_fold else train_ensemble
    try:
        with Meter("train", "batches") as meter:
            return fit(job, TrainingObserver(meter, ProgressLines(say, job), job.config.training.epochs))
    except KeyboardInterrupt:
        if folds := len(files.checkpoints) if files.out_of_fold else 0:
            say(f"seqnet: stopped; a model is written once all {folds} folds are trained: go on with --resume")
        raise


def _write(result: EnsembleResult, files: TrainingFiles, *, force: bool) -> None:
    """Writes the model and what belongs to it, and says what was kept, and where."""
    from seqnet.training.results import result_lines, write_results

    write_results(result, files.results, force=force)
    for line in result_lines(result):
        say(line)
    say(f"wrote {files.model}, {', '.join(path.name for path in files.outputs[1:])}")
