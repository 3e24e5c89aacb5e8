"""A fast model from a model, for programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch

from seqnet.api.dataset import Progress, option_names
from seqnet.api.files import pysam_kept
from seqnet.api.keywords import as_listener, as_path, checked_threads, settings_from
from seqnet.api.models import Model
from seqnet.api.python_words import python_words
from seqnet.api.training import random_numbers_kept, run_request_of
from seqnet.configs.distillation import DistillOptions
from seqnet.configs.run import RunRequest
from seqnet.datasets.dataset import Dataset
from seqnet.nn.devices import choose_device, computing
from seqnet.training.distillation import distill as fit
from seqnet.training.distillation_sources import label_lesson, prepare_lesson
from seqnet.training.jobs import ProgressLines
from seqnet.training.warm_start import WarmStart

__all__ = ["distill"]

Source = str | os.PathLike[str] | Dataset


def distill(
    model: Model | str | os.PathLike[str],
    sequences: Source | Iterable[Source] = (),
    *,
    preset: str | None = None,
    network: str | None = None,
    encoder: str | None = None,
    settings: Mapping[str, Any] | None = None,
    config: str | os.PathLike[str] | None = None,
    device: str = "auto",
    threads: int | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Model:
    """Returns a small, fast model that has learned from the probabilities of a model, as `seqnet distill` makes it.

    Args:
        model: the model to learn from, its path or name.
        sequences: sequence files, and at most one dataset or its path, of which the train split is used; nothing for
            random sequences alone.
        preset: a named set of settings; without preset, network and config, suitable ones are chosen.
        network: kind of network, with its defaults.
        encoder: how symbols become features.
        settings: single settings, such as {"training.epochs": 5}, laid over all others.
        config: TOML file of settings, laid over the preset.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: of the CPU; None for the processors that the process may use.
        progress: gets each line that the command would print, such as `print`; None for nobody.
        **options: count, length, random and seed, as in `seqnet distill`.

    Raises:
        SeqnetError: there is no such model, a setting is unknown or not allowed, or a file is not what it should be.
        OSError: a file is not there, or can't be read.
    """
    with python_words({"SEQUENCES": "sequences"}), pysam_kept():
        tell, count = as_listener(progress), checked_threads(threads)
        request = run_request_of(preset, network, encoder, config, settings)
        wanted = settings_from(DistillOptions, options, option_names(DistillOptions))
        start = WarmStart.of(model.bundle) if isinstance(model, Model) else WarmStart.open(as_path(model, "model"))
        return _taught(start, _sources(sequences), wanted, request, choose_device(str(device)), count, tell)


def _taught(
    start: WarmStart,
    sources: list[str | Dataset],
    options: DistillOptions,
    request: RunRequest,
    device: torch.device,
    threads: int,
    tell: Callable[[str], None],
) -> Model:
    """Returns the fast model, on the device that it was trained on; the other model is put back where it was."""
    before = start.bundle.classifier.device
    with computing(threads, device), random_numbers_kept(device):
        start.bundle.to(device)
        try:
            lesson = prepare_lesson(start, sources, options, request)
            if lesson.chosen.recipe:
                tell(lesson.chosen.recipe)
            job = label_lesson(lesson, device, threads=threads)
            lines = ProgressLines(tell, job, threads=threads)
            found = fit(job, start, lines, real=lesson.drawn.real, labelled=lesson.labelled)
        finally:
            start.bundle.to(before)
    if found.result.interruption:
        raise found.result.interruption
    tell(found.line)
    found.bundle.to(device)
    return Model(found.bundle, threads=threads)


def _sources(given: Source | Iterable[Source]) -> list[str | Dataset]:
    """Returns one or more sources as text or datasets."""
    several = [given] if isinstance(given, str | os.PathLike | Dataset) else list(given)
    return [one if isinstance(one, Dataset) else os.fspath(as_path(one, "sequences")) for one in several]
