"""A fast model from a model, for programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from seqnet.api.dataset import Progress, option_names
from seqnet.api.files import pysam_kept
from seqnet.api.keywords import as_listener, as_path, checked_threads, settings_from
from seqnet.api.models import Model
from seqnet.api.python_words import python_words
from seqnet.api.training import run_request_of
from seqnet.api.training_runs import random_numbers_kept
from seqnet.configs.distillation import DistillOptions
from seqnet.datasets.dataset import Dataset
from seqnet.models.bundles import Bundle
from seqnet.nn.devices import choose_device, computing
from seqnet.training.distillation import Distilled
from seqnet.training.distillation import distill as fit
from seqnet.training.distillation_sources import DistillationPlan, make_distillation_job, prepare_distillation
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
        sequences: files, and at most one dataset, of which the train split is used; none for random sequences alone.
        preset: a named set of settings; without preset, network and config, suitable ones are chosen.
        network: kind of network, with its defaults.
        encoder: how symbols become features.
        settings: single settings, such as {"training.epochs": 5}, laid over `config`, which is laid over the preset.
        config: TOML file of settings.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: of the CPU; None for the processors that the process may use.
        progress: gets each line that the command would print, such as `print`; None for nobody.
        **options: count, length, random and seed, as in `seqnet distill`.

    Raises:
        SeqnetError: there is no such model, a setting is unknown or not allowed, or a file is not what it should be.
        OSError: a file is not there, or can't be read.
    """
    with python_words({"SEQUENCES": "sequences"}), pysam_kept():
        notify, count = as_listener(progress), checked_threads(threads)
        request = run_request_of(preset, network, encoder, config, settings)
        wanted = settings_from(DistillOptions, options, option_names(DistillOptions))
        start = WarmStart.of(model.bundle) if isinstance(model, Model) else WarmStart.open(as_path(model, "model"))
        chosen = choose_device(str(device))
        with computing(count, chosen), random_numbers_kept(chosen), _moved(start.bundle, chosen):
            plan = prepare_distillation(start, _sources(sequences), wanted, request)
            found = _fitted(start, plan, chosen, count, notify)
        if found.result.interruption:
            raise found.result.interruption
        notify(found.line)
        found.bundle.to(chosen)
        return Model(found.bundle, threads=count)


def _fitted(
    start: WarmStart, plan: DistillationPlan, device: torch.device, threads: int, notify: Callable[[str], None]
) -> Distilled:
    """Returns the fast model, trained as planned."""
    if plan.chosen.recipe:
        notify(plan.chosen.recipe)
    job = make_distillation_job(plan, device, threads=threads)
    observer = ProgressLines(notify, job, threads=threads)
    return fit(job, start, observer, real=plan.drawn.real, labelled=plan.labelled)


@contextmanager
def _moved(bundle: Bundle, device: torch.device) -> Iterator[None]:
    """Has a model compute on a device, and on its own again afterwards."""
    before = bundle.classifier.device
    bundle.to(device)
    try:
        yield
    finally:
        bundle.to(before)


def _sources(given: Source | Iterable[Source]) -> list[str | Dataset]:
    """Returns one or more sources as text or datasets."""
    several = [given] if isinstance(given, str | os.PathLike | Dataset) else list(given)
    return [one if isinstance(one, Dataset) else os.fspath(as_path(one, "sequences")) for one in several]
