"""A fast model from a model, for programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from seqnet.api.dataset import Progress, option_names
from seqnet.api.files import pysam_kept
from seqnet.api.keywords import as_listener, as_path, check_keywords, checked_threads, names_of, settings_from
from seqnet.api.loading import prepare_language_model
from seqnet.api.models import Model
from seqnet.api.python_words import python_words
from seqnet.api.training import run_request_of
from seqnet.api.training_runs import random_numbers_kept
from seqnet.configs.distillation import DistillOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import SettingError
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
    plm: str | os.PathLike[str] | Sequence[str] = (),
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
        plm: folder or name of the language model, for the path or name of a model that was trained with one.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: of the CPU; None for the processors that the process may use.
        progress: gets each line that the command would print, such as `print`; None for none.
        **options: count, length, random and seed, as in `seqnet distill`; and options of reading, as in
            `Model.predict_file`.

    Raises:
        SeqnetError: there is no such model, a setting is unknown or not allowed, or a file is not what it should be.
        OSError: a file is not there, or can't be read.
    """
    with python_words({"SEQUENCES": "sequences"}), pysam_kept():
        notify, count = as_listener(progress), checked_threads(threads)
        request = run_request_of(preset, network, encoder, config, settings)
        sources = _sources(sequences)
        wanted, read = _options(options, sources, count)
        start, chosen = _start(model, plm), choose_device(str(device))
        with computing(count, chosen), random_numbers_kept(chosen), _moved(start.bundle, chosen):
            plan = prepare_distillation(start, sources, wanted, request, read)
            found = _fitted(start, plan, chosen, count, notify)
        if found.result.interruption:
            raise found.result.interruption
        notify(found.line)
        found.bundle.to(chosen)
        return Model(found.bundle, threads=count)


def _start(model: Model | str | os.PathLike[str], plm: str | os.PathLike[str] | Sequence[str]) -> WarmStart:
    """Returns the model to learn from.

    Raises:
        SettingError: a language model is given that has no effect.
    """
    if not isinstance(model, Model):
        start = WarmStart.open(as_path(model, "model"))
        prepare_language_model(start.bundle, plm)
        return start
    if plm:
        raise SettingError("plm", plm, problem="needs the path or the name of a model; pass it to seqnet.load")
    return WarmStart.of(model.bundle)


def _options(
    options: Mapping[str, Any], sources: Sequence[str | Dataset], threads: int
) -> tuple[DistillOptions, ReadOptions]:
    """Returns which sequences are used, and how files are read.

    Raises:
        SettingError: there is no such keyword, or its value is not allowed or has no effect.
    """
    ours, reading = option_names(DistillOptions), names_of(ReadOptions)
    check_keywords(options, [*ours, *reading])
    of_reading = {name: value for name, value in options.items() if name in reading}
    if of_reading and all(isinstance(one, Dataset) or one.endswith(".safetensors") for one in sources):
        name, value = next(iter(of_reading.items()))
        raise SettingError(name, value, problem="needs sequence files as sequences")
    own = {name: value for name, value in options.items() if name in ours}
    return settings_from(DistillOptions, own, ours), settings_from(ReadOptions, of_reading, reading, threads=threads)


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
