"""The search: dataset, settings and space → trials, the best of them, and its settings.

Each trial is a training run on the train split. Its value is `training.monitor` on the validation split, at the best
epoch. The test split is not used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seqnet.core.errors import LabelError
from seqnet.training.effects import check_effects
from seqnet.training.tuning.journal import StudyJournal, read_journal
from seqnet.training.tuning.optuna_backend import optuna, quiet
from seqnet.training.tuning.search_state import SearchState
from seqnet.training.tuning.space import lay_over
from seqnet.training.tuning.trials import SearchJob, Trial, TuningResult, Watcher

__all__ = ["SearchJob", "search"]


def search(job: SearchJob, watcher: Watcher) -> TuningResult:
    """Returns the trials of a search, including those of earlier runs, and the best of them.

    The same dataset, run, space, options, device and number of threads give the same trials on the CPU, in one go or
    in several.

    Args:
        job: what is searched.
        watcher: receives the progress.

    Raises:
        ContainerError: the study to continue is that of another search.
        LabelError: the validation split is empty or lacks a class.
        SettingError: a trial has fewer epochs than the minimum, or a setting has no effect on the dataset.
    """
    check_effects(job.dataset, job.base, from_model=False)
    if not len(job.dataset.members("validation")):
        raise LabelError(
            str(job.dataset.path), "it has no validation split, which tune needs", "encode it with another --split"
        )
    with quiet():
        state = SearchState(job, watcher)
        identity = _identity(job)
        known = (job.resume or job.shared) and job.journal.exists()
        before = read_journal(job.journal, identity) if known else []
        state.study.add_trials(before)
        trials = [state.trial_of(one) for one in state.study.get_trials(deepcopy=False)]
        if job.resume or job.shared:
            watcher.note(
                f"continuing after trial {len(trials)}" if trials else "there is no study; starting at trial 1"
            )
        run_trials = _run_shared_trials if job.shared else _run_trials
        interruption = run_trials(state, trials, identity, before)
        best = state.best(trials)
        run = lay_over(job.base, best.settings) if best else None
        return TuningResult(trials, best, run, state.importances(), interruption)


def _run_trials(
    state: SearchState, trials: list[Trial], identity: Mapping[str, Any], before: list[optuna.trial.FrozenTrial]
) -> KeyboardInterrupt | None:
    """Adds the missing trials, writes each to the journal, and returns the interruption if they were stopped early.

    Args:
        state: the search.
        trials: those of earlier runs; the new ones are added.
        identity: identifies the search.
        before: the trials of earlier runs, as they are written.
    """
    job, written = state.job, None
    best = state.best(trials)
    try:
        while len(trials) < job.options.trials:
            frozen = state.run_trial()
            # Not earlier, so that a search that could not start leaves no file.
            written = written or StudyJournal(job.journal, identity, state.direction, before)
            written.add(frozen)
            trial = state.trial_of(frozen)
            trials.append(trial)
            is_best = state.better(trial, best)
            best = trial if is_best else best
            state.watcher.trial(trial, is_best)
    except KeyboardInterrupt as stop:
        return stop
    return None


def _run_shared_trials(
    state: SearchState, trials: list[Trial], identity: Mapping[str, Any], before: list[optuna.trial.FrozenTrial]
) -> KeyboardInterrupt | None:
    """Does the same as `_run_trials` while other processes add trials to the journal, too.

    Only finished trials are written, so a process that is killed does not affect the others. Each process finishes its
    trial, so there may be one more trial for each process than requested.
    """
    job, best = state.job, state.best(trials)
    journal = StudyJournal(job.journal, identity, state.direction, before, shared=True)
    try:
        while len(trials) < job.options.trials:
            own = state.run_trial()
            journal.add(own)
            finished = read_journal(job.journal, identity)
            state.study = state.study_of(finished)
            trials[:] = [state.trial_of(one) for one in finished]
            own_trial = next(one for one in reversed(trials) if one.settings == state.settings_of(own.params))
            is_best = state.better(own_trial, best)
            best = state.best(trials)
            state.watcher.trial(own_trial, is_best)
    except KeyboardInterrupt as stop:
        return stop
    return None


def _identity(job: SearchJob) -> dict[str, Any]:
    """Returns values that are equal for the same search, whatever the number of trials."""
    run = job.base.to_dict()
    return {
        "dataset": job.dataset_hash,
        "space": job.space.to_dict(),
        "run": {f"{section}.{name}": value for section, part in run.items() for name, value in part.items()},
        "pruning": {"min_epochs": job.options.min_epochs, "reduction": job.options.reduction},
    }
