"""The results of a search: a line for each trial, the trials as a table, the best settings as TOML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seqnet.configs.run import RunConfig
from seqnet.configs.toml import run_toml, toml_value
from seqnet.core.printable import counted
from seqnet.core.provenance import versions
from seqnet.training.tuning.trials import Trial

__all__ = ["best_toml", "trial_line", "write_trials"]


def write_trials(path: Path, trials: Sequence[Trial]) -> None:
    """Writes the trials as tab-separated values with a header; settings are columns `section.setting`, in TOML."""
    names = list(trials[0].settings) if trials else []
    lines = ["\t".join(["number", "value", "state", "best_epoch", "epochs", "seconds", *names, "reason"])]
    for trial in trials:
        value = "" if trial.value is None else f"{trial.value:.6g}"
        counts = [str(trial.best_epoch or ""), str(trial.epochs), f"{trial.seconds:.1f}"]
        settings = [toml_value(trial.settings[name]) for name in names]
        lines.append("\t".join([str(trial.number), value, trial.state, *counts, *settings, trial.reason]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def trial_line(trial: Trial, trials: int, monitor: str, *, best: bool) -> str:
    """Returns a line with the result of a trial.

    Args:
        trial: the trial.
        trials: total number of trials.
        monitor: the metric that is searched for.
        best: whether it is the best so far.
    """
    value = "" if trial.value is None else f"  {monitor} {trial.value:.4f} at epoch {trial.best_epoch}"
    outcome = f"pruned after epoch {trial.epochs}" if trial.state == "pruned" else trial.state
    settings = "".join(f"  {name}={_short(value)}" for name, value in trial.settings.items())
    reason = f"  ({trial.reason})" if trial.reason else ""
    width = len(str(trials))
    return (
        f"trial {trial.number:>{width}} of {trials}  {outcome}{value}  {trial.seconds:.0f} s"
        f"{settings}{reason}{'  best' if best else ''}"
    )


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else toml_value(value)


def best_toml(best: Trial, run: RunConfig, trials: int, source: str) -> str:
    """Returns the settings of the best trial as TOML, with their origin.

    Args:
        best: the trial.
        run: its settings, all of them.
        trials: number of trials.
        source: command line of the search.
    """
    value = f"validation {run.training.monitor} {best.value:.6g} at epoch {best.best_epoch}"
    made_by = ", ".join(f"{name} {version}" for name, version in versions().items())
    about = f"the best of {counted(trials, 'trials')}, number {best.number}: {value}"
    return run_toml(run, about, f"{source}; {made_by}")
