"""Training for programs: dataset → model."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from seqnet.api.dataset import DATASET, Progress
from seqnet.api.keywords import as_listener, as_path, checked_threads
from seqnet.api.models import Model
from seqnet.api.python_words import python_words, words_of_python
from seqnet.api.warn import warn
from seqnet.configs.calibration import CRITERIA
from seqnet.configs.run import RUN_SECTIONS, RunRequest
from seqnet.configs.settings import convert
from seqnet.configs.training import MOST_MEMBERS, TrainingConfig
from seqnet.core.durations import seconds_of
from seqnet.core.errors import SettingError
from seqnet.datasets.dataset import Dataset, open_dataset
from seqnet.datasets.run_choice import choose_run
from seqnet.nn.devices import choose_device, computing
from seqnet.training import train_ensemble
from seqnet.training.jobs import WARNING, ProgressLines, make_job, opening_lines
from seqnet.training.members import TrainingJob, imbalance_note
from seqnet.training.results import result_lines
from seqnet.training.warm_start import WarmStart, choose_warm_run

__all__ = ["random_numbers_kept", "run_request_of", "train"]


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
) -> Model:
    """Returns the model that `seqnet train` fits to a dataset: the same settings give the same weights.

    The train split is fitted, the validation split chooses the epoch that is kept, the test split is not touched.
    Without preset, network and config, suitable settings are chosen, or a mixture of networks. Ctrl-C leaves no model.

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

    Raises:
        SeqnetError: a setting is unknown or not allowed, the file is not a dataset, or the settings don't suit it.
    """
    with python_words():
        data = data if isinstance(data, Dataset) else open_dataset(as_path(data, "data", DATASET))
        networks = _checked_members(members, optimize)
        notify = _warnings if progress is None else as_listener(progress)
        request = run_request_of(preset, network, encoder, config, settings, seed, freeze=freeze)
        job = _job(data, request, _start(start), device, threads, networks, notify)
        seconds = None if time is None else seconds_of("time", time)
        return _trained(replace(job, optimize=optimize, seconds=seconds), threads, notify)


def _start(model: Model | str | os.PathLike[str] | None) -> WarmStart | None:
    """Returns the model that training starts from; None for random weights."""
    if model is None:
        return None
    return WarmStart.of(model.bundle) if isinstance(model, Model) else WarmStart.open(as_path(model))


def _job(
    data: Dataset,
    request: RunRequest,
    start: WarmStart | None,
    device: str,
    threads: int | None,
    networks: int,
    notify: Callable[[str], None],
) -> TrainingJob:
    """Returns what is to be trained, and tells why it is trained like this."""
    chosen = choose_warm_run(data, request, start) if start else choose_run(data, request)
    job = make_job(data, chosen, choose_device(str(device)), threads=checked_threads(threads), start=start)
    for line in opening_lines(data, chosen, audit=notify is not _warnings, start=start, count=networks * chosen.count):
        notify(line)
    return replace(job, checkpoints=(None,) * (networks * chosen.count))


def _checked_members(members: object, optimize: str | None) -> int:
    """Returns the number of networks.

    Raises:
        SettingError: it is not allowed, or there is no such criterion.
    """
    number: int = convert("members", _plain(members), int)
    if not 1 <= number <= MOST_MEMBERS:
        raise SettingError("members", number, f"a whole number from 1 to {MOST_MEMBERS}")
    if optimize is not None and optimize not in list(CRITERIA):
        raise SettingError("optimize", optimize, choices=CRITERIA)
    return number


def _warnings(line: str) -> None:
    """Warns of a line that is a warning, and ignores others."""
    if line.startswith(WARNING):
        warn(words_of_python(line.removeprefix(WARNING)))


def _trained(job: TrainingJob, threads: int | None, notify: Callable[[str], None]) -> Model:
    """Returns what comes of a job, on the device that it was trained on."""
    count = checked_threads(threads)
    if notify is _warnings and (imbalanced := imbalance_note(job.config, job.dataset)):
        warn(words_of_python(imbalanced))
    with computing(count, job.device), random_numbers_kept(job.device):
        result = train_ensemble(job, ProgressLines(notify, job, threads=count))
    if result.interruption:
        raise result.interruption
    for line in result_lines(result):
        notify(line)
    result.bundle.to(job.device)
    return Model(result.bundle, threads=count)


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


@contextmanager
def random_numbers_kept(device: torch.device) -> Iterator[None]:
    """Leaves the generators of random numbers of PyTorch as they were."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield
