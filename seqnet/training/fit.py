"""The training loop: Dataset → Bundle.

The train split is fitted, the validation split chooses the epoch that is kept, the test split is not touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from seqnet.configs.run import RunConfig
from seqnet.core.errors import ResourceError, SettingError
from seqnet.core.printable import counted
from seqnet.datasets.dataset import Dataset
from seqnet.nn.devices import out_of_memory
from seqnet.nn.plm import settled
from seqnet.training.epochs import EpochFitter
from seqnet.training.initialization import make_classifier
from seqnet.training.observer import Observer
from seqnet.training.precomputed_embeddings import precompute_embeddings
from seqnet.training.processes import ALONE, Processes
from seqnet.training.run import Run, TrainingResult
from seqnet.training.time_limit import TimeLimit
from seqnet.training.warm_start import StartingWeights

__all__ = ["NetworkJob", "Observer", "TrainingResult", "make_classifier", "train"]


@dataclass(frozen=True)
class NetworkJob:
    """A network to train, and where.

    Attributes:
        dataset: its train split is fitted, its validation split chooses the epoch.
        config: all settings.
        device: device for the computation.
        checkpoint: file that is written after each epoch; None for none.
        resume: whether to continue from `checkpoint`, if it exists.
        identity: what the checkpoint knows its run by, such as the SHA-256 of the dataset file.
        provenance: goes into the bundle.
        start: weights to start from; None for random ones.
        limit: reduces the number of epochs to what fits into the time; None for all epochs.
        processes: those that train together; each trains the same, and gets the same classifier.
    """

    dataset: Dataset
    config: RunConfig
    device: torch.device
    checkpoint: Path | None = None
    resume: bool = False
    identity: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    start: StartingWeights | None = None
    limit: TimeLimit | None = None
    processes: Processes = ALONE


def train(job: NetworkJob, observer: Observer) -> TrainingResult:
    """Returns the classifier fitted to a dataset.

    The same dataset, settings, device and number of threads give bit-identical weights on the CPU.

    Args:
        job: what is trained.
        observer: receives the progress.

    Raises:
        OutOfTimeError: the time of a network that may be left out ended before its first epoch.
        KeyboardInterrupt: the user stopped several processes, or one before its first epoch was over.
        SeqnetError: the settings don't suit the dataset, or the checkpoint is of another run, or of one of more epochs.
    """
    dataset, device, processes = job.dataset, job.device, job.processes
    _check_processes(processes, job.config, job.identity)
    config = replace(job.config, encoder=settled(job.config.encoder, dataset.alphabet, observer.note))
    with torch.random.fork_rng(devices=[]), _enough_memory(config, device):
        run = Run(EpochFitter(dataset, config, device, job.start, processes), job.checkpoint, job.identity)
        _begin(run, observer, resume=job.resume)
        precompute_embeddings(run.classifier, dataset, config, observer.note, over=run.over)
        interruption = None
        try:
            _fit_epochs(run, dataset, observer, job.limit)
        except KeyboardInterrupt as stop:
            if not run.progress.rows or processes.size > 1:
                raise
            interruption = stop
        return run.result(interruption, job.provenance)


def _begin(run: Run, observer: Observer, *, resume: bool) -> None:
    """Continues a run from its checkpoint, if requested; all processes must be at the same epoch."""
    run.describe(observer)
    if resume:
        run.go_on(observer)
    run.fitter.processes.check(run.progress.rows)


def _check_processes(processes: Processes, config: RunConfig, identity: str) -> None:
    """Checks that all processes train the same, and that they can.

    Raises:
        SettingError: they do not, or can't.
    """
    processes.check([identity, config])
    if processes.size > 1 and config.encoder.name == "plm":
        raise SettingError("encoder.name", "plm", problem="can't be plm with several processes")


def _fit_epochs(run: Run, dataset: Dataset, observer: Observer, limit: TimeLimit | None) -> None:
    if not run.progress.rows:  # A checkpoint has the trees, too.
        run.fitter.grow_trees(observer)
    observer.begin(run.config)
    wanted = run.config.training.epochs
    with run.fitter.penalties:
        while not run.over:
            dataset.check_whole()
            row = run.fitter.fit(len(run.progress.rows) + 1, observer)
            observer.epoch(row, run.take(row))
            if limit is None:
                continue
            done = len(run.progress.rows)
            run.plan(limit.epochs(done, wanted))
            observer.begin(run.config)
            if run.over and done < wanted and run.config.training.epochs == done:
                observer.note(f"the time limit allowed {counted(done, 'epochs')}, not {wanted:,}")


@contextmanager
def _enough_memory(config: RunConfig, device: torch.device) -> Iterator[None]:
    """Makes one error of all that too little memory raises, whether for the network or for a batch.

    Raises:
        ResourceError: there is too little memory.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        problem = f"there is too little memory for this network and batches of {config.training.batch_size}"
        raise ResourceError(str(device), problem, "use a smaller training.batch_size or a smaller network") from error
