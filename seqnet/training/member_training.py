"""Trains networks, one after the other, or several at the same time in separate processes."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from seqnet.core.printable import counted
from seqnet.training.concurrent_members import Lanes, train_at_once
from seqnet.training.fit import TrainingResult, train
from seqnet.training.members import Member
from seqnet.training.observer import MembersObserver, Observer
from seqnet.training.processes import ALONE, Processes
from seqnet.training.time_limit import OutOfTimeError, TimedObserver, TimeLimit

__all__ = ["train_members"]


def train_members(
    members: Sequence[Member],
    observer: MembersObserver,
    *,
    device: torch.device,
    resume: bool,
    seconds: float | None = None,
    processes: Processes = ALONE,
) -> tuple[list[TrainingResult], KeyboardInterrupt | None]:
    """Trains all members, and returns their results in order, and the interruption if they were stopped early.

    Args:
        members: the networks.
        observer: receives progress and messages.
        device: device for the computation.
        resume: whether to continue from the checkpoints.
        seconds: time for all of them; members that do not fit into it are left out. None for no limit.
        processes: those that train together.

    Raises:
        KeyboardInterrupt: the user stopped it before there was anything to return.
        SeqnetError: see `seqnet.training.fit.train`.
    """
    if device.type == "cpu" and processes.size == 1:
        lanes = Lanes.of(members, torch.get_num_threads(), timed=seconds is not None)
        if lanes.workers > 1:
            return train_at_once(members, observer, lanes, resume=resume, seconds=seconds)
    limit = None if seconds is None else TimeLimit(seconds, len(members), processes.clock)
    return _train_in_turn(members, observer, device, limit, processes, resume=resume)


def _train_in_turn(
    members: Sequence[Member],
    observer: Observer,
    device: torch.device,
    limit: TimeLimit | None,
    processes: Processes,
    *,
    resume: bool,
) -> tuple[list[TrainingResult], KeyboardInterrupt | None]:
    """Trains one member after the other; see `train_members`."""
    runs: list[TrainingResult] = []
    watching = observer if limit is None else TimedObserver(observer, limit)
    for number, member in enumerate(members):
        if member.title:
            observer.note(member.title)
        if limit is not None:
            limit.begin(number)
        try:
            run = train(member.job(device, resume=resume, limit=limit, processes=processes), watching)
        except OutOfTimeError:
            observer.note(f"the time limit is reached; left out: {counted(len(members) - len(runs), 'networks')}")
            return runs, None
        except KeyboardInterrupt as stop:
            # Before its first epoch a member has no result, but those before it have one.
            if not runs or processes.size > 1:
                raise
            return runs, stop
        runs.append(run)
        if run.interruption:
            return runs, run.interruption
    return runs, None
