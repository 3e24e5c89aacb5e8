"""The process that reads a file for another process: `SubprocessReader` starts it and reads its standard output.

All messages are pickled: first the name of the format, then a `ReadPart` for each batch and one for the end. A
`Fault` may replace any message.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Thread
from typing import BinaryIO

from seqnet.configs.readers import ReadOptions
from seqnet.core.arrow import hide_pandas
from seqnet.core.errors import ResourceError, SeqnetError
from seqnet.readers.opening import open_here
from seqnet.readers.subprocess_reader import Fault, ReadPart

_NO_THREAD = "can't start new thread"
"""What Python says if the system starts no more threads."""


def _messages(path: str, options: ReadOptions) -> Iterator[object]:
    """Yields the messages about a file."""
    try:
        with open_here(path, options, ahead=True) as reader:
            yield reader.format
            for batch in reader:
                yield ReadPart(batch, Counter(reader.skipped), reader.notes, reader.passed)
            yield ReadPart(None, reader.skipped, reader.notes, reader.passed)
    except (SeqnetError, OSError, MemoryError) as error:
        yield Fault(error, f"in the process that reads {path}:\n{traceback.format_exc()}")


def _hand_over(message: object, sink: BinaryIO) -> None:
    pickle.dump(message, sink, protocol=5)
    sink.flush()


def _end_with_parent() -> None:
    """Ends this process immediately when the parent process has ended."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)


def _hand_over_all(path: str, options: ReadOptions, sink: BinaryIO) -> None:
    """Hands over all messages about a file. One batch waits to be taken while the next one is read."""
    with ThreadPoolExecutor(1) as pool:
        waiting: Future[None] | None = None
        for message in _messages(path, options):
            if waiting:
                waiting.result()
            waiting = pool.submit(_hand_over, message, sink)
        if waiting:
            waiting.result()


def _main(path: str, options: str) -> None:
    hide_pandas()  # pyarrow would load it for a table, which takes a third of a second and 60 MB
    # Output of libraries must not get between the messages.
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with open(output, "wb") as sink, suppress(BrokenPipeError):  # the parent process has ended
        try:
            Thread(target=_end_with_parent, daemon=True).start()
            _hand_over_all(path, ReadOptions.from_dict(json.loads(options)), sink)
        except RuntimeError as error:
            if _NO_THREAD not in str(error):
                raise
            refused = ResourceError(path, "the system starts no more threads", "raise the limit (ulimit -u)")
            _hand_over(Fault(refused, traceback.format_exc()), sink)


if __name__ == "__main__":
    _main(*sys.argv[1:])
