"""Runs a command in a process that `server.py` forks: as `python -m seqnet WORDS`, without the imports.

    python -I -S tests/warm/client.py SOCKET WORDS...

It gives the command its arguments, folder, environment and open files, passes signals on to it, and ends as it does.
It imports only what is small and built in, because it is started for each command.
"""

from __future__ import annotations

import _socket
import array
import marshal
import os
import signal
import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, NoReturn

STATUS = struct.Struct("i")
_LENGTH = struct.Struct("Q")
_MOST_FILES = 64


def received_exactly(connection: _socket.socket, count: int) -> bytes:
    """Returns so many bytes of a connection; raises EOFError where it ends before."""
    found = b""
    while len(found) < count:
        piece = connection.recv(count - len(found))
        if not piece:
            raise EOFError
        found += piece
    return found


def received_request(connection: _socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Returns a request and the files that came with it."""
    files = array.array("i")
    start, extra, _, _ = connection.recvmsg(1, _socket.CMSG_SPACE(_MOST_FILES * files.itemsize))
    if not start:
        raise EOFError
    for _, _, data in extra:
        files.frombytes(data[: len(data) - len(data) % files.itemsize])
    (length,) = _LENGTH.unpack(received_exactly(connection, _LENGTH.size))
    return marshal.loads(received_exactly(connection, length)), files.tolist()


def open_files() -> list[int]:
    """Returns the numbers of the open files that the command is to have."""
    found = []
    for name in os.listdir("/dev/fd"):
        try:
            inherited = os.get_inheritable(int(name))
        except OSError:  # the folder itself, which is closed
            continue
        if inherited:
            found.append(int(name))
    return found


def main(path: str, words: list[str]) -> NoReturn:
    """Sends the request, and ends as the command does."""
    files = open_files()
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.connect(path)

    def pass_on(number: int, frame: FrameType | None) -> None:
        connection.sendall(bytes([number]))

    mask = os.umask(0)
    os.umask(mask)
    request = marshal.dumps(
        {"words": words, "folder": os.getcwd(), "mask": mask, "environment": dict(os.environ), "files": files}
    )
    connection.sendmsg([b"+"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", files))])
    connection.sendall(_LENGTH.pack(len(request)) + request)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, pass_on)
    for file in files:
        if not os.isatty(file):  # so that pipes end with the command; a terminal hangs up if nobody has it
            os.close(file)
    try:
        (code,) = STATUS.unpack(received_exactly(connection, STATUS.size))
    except EOFError:
        code = 1
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
