"""Networks that are trained at the same time, each in another process with a share of the threads.

A small network gains little from a second thread. So networks of one training share the threads: as many are trained at
the same time as there are networks or threads, each in a process of its own (`worker`). How many threads a network has
depends on the number of networks and threads alone, so that the same training gives the same weights, resumed or not.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from seqnet.configs.run import RunConfig
from seqnet.core.printable import counted
from seqnet.training.fit import TrainingResult
from seqnet.training.member_files import MemberFiles, stored_result
from seqnet.training.members import Member
from seqnet.training.observer import MembersObserver, Observer
from seqnet.training.worker_messages import FINAL, error_from, show_progress
from seqnet.training.worker_process import WorkerProcess

__all__ = ["Lanes", "train_at_once"]

_FEWEST_SYMBOLS = 10_000_000
"""Minimum number of symbols that all networks see in all epochs; with fewer, starting processes takes longer."""

_MOMENT = 0.5
"""Seconds between two checks for a signal, if waiting can't be interrupted."""

_GRACE = 5.0
"""Seconds that a process has to stop after an error of another one."""


@dataclass(frozen=True)
class Lanes:
    """Which networks are trained at the same time, and with how many threads.

    Attributes:
        workers: number of processes; 1 for training one network after the other in this process.
        order: the networks in the order in which they begin: of several kinds, the last one first, which takes longest,
            but if time is limited, the first one.
        threads: of each network, in the order of the networks.
    """

    workers: int
    order: tuple[int, ...]
    threads: tuple[int, ...]

    @classmethod
    def of(cls, members: Sequence[Member], threads: int, *, timed: bool = False) -> Lanes:
        """Returns how networks share the threads of this process.

        Args:
            members: the networks.
            threads: number of threads.
            timed: whether time is limited.
        """
        workers = min(len(members), threads) if _are_separable(members) else 1
        kinds: list[RunConfig] = []
        for kind in map(_unseeded, members):
            if kind not in kinds:
                kinds.append(kind)
        order = sorted(range(len(members)), key=lambda number: -kinds.index(_unseeded(members[number])))
        order = list(range(len(members))) if timed else order
        # There is a remainder only if all networks begin at once.
        each, more = divmod(threads, workers)
        shares = {number: each + (place < more) for place, number in enumerate(order)}
        return cls(workers, tuple(order), tuple(shares[number] for number in range(len(members))))


def _unseeded(member: Member) -> RunConfig:
    return replace(member.config, training=replace(member.config.training, seed=0))


def _are_separable(members: Sequence[Member]) -> bool:
    """Returns whether other processes can train the networks, and the work is large enough for them."""
    for member in members:
        # The embeddings of a language model, which take most of the time, are computed once for all networks.
        if member.config.encoder.name == "plm" or member.config.training.compile or member.dataset.targets is not None:
            return False
    return sum(map(_symbols, members)) >= _FEWEST_SYMBOLS


def _symbols(member: Member) -> int:
    """Returns how many symbols a network sees in training, if it does not stop early."""
    dataset, training = member.dataset, member.config.training
    if dataset.crop:
        return training.epochs * training.epoch_size * dataset.crop
    return training.epochs * int(dataset.tokens.lengths[dataset.members("train")].sum())


def train_at_once(
    members: Sequence[Member],
    observer: MembersObserver,
    lanes: Lanes,
    *,
    resume: bool,
    seconds: float | None = None,
) -> tuple[list[TrainingResult], KeyboardInterrupt | None]:
    """Trains networks in other processes; see `seqnet.training.member_training.train_members`.

    Args:
        members: the networks.
        observer: receives progress and messages.
        lanes: how they share the threads.
        resume: whether to continue from the checkpoints.
        seconds: time for all of them; None for no limit.

    Raises:
        KeyboardInterrupt: the user stopped it before there was anything to return, or a second time.
        ResourceError: a process was killed, or can't be started.
        SeqnetError: see `seqnet.training.fit.train`.
    """
    fewest, most = min(lanes.threads), max(lanes.threads)
    each = counted(most, "threads") if fewest == most else f"{fewest} or {most} threads"
    observer.note(f"training {lanes.workers} networks at a time, each with {each}")
    stop, end = None, None if seconds is None else time.monotonic() + seconds
    with TemporaryDirectory(prefix="seqnet-") as folder, _Team(members, observer, lanes, Path(folder), end) as team:
        try:
            team.train(resume=resume)
            if left_out := len(members) - len(team.results()):
                observer.note(f"the time limit is reached; left out: {counted(left_out, 'networks')}")
        except KeyboardInterrupt as interruption:
            stop = interruption
            team.stop()
        runs = [stored_result(values, stop) for values in team.results()]
    if stop is not None and not runs:
        raise stop
    return runs, stop


