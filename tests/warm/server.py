"""Commands of tests, each in a process of its own that need not import PyTorch first: that takes seconds.

    python -m tests.warm.server SOCKET

It loads what the commands import and forks for each request of `client.py`. The process that it forks has the
arguments, folder, environment and open files of the client, and runs the program from its entry point, or with `-c` a
text as Python does. It ends with the client. The server ends at the end of its standard input. Not for tests of
start-up, memory or limits.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

from tests.warm.client import STATUS, received_exactly, received_request

PACKAGES = (
    "matplotlib.backends.backend_svg", "matplotlib.figure", "numpy", "pysam", "scipy.optimize", "scipy.stats", "torch",
    "torch._dynamo",
)  # fmt: skip
WITHOUT_PANDAS = ("sklearn.ensemble", "sklearn.linear_model", "sklearn.metrics")
"""What the commands import that takes long; not pandas and pyarrow, which they import in a way of their own."""
FREE = 100
"""The first number for the files of a client until they get their own."""


def run_request(request: dict[str, Any], files: list[int]) -> NoReturn:
    """Turns this process into that of a command, and runs it."""
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    import fcntl

    moved = [fcntl.fcntl(file, fcntl.F_DUPFD, FREE) for file in files]
    os.closerange(0, FREE)
    for file, place in zip(moved, request["files"], strict=True):
        os.dup2(file, place)
        os.close(file)
    for place, name in enumerate(("stdin", "stdout", "stderr")):
        if place not in request["files"]:
            setattr(sys, name, None)
            setattr(sys, f"__{name}__", None)
    os.chdir(request["folder"])
    os.umask(request["mask"])
    os.environ.clear()
    os.environ.update(request["environment"])
    words: list[str] = request["words"]
    if words[:1] == ["-c"]:
        sys.argv = ["-c", *words[2:]]
        exec(compile(words[1], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = ["seqnet", *words]
        from seqnet.__main__ import main

        main()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    os._exit(0)


class Server:
    """The listening socket, and the running commands with their clients."""

    def __init__(self, path: str) -> None:
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(path)
        self.listening.listen(64)
        self.clients: dict[int, socket.socket] = {}
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listening, selectors.EVENT_READ)
        self.selector.register(0, selectors.EVENT_READ)
        self.woken, writing = os.pipe()
        for end in (self.woken, writing):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        self.selector.register(self.woken, selectors.EVENT_READ)

    def serve(self) -> None:
        """Answers until standard input ends."""
        while True:
            for key, _ in self.selector.select():
                if key.fd == 0:
                    for process in self.clients:
                        os.kill(process, signal.SIGKILL)
                    return
                if key.fd == self.woken:
                    with suppress(BlockingIOError):
                        os.read(self.woken, 4096)
                    self.report_ended()
                elif key.fileobj is self.listening:
                    self.begin(self.listening.accept()[0])
                elif key.data in self.clients:
                    self.pass_on(key.data)

    def begin(self, client: socket.socket) -> None:
        """Forks for a request."""
        try:
            request, files = received_request(client)
        except EOFError:  # the client was killed
            client.close()
            return
        process = os.fork()
        if not process:
            try:
                client.close()
                self.listening.close()
                signal.set_wakeup_fd(-1)
                run_request(request, files)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        for file in files:
            os.close(file)
        self.clients[process] = client
        self.selector.register(client, selectors.EVENT_READ, process)

    def pass_on(self, process: int) -> None:
        """Sends the signal of a client to its command; kills the command of a client that has ended."""
        try:
            number = received_exactly(self.clients[process], 1)[0]
        except (EOFError, ConnectionError):
            self.selector.unregister(self.clients[process])
            number = signal.SIGKILL
        os.kill(process, number)

    def report_ended(self) -> None:
        """Sends the state of commands that have ended to their clients."""
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                process, status = found
                client = self.clients.pop(process)
                with suppress(KeyError):  # its client has ended
                    self.selector.unregister(client)
                with suppress(OSError):
                    client.sendall(STATUS.pack(os.waitstatus_to_exitcode(status)))
                client.close()


def main(path: str) -> None:
    """Loads the program, says so, and serves."""
    from seqnet.core.arrow import hide_pandas
    from seqnet.core.processors import limit_spinning

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal, which the tests mind
    limit_spinning(os.environ)
    for package in PACKAGES:
        import_module(package)
    hide_pandas()  # which sklearn would import, and pyarrow with it
    hiding = sys.meta_path[0]
    for package in WITHOUT_PANDAS:
        import_module(package)
    sys.meta_path.remove(hiding)
    server = Server(path)
    gc.collect()
    gc.freeze()
    print("ready", flush=True)
    server.serve()


if __name__ == "__main__":
    main(sys.argv[1])
