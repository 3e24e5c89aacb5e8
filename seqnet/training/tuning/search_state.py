"""The state of a search: draws the settings of a trial, trains with them, and compares the values of trials.

Source: TPE, Bergstra et al. 2011, NeurIPS 24; Hyperband, Li et al. 2018, JMLR 18 (185); both together, Falkner et al.
2018, arXiv 1807.01774.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from seqnet.configs.run import RunConfig
from seqnet.core.errors import LabelError, ResourceError, SettingError
from seqnet.datasets.dataset import Dataset
from seqnet.training import NetworkJob, train
from seqnet.training.history import EpochRow
from seqnet.training.tuning.distributions import distribution_of, setting_value
from seqnet.training.tuning.journal import STUDY_NAME, Direction
from seqnet.training.tuning.optuna_backend import optuna
from seqnet.training.tuning.space import lay_over
from seqnet.training.tuning.trials import SearchJob, Trial, Watcher

__all__ = ["SearchState"]


# With 20 complete trials, one search in eight called a setting important that does nothing; with 30, none did.
_ENOUGH_TO_WEIGH = 30


class _PrunedError(Exception):
    """The trial is worse than others after the same number of epochs."""


class _TrialObserver:
    """Passes the value of each epoch to Optuna, and stops the run if Optuna decides so."""

    def __init__(self, trial: optuna.trial.Trial, config: RunConfig, dataset: Dataset, search: SearchState) -> None:
        self._trial, self._training, self._dataset, self._search = trial, config.training, dataset, search
        self.value: float | None = None
        self.best_epoch = self.epochs = 0

    def begin(self, config: RunConfig) -> None:
        pass

    def note(self, text: str) -> None:
        self._search.note(text)

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        self._search.watcher.step(self._trial.number + 1, epoch, done, steps, loss)

    def epoch(self, row: EpochRow, best: bool) -> None:
        monitor = self._training.monitor
        value = getattr(row, f"validation_{monitor}")
        if math.isnan(value):
            remedy = "encode it with another --split"
            raise LabelError(
                str(self._dataset.path), f"its validation split has no {monitor}, which tune needs", remedy
            )
        self.epochs = row.epoch
        if best:
            self.value, self.best_epoch = value, row.epoch
        assert self.value is not None
        # The best value so far, because the value of a trial is that of its best epoch.
        self._trial.report(self.value, step=row.epoch)
        if row.epoch < self._training.epochs and self._trial.should_prune():
            raise _PrunedError


class SearchState:
    """The state of one search."""

    def __init__(self, job: SearchJob, watcher: Watcher) -> None:
        self.job, self.watcher = job, watcher
        self.dataset, self.base, self.space, self.options = job.dataset, job.base, job.space, job.options
        self.device = job.device
        self.direction: Direction = "minimize" if job.base.training.monitor == "loss" else "maximize"
        self.distributions = {key: distribution_of(domain) for key, domain in job.space.domains.items()}
        self.pruner = self._make_pruner()
        self.study = self.study_of(())
        self.notes: set[str] = set()

    def _make_pruner(self) -> optuna.pruners.HyperbandPruner:
        epochs = self.space.domains.get("training.epochs")
        most = max(epochs.corners) if epochs else self.base.training.epochs
        if self.options.min_epochs > most:
            raise SettingError("tune.min_epochs", self.options.min_epochs, f"at most {most}, the epochs of a trial")
        return optuna.pruners.HyperbandPruner(
            min_resource=self.options.min_epochs, max_resource=most, reduction_factor=self.options.reduction
        )

    def study_of(self, trials: Sequence[optuna.trial.FrozenTrial]) -> optuna.Study:
        """Returns a study in memory with these finished trials."""
        study = optuna.create_study(study_name=STUDY_NAME, direction=self.direction, pruner=self.pruner)
        study.add_trials(trials)
        return study

    def note(self, text: str) -> None:
        """Passes a note on, but only the first time in all trials."""
        if text not in self.notes:
            self.notes.add(text)
            self.watcher.note(text)

    def run_trial(self) -> optuna.trial.FrozenTrial:
        """Draws settings, trains with them, and returns the finished trial."""
        number = len(self.study.get_trials(deepcopy=False))
        # Each trial has its own sampler, so that a resumed search draws the same settings as an uninterrupted one.
        own = [secrets.randbits(64)] if self.job.shared else []  # Two processes must not draw the same trial.
        seed = np.random.SeedSequence([self.base.training.seed, number, *own]).generate_state(1)
        self.study.sampler = optuna.samplers.TPESampler(
            multivariate=True, n_startup_trials=len(self.distributions) + 1, seed=int(seed[0])
        )
        trial = self.study.ask(fixed_distributions=self.distributions)
        started = time.monotonic()
        twin = self._twin(trial)
        if twin:
            about, value = dict(twin.user_attrs) | {"reason": f"as trial {twin.number + 1}"}, twin.value
        else:
            about, value = self._train(trial)
        for name, fact in (about | {"seconds": round(time.monotonic() - started, 3)}).items():
            trial.set_user_attr(name, fact)
        # For Optuna, stopped and refused trials are pruned, so that it avoids such settings; it ignores failed ones.
        self.study.tell(trial, value, None if value is not None else optuna.trial.TrialState.PRUNED)
        return self.study.get_trials(deepcopy=False)[number]

    def _twin(self, trial: optuna.trial.Trial) -> optuna.trial.FrozenTrial | None:
        """Returns the complete trial with the same settings, and so the same value."""
        complete = self.study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
        return next((other for other in complete if other.params == trial.params), None)

    def _train(self, trial: optuna.trial.Trial) -> tuple[dict[str, Any], float | None]:
        """Trains a trial, and returns its data and its value; None unless it is complete."""
        observer, value, reason, failed = None, None, "", False
        try:
            config = lay_over(self.base, self.settings_of(trial.params))
            observer = _TrialObserver(trial, config, self.dataset, self)
            result = train(NetworkJob(self.dataset, config, self.device), observer)
            if result.interruption:
                raise result.interruption
            value = observer.value
        except _PrunedError:
            pass
        except SettingError as error:
            reason = str(error)
        except ResourceError as error:
            reason, failed = str(error), True
        if failed and self.device.type == "cuda":
            # Not in the handler, where the error would keep the computed tensors in memory.
            torch.cuda.empty_cache()
        about = {"best_epoch": 0, "epochs": 0, "reason": reason, "failed": failed}
        if observer:
            about |= {"best_epoch": observer.best_epoch, "epochs": observer.epochs}
        return about, value

    def settings_of(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Returns what Optuna drew as the values of settings."""
        return {key: setting_value(domain, parameters[key]) for key, domain in self.space.domains.items()}

    def trial_of(self, frozen: optuna.trial.FrozenTrial) -> Trial:
        """Returns a finished trial as seqnet's `Trial`."""
        about, complete = frozen.user_attrs, frozen.state == optuna.trial.TrialState.COMPLETE
        return Trial(
            number=frozen.number + 1,
            state="complete" if complete else _state_of(about),
            value=frozen.value,
            best_epoch=about["best_epoch"],
            epochs=about["epochs"],
            seconds=about["seconds"],
            settings=self.settings_of(frozen.params),
            reason=about["reason"],
        )

    def better(self, one: Trial, other: Trial | None) -> bool:
        """Returns whether a trial is better than the best one before it."""
        if one.state != "complete" or one.value is None:
            return False
        if other is None or other.value is None:
            return True
        return one.value < other.value if self.direction == "minimize" else one.value > other.value

    def best(self, trials: Sequence[Trial]) -> Trial | None:
        """Returns the best complete trial, the first of equals; None where none is complete."""
        best = None
        for trial in trials:
            best = trial if self.better(trial, best) else best
        return best

    def importances(self) -> dict[str, float]:
        """Returns the importance of each setting, the shares add up to 1.

        Source: Watanabe et al. 2023, 10.24963/ijcai.2023/488 (PED-ANOVA).
        """
        complete = self.study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
        if len(complete) < _ENOUGH_TO_WEIGH or len({trial.value for trial in complete}) < 2:
            return {}
        return optuna.importance.get_param_importances(
            self.study, evaluator=optuna.importance.PedAnovaImportanceEvaluator()
        )


def _state_of(about: Mapping[str, Any]) -> str:
    """Returns the state of a trial that is not complete; studies of earlier versions do not have the state failed."""
    if about.get("failed"):
        return "failed"
    return "refused" if about["reason"] else "pruned"
