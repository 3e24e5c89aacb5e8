"""Training on several processes that torchrun or a cluster has started: the only module that uses torch.distributed.

Every process makes the same batches and keeps every N-th row. Gradients, batch statistics and metrics are those of the
whole batch, so that N processes train as one does.
"""

from __future__ import annotations

import gc
import itertools
import os
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from hashlib import sha256
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

# Its functions keep the group that there is when it is imported, and DistributedDataParallel imports it.
import torch.distributed.nn
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.distributed import PrefixStore, TCPStore  # type: ignore[attr-defined]
from torch.nn.parallel import DistributedDataParallel

from seqnet.core.durations import duration_text
from seqnet.core.errors import ResourceError, SettingError
from seqnet.core.launch import Launch
from seqnet.core.provenance import versions
from seqnet.nn.devices import choose_device
from seqnet.nn.layers import share_statistics
from seqnet.nn.networks import Classifier
from seqnet.training.processes import BatchPart, Processes

__all__ = ["first_to_fail", "process_group"]

_MOMENT = timedelta(seconds=5)
"""Time limit for reaching an existing store, and time for which the first process keeps the store for the others."""
_PAUSE = 0.05
"""Seconds between two checks of which processes have started."""
_HEAD_START = 0.5
"""Seconds that the first process has to report an error that all processes have."""
_LOST = ("gloo", "NCCL", "onnection closed", "onnection reset", "Timed out waiting", "Socket", "ProcessGroup")
"""Words of errors of a collective operation; gloo's have no type of their own."""

_losses: list[RuntimeError] = []
"""The errors by which this process has noticed that another one ended; the other one reports its error."""
_stores: list[TCPStore] = []
"""The store by which this process joins its groups; empty before the first one."""
_numbers = itertools.count()
"""Number of the next group: a program may train several times, and all its processes in the same order."""


