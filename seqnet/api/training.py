"""Training for programs: dataset → model."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Unpack

import numpy as np

from seqnet.api.dataset import Progress
from seqnet.api.keywords import as_path, checked_threads
from seqnet.api.models import Model
from seqnet.api.python_words import python_words
from seqnet.api.training_runs import (
    TrainingFileKeywords,
    TrainingTarget,
    checked_criterion,
    model_of,
    opened_dataset,
    starting_model,
    trained_run,
)
from seqnet.configs.run import RUN_SECTIONS, RunRequest
from seqnet.configs.settings import convert
from seqnet.configs.training import MOST_MEMBERS, TrainingConfig
from seqnet.core.durations import seconds_of
from seqnet.core.errors import SettingError
from seqnet.datasets.dataset import Dataset
from seqnet.training.requests import TrainingRequest

__all__ = ["run_request_of", "train", "trained_alone", "training_request"]


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
    time: str | float | None = None,
    **files: Unpack[TrainingFileKeywords],
) -> Model:
    """Returns the model that `seqnet train` fits to a dataset: the same settings give the same weights.

    The test split is not touched. Without preset, network and config, suitable settings are chosen. For files, and for
    training in several processes, see docs/api-training.md.

    Args:
        data: the dataset, or its path.
        preset: a named set of settings.
        network: kind of network, with its defaults.
        encoder: how symbols become features.
        settings: single settings, such as {"training.epochs": 5}, or sections of them, laid over all others.
        config: TOML file of settings, laid over the preset.
        members: networks to train, with seeds one after the other, into one model; of a mixture, of each kind.
        seed: of all that is random; None for training.seed of the settings.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: of the CPU; None for the processors that the process may use.
        progress: gets each line that the command would print, such as `print`; None for warnings alone.
        optimize: what the threshold maximises on the validation split; None for balanced accuracy or one half.
        start: model to start from, its path or name; its output layers are kept if the classes are the same.
        freeze: whether, with `start`, only the output layers are trained.
        time: such as "10m", or seconds; epochs and networks are reduced to what fits. None for no limit.
        **files: output (path of the model; other files are written beside it), report, resume, force and wait.

    Raises:
        SeqnetError: a setting is not allowed, the dataset does not suit it, or a file can't be read or written.
    """
    with python_words():
        target = TrainingTarget.of(files, train)
        requested = run_request_of(preset, network, encoder, config, settings, seed, freeze=freeze)
        request = training_request(requested, threads, members=members, optimize=optimize, start=start, time=time)
        return model_of(trained_run(opened_dataset(data), request, target, device, progress), target)


def trained_alone(data: Dataset, request: TrainingRequest, device: str) -> Model:
    """Returns the model that this process trains, whether or not a launcher has started others; there are no files."""
    target = TrainingTarget()
    return model_of(trained_run(data, request, target, device, None), target)


def training_request(
    requested: RunRequest,
    threads: int | None,
    *,
    members: int = 1,
    optimize: str | None = None,
    start: Model | str | os.PathLike[str] | None = None,
    time: str | float | None = None,
) -> TrainingRequest:
    """Returns what is to be trained; see `train` for the arguments.

    Raises:
        SettingError: one is not allowed.
    """
    number: int = convert("members", _plain(members), int)
    if not 1 <= number <= MOST_MEMBERS:
        raise SettingError("members", number, f"a whole number from 1 to {MOST_MEMBERS}")
    return TrainingRequest(
        requested,
        checked_threads(threads),
        members=number,
        optimize=checked_criterion(optimize),
        seconds=None if time is None else seconds_of("time", time),
        start=starting_model(start),
    )


def run_request_of(
    preset: str | None,
    network: str | None,
    encoder: str | None,
    config: str | os.PathLike[str] | None,
    settings: Mapping[str, Any] | None,
    seed: int | None = None,
    *,
    freeze: bool = False,
) -> RunRequest:
    """Returns the requested run; the seed is laid over all settings."""
    if settings is not None and not isinstance(settings, Mapping):
        raise SettingError("settings", settings, 'a mapping of setting to value, such as {"training.epochs": 5}')
    single = [(name, _plain(value)) for name, value in _flat(settings or {})]
    if seed is not None:
        try:
            single.append(("training.seed", TrainingConfig.check("seed", _plain(seed))))
        except SettingError as error:
            error.rename("seed")
            raise
    if freeze:
        single.append(("training.freeze", True))
    return RunRequest(preset, network, encoder, None if config is None else as_path(config), tuple(single))


def _flat(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yields setting and value; those of a section in a mapping of its own are named `section.setting`."""
    for name, value in settings.items():
        if isinstance(value, Mapping) and name in RUN_SECTIONS:
            yield from ((f"{name}.{inner}", one) for inner, one in value.items())
        else:
            yield str(name), value


def _plain(value: Any) -> Any:
    """Returns a value as settings have it: numbers of NumPy as Python's, paths as text."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value
