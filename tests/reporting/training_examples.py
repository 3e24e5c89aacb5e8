"""Short trainings of small networks, for the tests of what is reported of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from seqnet.datasets.dataset import Dataset
from seqnet.datasets.run_choice import ChosenRun
from seqnet.training import train_ensemble, train_folds
from seqnet.training.jobs import make_job
from seqnet.training.results import TrainingRun
from tests.building import CPU, Recorder, run_config

NOTES = ("seqnet: warning: rare class", "baselines fitted to 96 training records in 7.1 s")


def trained(
    data: Dataset,
    *,
    members: int = 1,
    folds: int = 0,
    settings: Mapping[str, Any] | None = None,
    chosen: ChosenRun | None = None,
    stop_at_epoch: int | None = None,
) -> TrainingRun:
    """Returns a training of networks, or a cross-validation; the dataset is in a file."""
    config = run_config({"epochs": 2, **(settings or {})})
    chosen = chosen or ChosenRun(config, None)
    job = make_job(data, replace(chosen, run=config), CPU, threads=1, command="seqnet train d -o m")
    fit = train_folds if folds else train_ensemble
    result = fit(replace(job, checkpoints=(None,) * (folds or members)), Recorder(stop_at_epoch=stop_at_epoch))
    return TrainingRun("m", job, chosen, result, True, NOTES)
