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
from seqnet.datasets.recipes import choose_run
from seqnet.nn.devices import choose_device, computing
from seqnet.training import train_ensemble
from seqnet.training.jobs import ProgressLines, make_job, opening_lines
from seqnet.training.results import result_lines

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
) -> Model:
    """Returns the model that `seqnet train` fits to a dataset: the same settings give the same weights.

    The train split is fitted, the validation split chooses the epoch that is kept, the test split is not touched.
    Without preset, network and config, settings are chosen that suit the dataset. No file is written; Ctrl-C leaves
    no model.

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
        threads: of the CPU; None for the processors that the process may use.
        progress: is told each line that the command would write, such as `print`; None for nobody.
        optimize: what the decision threshold is best for on the validation split; None for one half, or, where classes
            are imbalanced, balanced accuracy.

    Raises:
        SettingError: a name or setting is unknown, or its value is not allowed.
        LabelError: the train split lacks a class.
        ContainerError: the file is not a dataset.
        SeqnetError: the settings don't suit the dataset.
    """
    with python_words():
        if not isinstance(data, Dataset):
            data = open_dataset(as_path(data))
        members = convert("members", _plain(members), int)
        if not 1 <= members <= MOST_MEMBERS:
            raise SettingError("members", members, f"a whole number from 1 to {MOST_MEMBERS}")
        if optimize is not None and optimize not in CRITERIA:
            raise SettingError("optimize", optimize, "one of " + ", ".join(CRITERIA))
        count = ReadOptions.check("threads", usable_processors() if threads is None else threads)
        chosen = choose_run(data, _request(preset, network, encoder, config, settings, seed))
        where = choose_device(device)
        tell = progress or (lambda line: None)
        for line in opening_lines(data, chosen, audit=progress is not None):
            tell(line)
        job = make_job(data, chosen, where, threads=count)
        job = replace(job, checkpoints=(None,) * members, optimize=optimize)
        with computing(count, where), _random_numbers_kept(where):
            result = train_ensemble(job, ProgressLines(tell, job, threads=count))
        if result.interruption:
            raise result.interruption
        for line in result_lines(result):
            tell(line)
        result.bundle.to(where)
        return Model(result.bundle, threads=count)


def _request(
    preset: str | None,
    network: str | None,
    encoder: str | None,
    config: str | os.PathLike[str] | None,
    settings: Mapping[str, Any] | None,
    seed: int | None,
) -> RunRequest:
    """Returns what is asked for; the seed is laid over all settings."""
    if settings is not None and not isinstance(settings, Mapping):
        raise SettingError("settings", settings, 'setting → value, such as {"training.epochs": 5}')
    single = [(str(name), _plain(value)) for name, value in (settings or {}).items()]
    if seed is not None:
        single.append(("training.seed", _plain(seed)))
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