class _Team:
    """The processes that train the networks; they end with the context.

    Args:
        members: the networks.
        observer: receives progress and messages.
        lanes: how they share the threads.
        folder: for temporary files.
        end: when the time is over, by `time.monotonic`; None for no limit.
    """

    def __init__(
        self, members: Sequence[Member], observer: MembersObserver, lanes: Lanes, folder: Path, end: float | None
    ) -> None:
        self._members, self._observer, self._lanes, self._end = members, observer, lanes, end
        self._observers: list[Observer] = [observer.member(member.label) for member in members]
        self._waiting, self._files = deque(lanes.order), MemberFiles(folder)
        self._events: SimpleQueue[tuple[WorkerProcess, Mapping[str, Any] | None]] = SimpleQueue()
        self._outcomes: dict[int, Mapping[str, Any]] = {}
        self._workers: list[WorkerProcess] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an error, a checkpoint that is being written is completed or removed; after a second signal, nothing is.
        grace = 0.0 if error is None or isinstance(error, KeyboardInterrupt) else _GRACE
        if grace:
            for worker in self._workers:
                worker.stop()
        for worker in self._workers:
            worker.end(grace)

    def train(self, *, resume: bool) -> None:
        """Trains all networks.

        Raises:
            KeyboardInterrupt: the user stopped it.
            SeqnetError: one of the networks can't be trained.
        """
        for index in range(self._lanes.workers):
            worker = WorkerProcess(self._files.folder, f"{index}.log", self._events, self._outcomes)
            self._workers.append(worker)
            self._give(worker, resume=resume)
        busy = len(self._workers)
        while busy:
            try:
                worker, message = self._events.get(timeout=_MOMENT)
            except Empty:
                continue
            self._take(worker, message)
            if message is None or message["kind"] not in FINAL:
                continue
            if self._waiting and (self._end is None or time.monotonic() < self._end):
                self._give(worker, resume=resume)
            else:
                worker.stop()
                busy -= 1

    def _give(self, worker: WorkerProcess, *, resume: bool) -> None:
        begun = len(self._members) - len(self._waiting)
        number = self._waiting.popleft()
        member = self._members[number]
        self._observer.note(member.title)
        job = {"member": self._files.write(number, member), "threads": self._lanes.threads[number], "resume": resume}
        if self._end is not None:
            # Each process gives the networks that it may still have an equal share of the time.
            rounds = -(-(len(self._waiting) + 1) // self._lanes.workers)
            job["time"] = {"end": self._end, "networks": rounds, "first": begun < self._lanes.workers}
        worker.give(number, job)

    def _take(self, worker: WorkerProcess, message: Mapping[str, Any] | None) -> None:
        """Shows a message of a process, or raises its error."""
        if message is None:
            if worker.number is not None and worker.number not in self._outcomes:
                member = self._members[worker.number]
                raise worker.failure(member.title, member.checkpoint is not None)
            return
        number = message["number"]
        if message["kind"] == "error":
            raise error_from(message) from RuntimeError(message["trace"])
        show_progress(message, self._observers[number])
        if message["kind"] == "result":  # of fewer epochs than planned, maybe
            config = self._members[number].config
            training = replace(config.training, epochs=len(message["rows"]))
            self._observers[number].begin(replace(config, training=training))

    def stop(self) -> None:
        """Stops the networks in training at their best epochs so far, and waits for that."""
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.wait()

    def results(self) -> list[Mapping[str, Any]]:
        """Returns the results of the networks that have one, in their order."""
        found = (self._outcomes.get(number) for number in range(len(self._members)))
        return [message for message in found if message is not None and message["kind"] == "result"]
