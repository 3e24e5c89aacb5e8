"""The process that trains networks for another process: `python -m seqnet.training.worker FOLDER`.

In: jobs, a line of JSON each, through standard input. It trains one network after the other. Out: their progress and
their results, through standard output (`worker_messages`). If standard input ends, the parent has ended: the process
removes the folder of temporary files and ends, too. Signals from a terminal are for the parent, which asks this
process to stop. Then the network in training stops at its best epoch so far.
"""

from __future__ import annotations

import _thread
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, NoReturn

import torch

from seqnet.configs.run import RunConfig
from seqnet.core.memory import keep_freed_memory
from seqnet.nn.devices import silence_warnings
from seqnet.training.fit import TrainingResult, train
from seqnet.training.history import EpochRow
from seqnet.training.member_files import stored_member, write_result
from seqnet.training.observer import Observer
from seqnet.training.time_limit import OutOfTimeError, TimedObserver, TimeLimit
from seqnet.training.worker_messages import decoded, encoded, epoch_message, error_message

_CPU = torch.device("cpu")

Message = Mapping[str, Any]


class _Requests:
    """What the parent has sent.

    Args:
        folder: temporary files, which are removed if the parent has ended.

    Attributes:
        jobs: networks to train.
        stopped: whether the process is to stop.
    """

    def __init__(self, folder: Path) -> None:
        self.jobs: SimpleQueue[Message] = SimpleQueue()
        self.stopped = False
        self._folder, self._lock, self._training = folder, Lock(), False
        Thread(target=self._receive, daemon=True).start()

    def _receive(self) -> None:
        for line in sys.stdin.buffer:
            message = decoded(line)
            if message["kind"] == "train":
                self.jobs.put(message)
                continue
            with self._lock:
                self.stopped = True
                if self._training:
                    _thread.interrupt_main()
                else:
                    self.jobs.put(message)
        self.end()

    def end(self) -> NoReturn:
        """Ends the process immediately after its parent."""
        shutil.rmtree(self._folder, ignore_errors=True)
        os._exit(0)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Within this, the request to stop raises KeyboardInterrupt in the main thread."""
        with self._lock:
            if self.stopped:
                raise KeyboardInterrupt
            self._training = True
        try:
            yield
        finally:
            with self._lock:
                self._training = False


class _Sender:
    """An observer that sends the progress of a network.

    Args:
        send: sends a message.
        requests: know whether to stop.
    """

    def __init__(self, send: Callable[[Message], None], requests: _Requests) -> None:
        self._send, self._requests = send, requests

    def begin(self, config: RunConfig) -> None:
        """See `Observer`."""
        self._send({"kind": "begin", "config": config.to_dict()})

    def note(self, text: str) -> None:
        """See `Observer`."""
        self._send({"kind": "note", "text": text})

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        """See `Observer`."""
        if self._requests.stopped:  # Python drops an exception that is raised within a destructor.
            raise KeyboardInterrupt
        self._send({"kind": "step", "values": [epoch, done, steps, loss]})

    def epoch(self, row: EpochRow, best: bool) -> None:
        """See `Observer`."""
        self._send(epoch_message(row, best))


def _trained(job: Message, observer: Observer, requests: _Requests) -> TrainingResult | None:
    """Returns the result of a network; None if it was stopped before it had one.

    Raises:
        OutOfTimeError: the time was over before it had a result.
    """
    member, result = stored_member(job["member"]), None
    torch.set_num_threads(job["threads"])
    limit = _limit(job.get("time"))
    if limit is not None:
        observer = TimedObserver(observer, limit)
    try:
        with requests.interruptible():
            result = train(member.job(_CPU, resume=job["resume"], limit=limit), observer)
    except KeyboardInterrupt:
        pass
    return result


def _limit(job: Message | None) -> TimeLimit | None:
    """Returns the limit of the time of a network: when it ends, and how many networks share what is left of it."""
    if job is None:
        return None
    first: bool = job["first"]  # only such a network has an epoch in any case
    # The clock is that of the machine, and the same in the parent.
    limit = TimeLimit(job["end"] - time.monotonic(), job["networks"] + (not first))
    limit.begin(int(not first))
    return limit


def _outcome(job: Message, send: Callable[[Message], None], requests: _Requests, folder: Path) -> Message:
    """Trains a network and returns the last message about it."""
    try:
        result = _trained(job, _Sender(send, requests), requests)
        return (
            {"kind": "stopped"} if result is None else {"kind": "result", **write_result(folder, job["number"], result)}
        )
    except OutOfTimeError:
        return {"kind": "late"}
    except Exception as error:
        return error_message(error)


def _main(folder: Path) -> None:
    # Output of libraries must not get between the messages.
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGINT, signal.default_int_handler)  # raised by this process alone; see `worker_process`
    keep_freed_memory()
    silence_warnings()
    requests = _Requests(folder)
    with open(output, "wb") as sink:
        while not requests.stopped:
            job = requests.jobs.get()
            if job["kind"] != "train":
                break

            def send(message: Message, number: int = job["number"]) -> None:
                try:
                    sink.write(encoded({"number": number, **message}))
                    sink.flush()
                except BrokenPipeError:
                    requests.end()

            send(_outcome(job, send, requests, folder))
    os._exit(0)  # Python itself would wait for the thread that reads standard input.


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