class _SeveralProcesses(Processes):
    """The processes of a group that this one has joined.

    Args:
        launch: which process this is.
        device: that it computes on.
    """

    def __init__(self, launch: Launch, device: torch.device) -> None:
        self._rank, self.size, self.first = launch.rank, launch.size, launch.first
        self.seed = launch.rank << 53
        self._device = device
        self._idle = False

    def check(self, run: Sequence[object]) -> None:
        """See `Processes`."""
        text = "\n".join(map(str, [sorted(versions().items()), *run]))
        digest = sha256(text.encode()).digest()[:6]
        own = float(int.from_bytes(digest))  # 48 bits are exact in float64
        differs = torch.tensor(float(own != self.agreed([own])[0]), device=self._device)
        # All processes come to the same conclusion, so that none waits for those that stop.
        if float(self.summed(differs)):
            problem = "differ between the processes"
            raise SettingError("dataset, settings, versions or checkpoints", "", problem=problem)

    def wrapped(self, classifier: Classifier) -> nn.Module:
        """See `Processes`."""
        share_statistics(classifier, self._gathered)
        devices = [self._device] if self._device.type == "cuda" else None
        with warnings.catch_warnings():
            # The option has another name in PyTorch 2.13; both mean that buffers are not sent before every batch.
            warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated", FutureWarning)
            return DistributedDataParallel(classifier, device_ids=devices, broadcast_buffers=False)

    def release(self, classifier: Classifier) -> None:
        """See `Processes`."""
        share_statistics(classifier, None)

    def _gathered(self, own: Tensor) -> Tensor:
        """Returns the vectors (P, F) of all processes; zeros for one without rows."""
        places = torch.zeros(self.size, device=own.device)
        places[self._rank] = not self._idle
        total: Tensor = _Sum.apply(places[:, None] * own)  # type: ignore[no-untyped-call]
        return total

    def align(self, classifier: Classifier) -> None:
        """See `Processes`."""
        for tensor in classifier.state_dict().values():
            dist.broadcast(tensor, 0)

    def part(self, batch: tuple[Tensor, Tensor, Tensor], weights: Tensor | None) -> BatchPart:
        """See `Processes`."""
        rows = len(batch[2])
        self._idle = self._rank >= rows
        own = slice(0, 1) if self._idle else slice(self._rank, None, self.size)
        tokens, lengths, targets = (tensor[own].contiguous() for tensor in batch)
        if self._idle:
            return BatchPart(tokens, lengths, targets, rows, 0.0, 0.0)
        share = weight = len(targets) * self.size / rows
        if weights is not None and targets.dim() == 1:
            weight = float(weights[targets].double().sum() * self.size / weights[batch[2]].double().sum())
        return BatchPart(tokens, lengths, targets, rows, weight, share)

    def summed(self, value: Tensor) -> Tensor:
        """See `Processes`."""
        total = value.detach().clone()
        dist.all_reduce(total)
        return total

    def agreed(self, values: Sequence[float]) -> list[float]:
        """See `Processes`."""
        shared = torch.tensor(list(values), dtype=torch.float64, device=self._device)
        dist.broadcast(shared, 0)
        found: list[float] = shared.tolist()
        return found

    def scored(
        self, members: NDArray[np.int64], classes: int, score: Callable[[NDArray[np.int64]], NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """See `Processes`."""
        found = np.zeros((len(members), classes))
        if len(own := members[self._rank :: self.size]):
            found[self._rank :: self.size] = score(own)
        total: NDArray[np.float64] = self.summed(torch.from_numpy(found).to(self._device)).cpu().numpy()
        return total

    def clock(self) -> float:
        """See `Processes`."""
        return self.agreed([time.monotonic()])[0]


class _Sum(torch.autograd.Function):
    """The sum over processes; its gradient is the sum of the gradients, because each process uses the sum."""

    @staticmethod
    def forward(context: Any, value: Tensor) -> Tensor:
        """Returns the sum of `value`."""
        total = value.detach().clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:
        """Returns the gradient of `value`."""
        total = gradients[0].clone()
        dist.all_reduce(total)
        return total


@contextmanager
def process_group(launch: Launch, device: str, wait: float) -> Iterator[tuple[Processes, torch.device]]:
    """Yields the processes that train together, and the device of this one.

    Args:
        launch: which process this is.
        device: see `seqnet.nn.devices.choose_device`; `auto` and `cuda` are another GPU for each process of a machine.
        wait: seconds to wait for a process that has not started, or does not answer.

    Raises:
        ResourceError: a process did not start, ended, or does not answer.
        SettingError: this machine does not have the device, or has too few of it.
    """
    number = next(_numbers)
    if dist.is_initialized():
        problem = "this process is in a group of torch.distributed that seqnet has not made"
        raise ResourceError("", problem, "call torch.distributed.destroy_process_group before the training")
    place = _own_device(device, launch)
    store = PrefixStore(f"group/{number}", _meet(launch, wait, number))
    backend, limit = "nccl" if place.type == "cuda" else "gloo", timedelta(seconds=wait)
    clean = False
    try:
        dist.init_process_group(backend, store=store, rank=launch.rank, world_size=launch.size, timeout=limit)
        yield _SeveralProcesses(launch, place), place
        clean = True
    except BaseException as error:
        _release(error)
        if not isinstance(error, RuntimeError) or not any(word in str(error) for word in _LOST):
            raise
        _losses.append(error)
        problem = f"another process of this training ended, or did not answer for {duration_text(wait)}"
        raise ResourceError("", problem, "see its messages; continue with --resume") from error
    finally:
        # NCCL may wait for processes that have ended.
        if dist.is_initialized() and (clean or backend == "gloo"):
            dist.destroy_process_group()


def _release(error: BaseException) -> None:
    """Frees the network that the frames of an error hold.

    It keeps the group, whose open connections other processes would wait at.
    """
    traceback.clear_frames(error.__traceback__)
    gc.collect()


def _own_device(name: str, launch: Launch) -> torch.device:
    """Returns the device of this process.

    Raises:
        SettingError: this machine does not have it, or has too few of it.
    """
    if name == "mps" or (name.startswith("cuda:") and launch.local_size > 1):
        raise SettingError("device", name, problem=f"can't be {name} with several processes; use auto, cuda or cpu")
    device = torch.device("cpu") if name == "auto" and not torch.cuda.is_available() else choose_device(name)
    if device.type == "cuda" and device.index is None:
        count = torch.cuda.device_count()
        if launch.local_rank >= count:
            problem = f"{name}: this machine has fewer GPUs ({count}) than processes ({launch.local_rank + 1})"
            raise SettingError("device", name, problem=f"{problem}; start one process for each GPU, or use cpu")
        device = torch.device("cuda", launch.local_rank)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    return device


def _meet(launch: Launch, wait: float, number: int) -> TCPStore:
    """Returns the store once all processes of the group of that number have reached it.

    Raises:
        ResourceError: one did not start in time.
    """
    end = time.monotonic() + wait
    place = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
    try:
        if not _stores:
            _stores.append(_store(launch, timedelta(seconds=wait), server=launch.first and not _has_agent()))
        store = _stores[0]
        store.set_timeout(timedelta(seconds=wait))
        store.set(f"joined/{number}/{launch.rank}", "")
    except (dist.DistError, RuntimeError, ValueError) as error:
        problem = f"the first process can't be reached within {duration_text(wait)}"
        if launch.first:
            problem = f"processes can't meet there ({str(error).splitlines()[0]})"
        raise ResourceError(place, problem, "check MASTER_ADDR and MASTER_PORT") from error
    names = [f"joined/{number}/{rank}" for rank in range(launch.size)]
    while not store.check(names) and time.monotonic() < end:  # `wait` would print warnings of its own
        time.sleep(_PAUSE)
    if store.check(names):
        return store
    missing = [rank + 1 for rank, name in enumerate(names) if not store.check([name])]
    which = ", ".join(map(str, missing))
    problem = f"process {which} of {launch.size} did not start within {duration_text(wait)}"
    raise ResourceError("", problem, "check that all machines run the same command, or increase --wait")


def _has_agent() -> bool:
    """Returns whether torchrun keeps the store, which then outlives the processes."""
    return os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"


def _store(launch: Launch, timeout: timedelta, *, server: bool) -> TCPStore:
    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    return TCPStore(host, port, launch.size, is_master=server, timeout=timeout, wait_for_workers=False)


def first_to_fail(launch: Launch) -> bool:
    """Returns whether this process is the first of its group that fails, and so reports the error for all."""
    if launch.size == 1:
        return True
    time.sleep(_HEAD_START * ((not launch.first) + 2 * len(_losses)))
    with suppress(dist.DistError, RuntimeError, ValueError, OSError):
        if not _stores and _has_agent():
            _stores.append(_store(launch, _MOMENT, server=False))
        if _stores:
            _stores[0].set_timeout(_MOMENT)
            first = bool(_stores[0].add("failed", 1) == 1)
            if launch.first and not _has_agent():
                _outlive(_stores[0], launch.size)
            return first
    # Without a store, no other process can know.
    return launch.first or bool(_stores)


def _outlive(store: TCPStore, size: int) -> None:
    """Keeps the store, which ends with this process, for a moment, until all processes have noted their failure."""
    end = time.monotonic() + _MOMENT.total_seconds()
    while store.add("failed", 0) < size and time.monotonic() < end:
        time.sleep(_PAUSE)
