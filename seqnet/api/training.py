"""Training in the hands of a program: dataset → model."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from seqnet.api.dataset import Progress
from seqnet.api.keywords import as_path, python_words
from seqnet.api.models import Model
from seqnet.configs.calibration import CRITERIA
from seqnet.configs.readers import ReadOptions
from seqnet.configs.run import RunRequest
from seqnet.configs.settings import convert
from seqnet.configs.training import MOST_MEMBERS
from seqnet.core.errors import SettingError
from seqnet.core.processors import usable_processors
from seqnet.datasets.dataset import Dataset, open_dataset
from seqnet.datasets.recipes import ChosenRun, choose_run
from seqnet.models.bundles import Bundle
from seqnet.nn.devices import choose_device, computing
from seqnet.training import train_ensemble
from seqnet.training.jobs import ProgressLines, make_job, opening_lines
from seqnet.training.members import TrainingJob
from seqnet.training.results import result_lines
from seqnet.training.warm_start import WarmStart, choose_warm_run

__all__ = ["train"]


def train(
    data: Dataset | str | os.PathLike[str],
    preset: str | None = None,
    network: str | None = None,
    encoder: str | None = None,
    settings: Mapping[str, Any] | None = None,
    config: str | os.PathLike[str] | None = None,
    members: int = 1,
    seed: int | None = None,
    device: str = "auto",
    threads: int | None = None,
    progress: Progress | None = None,
    optimize: str | None = None,
    start: Model | str | os.PathLike[str] | None = None,
    freeze: bool = False,
) -> Model:
    """Returns the model that `seqnet train` fits to a dataset: the same settings give the same weights.

    The train split is fitted, the validation split chooses the epoch that is kept, the test split is not touched.
    Without preset, network and config, suitable settings are chosen. Ctrl-C leaves no model.

    Args:
        data: the dataset, or its path.
        preset: a named set of settings.
        network: kind of network, with its defaults.
        encoder: how symbols become features.
        settings: single settings, such as {"training.epochs": 5}, laid over all others.
        config: TOML file of settings, laid over the preset.
        members: networks to train, with seeds one after the other, into one model that predicts their mean.
        seed: of weights, order, dropout and augmentation; None for training.seed of the settings.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: of the CPU; None for all that the process may use.
        progress: gets each line that the command would print, such as `print`.
        optimize: metric that the threshold maximises; None for one half, or for balanced accuracy if imbalanced.
        start: model to start from, its path or name; output layers are kept for the same classes.
        freeze: whether, with `start`, only the output layers are trained.

    Raises:
        SeqnetError: a setting is unknown or not allowed, the file is not a dataset, or the settings don't suit it.
    """
    with python_words():
        data, seeds = _opened(data), _checked_members(members, optimize)
        count = ReadOptions.check("threads", usable_processors() if threads is None else threads)
        request = _request(preset, network, encoder, config, settings, seed, freeze=freeze)
        origin = _start(start)
        chosen = choose_warm_run(data, request, origin) if origin else choose_run(data, request)
        job = make_job(data, chosen, choose_device(device), threads=count, start=origin)
        _tell_opening(job, chosen, seeds, progress)
        whole = replace(job, checkpoints=(None,) * seeds, optimize=optimize)
        return Model(_trained(whole, count, progress or _silent), threads=count)


def _opened(data: Dataset | str | os.PathLike[str]) -> Dataset:
    return data if isinstance(data, Dataset) else open_dataset(as_path(data))


def _tell_opening(job: TrainingJob, chosen: ChosenRun, count: int, progress: Progress | None) -> None:
    """Tells what is said before a training; looks at the dataset only if somebody listens."""
    for line in opening_lines(job.dataset, chosen, audit=progress is not None, start=job.start, count=count):
        (progress or _silent)(line)


def _start(model: Model | str | os.PathLike[str] | None) -> WarmStart | None:
    """Returns the model that training starts from; None for random weights."""
    if model is None:
        return None
    return WarmStart.of(model.bundle) if isinstance(model, Model) else WarmStart.open(as_path(model))


def _checked_members(members: object, optimize: str | None) -> int:
    """Returns the number of networks.

    Raises:
        SettingError: it is not allowed, or there is no such criterion.
    """
    number: int = convert("members", _plain(members), int)
    if not 1 <= number <= MOST_MEMBERS:
        raise SettingError("members", number, f"a whole number from 1 to {MOST_MEMBERS}")
    if optimize is not None and optimize not in CRITERIA:
        raise SettingError("optimize", optimize, choices=CRITERIA)
    return number


def _silent(line: str) -> None:
    """Takes a line that nobody wants."""


def _trained(job: TrainingJob, threads: int, tell: Progress) -> Bundle:
    """Returns what comes of a job, on the device that it was trained on."""
    with computing(threads, job.device), _random_numbers_kept(job.device):
        result = train_ensemble(job, ProgressLines(tell, job, threads=threads))
    if result.interruption:
        raise result.interruption
    for line in result_lines(result):
        tell(line)
    result.bundle.to(job.device)
    return result.bundle


def _request(
    preset: str | None,
    network: str | None,
    encoder: str | None,
    config: str | os.PathLike[str] | None,
    settings: Mapping[str, Any] | None,
    seed: int | None,
    *,
    freeze: bool,
) -> RunRequest:
    """Returns what is asked for; the seed is laid over all settings."""
    if settings is not None and not isinstance(settings, Mapping):
        raise SettingError("settings", settings, 'a mapping of setting to value, such as {"training.epochs": 5}')
    single = [(str(name), _plain(value)) for name, value in (settings or {}).items()]
    if seed is not None:
        single.append(("training.seed", _plain(seed)))
    if freeze:
        single.append(("training.freeze", True))
    return RunRequest(preset, network, encoder, None if config is None else as_path(config), tuple(single))


def _plain(value: Any) -> Any:
    """Returns a value as settings have it: numbers of NumPy as Python's, paths as text."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value


@contextmanager
def _random_numbers_kept(device: torch.device) -> Iterator[None]:
    """Leaves the generators of random numbers of PyTorch as they were."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield
