"""`seqnet tune`: dataset and search space → the best settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqnet.cli.options import (
    collect,
    command_line,
    force_option,
    run_options,
    settings_options,
    threads_option,
)
from seqnet.cli.paths import Command, InputPath, OutputPath, claim, named_files
from seqnet.cli.progress import Meter, say
from seqnet.configs.run import RunConfig, compose
from seqnet.configs.toml import run_toml, toml_value
from seqnet.configs.tuning import TuneOptions
from seqnet.core.errors import OutputError, SeqnetError
from seqnet.core.printable import counted

if TYPE_CHECKING:
    from seqnet.tuning import Trial, TuningResult

__all__ = ["command"]


class _Teller:
    """Tells the user how the search goes: a bar within a trial, a line for each."""

    def __init__(self, meter: Meter, trials: int, monitor: str) -> None:
        self._meter, self._trials, self._monitor = meter, trials, monitor
        self._done = self._batches = 0

    def note(self, text: str) -> None:
        say(text)

    def step(self, trial: int, epoch: int, done: int, steps: int, loss: float) -> None:
        if done <= self._done:
            self._done = 0
        self._batches += done - self._done
        self._done = done
        self._meter.reach(self._batches, note=f"trial {trial} of {self._trials}, epoch {epoch}, loss {loss:.4f}")

    def trial(self, trial: Trial, best: bool) -> None:
        self._done = 0
        value = "" if trial.value is None else f"  {self._monitor} {trial.value:.4f} at epoch {trial.best_epoch}"
        outcome = {
            "complete": "complete",
            "pruned": f"pruned after epoch {trial.epochs}",
            "refused": "refused",
            "failed": "failed",
        }[trial.state]
        settings = "".join(f"  {name}={_short(value)}" for name, value in trial.settings.items())
        reason = f"  ({trial.reason})" if trial.reason else ""
        ending = "  best" if best else ""
        width = len(str(self._trials))
        say(
            f"trial {trial.number:>{width}} of {self._trials}  {outcome}{value}  {trial.seconds:.0f} s"
            f"{settings}{reason}{ending}"
        )


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else toml_value(value)


@dataclass(frozen=True)
class _Files:
    """What is written."""

    best: Path
    trials: Path
    study: Path

    @classmethod
    def beside(cls, best: Path, study: Path | None) -> _Files:
        stem = best.name.removesuffix(".toml")
        return cls(best, best.with_name(stem + ".trials.tsv"), study or best.with_name(stem + ".study.journal"))

    def check(self, *, resume: bool, force: bool, inputs: Iterable[Path]) -> bool:
        """Returns whether outputs that are there already are replaced.

        Raises:
            OutputError: see `claim`; or there is a study that could be gone on with.
        """
        if self.study.is_file() and not (resume or force):
            raise OutputError(str(self.study), "already exists", "continue it with --resume, or use --force")
        # A resumed search replaces what the stopped one wrote, and nothing else.
        replace = force or (resume and self.study.exists())
        claim([self.best, self.trials, self.study], force=replace, inputs=inputs)
        return replace


@click.command("tune", cls=Command, advanced=("min_epochs", "reduction", "encoder", "seed", "storage"))
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
@click.option("--resume", is_flag=True, help="Continue an earlier search, if there is one.")
@click.option("--device", default="auto", show_default=True, metavar="DEVICE", help="auto, cpu, cuda, cuda:N or mps.")
@threads_option
@force_option
def command(
    dataset: Path,
    space: Path,
    output: Path,
    preset: str | None,
    network: str | None,
    encoder: str | None,
    config: Path | None,
    assignments: tuple[str, ...],
    seed: int | None,
    storage: Path | None,
    resume: bool,
    device: str,
    threads: int,
    force: bool,
    **options: Any,
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
    from seqnet.core.outputs import whole_file
    from seqnet.nn.devices import choose_device
    from seqnet.tuning import read_space, search, write_trials

    if seed is not None:
        assignments = (*assignments, f"training.seed={seed}")
    run = compose(preset, network, encoder, config, assignments)
    searched = read_space(space, run)
    wanted = collect(TuneOptions, options)
    files = _Files.beside(output, storage)
    replace = files.check(resume=resume, force=force, inputs=named_files(run))

    from seqnet.core.provenance import file_hash
    from seqnet.datasets.dataset import open_dataset

    data = open_dataset(dataset)
    digest = file_hash(dataset)
    with Meter("tune", "batches") as meter:
        result = search(
            data,
            run,
            searched,
            wanted,
            _Teller(meter, wanted.trials, run.training.monitor),
            device=choose_device(device, threads),
            journal=files.study,
            dataset_hash=digest,
            resume=resume,
        )
    if result.interruption and not result.trials:
        raise result.interruption
    before = files.trials.read_bytes() if files.trials.is_file() and files.best.is_file() else None
    with whole_file(files.trials, force=replace) as temporary:
        write_trials(temporary, result.trials)
    if resume and not force and files.trials.read_bytes() == before:
        say(f"nothing to do: {files.best} is complete; to search longer, use more than {len(result.trials)} --trials")
        return
    if result.best and result.run:
        with whole_file(files.best, force=replace) as temporary:
            temporary.write_text(_best_toml(result.best, result.run, len(result.trials), digest), encoding="utf-8")
    _report(result, files, run.training.monitor)
    if result.interruption:
        say(f"seqnet: stopped after {counted(len(result.trials), 'trials')}; continue with --resume")
        raise result.interruption
    if not result.best:
        reason = next((trial.reason for trial in reversed(result.trials) if trial.reason), "all were stopped early")
        raise SeqnetError("", f"no trial is complete; last reason: {reason}", "change the space or the settings")


def _best_toml(best: Trial, run: RunConfig, trials: int, digest: str) -> str:
    """Returns the run of the best trial, with where it comes from."""
    from seqnet.core.provenance import versions

    value = f"validation {run.training.monitor} {best.value:.6g} at epoch {best.best_epoch}"
    made_by = ", ".join(f"{name} {version}" for name, version in versions().items())
    return run_toml(
        run,
        f"the best of {counted(trials, 'trials')}, number {best.number}: {value}",
        f"{command_line()}; dataset sha256 {digest}; {made_by}",
    )


def _report(result: TuningResult, files: _Files, monitor: str) -> None:
    """Says what is best, what it depends on, and what was written."""
    best, written = result.best, [files.trials.name, files.study.name]
    states = [trial.state for trial in result.trials]
    counts = ", ".join(f"{states.count(state)} {state}" for state in ("complete", "pruned", "refused", "failed"))
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
