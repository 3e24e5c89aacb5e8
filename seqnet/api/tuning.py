"""The search for settings, from Python."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from seqnet.api.dataset import Progress, option_names
from seqnet.api.keywords import as_listener, as_path, checked_threads, settings_from
from seqnet.api.python_words import python_words
from seqnet.api.training import run_request_of
from seqnet.api.training_runs import opened_dataset, random_numbers_kept
from seqnet.configs.run import RunConfig
from seqnet.configs.tuning import TuneOptions
from seqnet.core.errors import SeqnetError, SettingError
from seqnet.core.outputs import whole_file
from seqnet.core.printable import counted
from seqnet.datasets.dataset import Dataset
from seqnet.nn.devices import choose_device, computing
from seqnet.training.tuning import (
    SearchJob,
    Space,
    Trial,
    TuningResult,
    best_toml,
    make_space,
    read_space,
    search,
    trial_line,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TuneResult", "tune"]


class TuneResult:
    """What `tune` has found.

    Args:
        result: the trials, with a complete one among them.
        digest: SHA-256 of the dataset.
    """

    def __init__(self, result: TuningResult, digest: str) -> None:
        assert result.best is not None
        assert result.run is not None
        self._result, self._best, self._run, self._digest = result, result.best, result.run, digest

    @property
    def best(self) -> Mapping[str, Any]:
        """The settings that were searched, `section.setting` → value, of the best trial."""
        return dict(self._best.settings)

    @property
    def value(self) -> float:
        """The metric `training.monitor` of the best trial on the validation split, which chose it: it is too good."""
        assert self._best.value is not None
        return self._best.value

    @property
    def settings(self) -> Mapping[str, Mapping[str, Any]]:
        """All settings of the best trial, section → setting → value, for the argument `settings` of `seqnet.train`."""
        return self._run.to_dict()

    @property
    def importances(self) -> Mapping[str, float]:
        """`section.setting` → its share in the differences between trials; empty if there are too few trials."""
        return dict(self._result.importances)

    @cached_property
    def trials(self) -> pd.DataFrame:
        """A row for each trial: number, value, state, best_epoch, epochs, seconds, each searched setting, reason."""
        import pandas as pd

        columns = ["number", "value", "state", "best_epoch", "epochs", "seconds"]
        rows = [
            {**{name: getattr(trial, name) for name in columns}, **trial.settings, "reason": trial.reason}
            for trial in self._result.trials
        ]
        return pd.DataFrame(rows)

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes all settings of the best trial as TOML, for the argument `config` of `seqnet.train`.

        Args:
            path: the file.
            force: whether an existing file is replaced.

        Raises:
            OutputError: the file exists, or can't be written.
        """
        text = best_toml(self._best, self._run, len(self._result.trials), f"seqnet.tune; dataset sha256 {self._digest}")
        with python_words(), whole_file(as_path(path), force=force) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def __repr__(self) -> str:
        monitor = self._run.training.monitor
        trials = counted(len(self._result.trials), "trials")
        return f"<seqnet.TuneResult: {trials}, best validation {monitor} {self.value:.4f}>"


class _TrialLines:
    """A watcher of a search that passes on its messages, and a line for each trial."""

    def __init__(self, notify: Callable[[str], None], trials: int, monitor: str) -> None:
        self._notify, self._trials, self._monitor = notify, trials, monitor

    def note(self, text: str) -> None:
        """See `Watcher`."""
        self._notify(text)

    def step(self, trial: int, epoch: int, done: int, steps: int, loss: float) -> None:
        """See `Watcher`; batches have no lines."""

    def trial(self, trial: Trial, best: bool) -> None:
        """See `Watcher`."""
        self._notify(trial_line(trial, self._trials, self._monitor, best=best))


def tune(
    data: Dataset | str | os.PathLike[str],
    space: Mapping[str, Mapping[str, Any]] | str | os.PathLike[str],
    *,
    preset: str | None = None,
    network: str | None = None,
    encoder: str | None = None,
    settings: Mapping[str, Any] | None = None,
    config: str | os.PathLike[str] | None = None,
    seed: int | None = None,
    storage: str | os.PathLike[str] | None = None,
    resume: bool = False,
    shared: bool = False,
    device: str = "auto",
    threads: int | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> TuneResult:
    """Returns the best settings for a dataset, as `seqnet tune` finds them; needs the package optuna.

    Args:
        data: the dataset, or its path.
        space: section → setting → {"low": 1, "high": 10} or {"choices": [1, 2]}; or the TOML file of the command.
        preset: a named set of settings, which the space varies; see `seqnet.train` for the next four, too.
        network: kind of network.
        encoder: how symbols become features.
        settings: single settings.
        config: TOML file of settings.
        seed: of the search and of training.
        storage: file of the finished trials; None to keep none.
        resume: whether to continue with the trials in `storage`.
        shared: whether other processes add trials to `storage` at the same time.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: of the CPU; None for the processors that the process may use.
        progress: gets a line for each trial, such as `print`; None for none.
        **options: trials, min_epochs and reduction, as in `seqnet tune`.

    Raises:
        SeqnetError: a setting is not allowed, the dataset has no validation split, or no trial is complete.
    """
    with python_words():
        wanted = settings_from(TuneOptions, options, option_names(TuneOptions))
        base = run_request_of(preset, network, encoder, config, settings, seed).compose()
        searched = _space(space, base)
        dataset = opened_dataset(data)
        where = choose_device(str(device))
        with _journal(storage, needed=resume or shared) as journal:
            job = SearchJob(dataset, base, searched, wanted, where, journal, dataset.sha256(), resume, shared)
            return _searched(job, checked_threads(threads), as_listener(progress))


def _space(space: Mapping[str, Mapping[str, Any]] | str | os.PathLike[str], base: RunConfig) -> Space:
    return make_space(space, base) if isinstance(space, Mapping) else read_space(as_path(space, "space"), base)


@contextmanager
def _journal(storage: str | os.PathLike[str] | None, *, needed: bool) -> Iterator[Path]:
    """Yields the file of the finished trials, one that is removed afterwards if there is no `storage`.

    Raises:
        SettingError: there is none, and it is needed.
    """
    if storage is not None:
        yield as_path(storage, "storage")
        return
    if needed:
        raise SettingError("storage", None, problem="is needed for resume and shared")
    with TemporaryDirectory(prefix="seqnet-") as folder:
        yield Path(folder) / "study.journal"


def _searched(job: SearchJob, threads: int, notify: Callable[[str], None]) -> TuneResult:
    """Returns what comes of a search.

    Raises:
        SeqnetError: no trial is complete.
    """
    watcher = _TrialLines(notify, job.options.trials, job.base.training.monitor)
    with computing(threads, job.device), random_numbers_kept(job.device):
        found = search(job, watcher)
    if found.interruption:
        raise found.interruption
    if found.best is None:
        raise SeqnetError("", "no trial is complete", "change the space or the settings")
    return TuneResult(found, job.dataset_hash)
