"""`seqnet tune`: dataset and search space → the best settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqnet.cli.json_output import json_option, show_json
from seqnet.cli.observers import SearchObserver
from seqnet.cli.options import (
    collect,
    device_option,
    force_option,
    run_options,
    run_request,
    settings_options,
    threads_option,
)
from seqnet.cli.paths import Command, InputPath, OutputPath
from seqnet.cli.process import command_line, set_up_process
from seqnet.cli.progress import Meter, say
from seqnet.cli.tuning_files import TuningFiles
from seqnet.configs.input_files import named_files
from seqnet.configs.toml import toml_value
from seqnet.configs.tuning import TuneOptions
from seqnet.core.errors import SeqnetError
from seqnet.core.printable import counted

if TYPE_CHECKING:
    from seqnet.training.tuning import TuningResult

__all__ = ["command"]

_STATES = ("complete", "pruned", "refused", "failed")


@click.command("tune", cls=Command, advanced=("min_epochs", "reduction", "encoder", "seed", "storage", "shared"))
@click.argument("dataset", type=InputPath("container"))
@click.option("--space", type=InputPath(), required=True, metavar="FILE", help="TOML file of the settings to search.")
@click.option(
    "-o",
    "--output",
    type=OutputPath(
        "the best settings can't be written to standard output: other files are written beside them", alone=False
    ),
    required=True,
    metavar="FILE",
    help="Best settings to write, for train --config. Files with the same name, ending in .trials.tsv and "
    ".study.journal, are written beside it.",
)
@settings_options(TuneOptions, ("trials", "min_epochs", "reduction"))
@run_options()
@click.option(
    "--seed",
    type=int,
    help="Random seed of the search and of training in every trial; same as --set training.seed=N.",
)
@click.option(
    "--storage",
    type=OutputPath("a study can't be written to standard output", alone=False),
    metavar="FILE",
    help="File of the finished trials.  [default: the name of -o, ending in .study.journal]",
)
@click.option(
    "--shared",
    is_flag=True,
    help="Search together with other processes or machines that run this command with the same --storage; use another "
    "-o for each.",
)
@click.option("--resume", is_flag=True, help="Continue an earlier search, if there is one.")
@device_option
@threads_option
@json_option
@force_option
def command(
    dataset: Path, space: Path, output: Path, storage: Path | None, resume: bool, force: bool, **options: Any
) -> None:
    """Search for the best settings for a dataset.

    Each trial trains a network with other values for the settings in --space. All other settings are those of --preset,
    --network, --config and --set. The best trial has the best training.monitor on the validation split. Trials that
    fall behind are stopped early. The test split is not used. Ctrl-C keeps the finished trials. Needs the package
    optuna.

    \b
    seqnet tune reads.safetensors --space space.toml --preset dna-cnn -o best.toml
    seqnet train reads.safetensors --config best.toml -o model.safetensors
    """
    from seqnet.training.tuning import read_space

    if shared := options["shared"]:
        _check_shared(storage, force=force)
    run = run_request(options).compose()
    searched = read_space(space, run)
    wanted = collect(TuneOptions, options)
    files = TuningFiles.beside(output, storage)
    force_all = files.claim(resume=resume or shared, force=force, inputs=named_files(run))

    from seqnet.datasets.dataset import open_dataset
    from seqnet.nn.devices import choose_device
    from seqnet.training.tuning import SearchJob, search

    set_up_process(options["threads"])
    data = open_dataset(dataset)
    device = choose_device(options["device"])
    job = SearchJob(data, run, searched, wanted, device, files.study, data.sha256(), resume, shared)
    with Meter("tune", "batches") as meter:
        result = search(job, SearchObserver(meter, wanted.trials, run.training.monitor))
    if result.interruption and not result.trials:
        raise result.interruption
    before = files.trials.read_bytes() if files.trials.is_file() and files.best.is_file() else None
    _write_trials(result, files, force=force_all)
    if (resume or shared) and not force and files.trials.read_bytes() == before:
        say(f"nothing to do: {files.best} is complete; to search longer, use more than {len(result.trials)} --trials")
    else:
        _write_best(result, files, job.dataset_hash, force=force_all)
        _report(result, files, run.training.monitor)
    if options["as_json"]:
        show_json(_values(result, files, run.training.monitor))
    _check_complete(result, "the same command" if shared else "--resume")


def _check_complete(result: TuningResult, way: str) -> None:
    """Raises what stopped the search, or an error without a complete trial; `way` is how to continue."""
    if result.interruption:
        say(f"seqnet: stopped after {counted(len(result.trials), 'trials')}; continue with {way}")
        raise result.interruption
    if not result.best:
        reason = next((trial.reason for trial in reversed(result.trials) if trial.reason), "all were stopped early")
        raise SeqnetError("", f"no trial is complete; last reason: {reason}", "change the space or the settings")


def _check_shared(storage: Path | None, *, force: bool) -> None:
    """Refuses options that contradict --shared."""
    if not storage:
        raise click.UsageError("--shared needs --storage, a file that all processes can write to")
    if force:
        raise click.UsageError("--shared and --force can't be combined: the study may be in use; remove it first")


def _write_trials(result: TuningResult, files: TuningFiles, *, force: bool) -> None:
    """Writes the table of trials."""
    from seqnet.core.outputs import whole_file
    from seqnet.training.tuning import write_trials

    with whole_file(files.trials, force=force) as temporary:
        write_trials(temporary, result.trials)


def _write_best(result: TuningResult, files: TuningFiles, digest: str, *, force: bool) -> None:
    """Writes the best settings, if there are any."""
    from seqnet.core.outputs import whole_file
    from seqnet.training.tuning import best_toml

    if result.best and result.run:
        source = f"{command_line()}; dataset sha256 {digest}"
        with whole_file(files.best, force=force) as temporary:
            temporary.write_text(best_toml(result.best, result.run, len(result.trials), source), encoding="utf-8")


def _values(result: TuningResult, files: TuningFiles, monitor: str) -> dict[str, Any]:
    """Returns what `_report` says as JSON values."""
    states = [trial.state for trial in result.trials]
    best = result.best
    return {
        "best": best
        and {"number": best.number, "value": best.value, "epoch": best.best_epoch, "settings": dict(best.settings)},
        "monitor": monitor,
        "trials": {state: states.count(state) for state in _STATES},
        "importances": dict(result.importances),
        "files": [str(path) for path in ([files.best] if best else []) + [files.trials, files.study]],
    }


def _report(result: TuningResult, files: TuningFiles, monitor: str) -> None:
    """Says what is best, what it depends on, and what was written."""
    best, written = result.best, [files.trials.name, files.study.name]
    states = [trial.state for trial in result.trials]
    counts = ", ".join(f"{states.count(state)} {state}" for state in _STATES)
    say(f"{counted(len(states), 'trials')}: {counts}")
    if result.importances:
        shares = ", ".join(f"{name} {share:.2f}" for name, share in result.importances.items())
        say(f"importance, by {counted(states.count('complete'), 'complete trials')}: {shares}")
    if best and best.value is not None:
        say(f"best: trial {best.number}, validation {monitor} {best.value:.4f} at epoch {best.best_epoch}")
        say("the validation split chose this trial, so its value is too good; train, then use seqnet evaluate")
        for name, value in best.settings.items():
            say(f"  {name} = {toml_value(value)}")
        written.insert(0, str(files.best))
    say("wrote " + ", ".join(written))
