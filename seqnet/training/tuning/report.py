"""The trials as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seqnet.configs.toml import toml_value
from seqnet.training.tuning.trials import Trial

__all__ = ["write_trials"]


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
