"""A file server on 127.0.0.1 that supports Range and If-Range, and misbehaves on request."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """Content, misbehaviour and requests of the server.

    Attributes:
        body: the file.
        etag: its ETag; empty for none.
        last_modified: its Last-Modified; empty for none.
        drops: for each coming response, the bytes after which the connection is cut; None for a complete response.
        statuses: for each coming response, a status to send instead of the file.
        ranges: whether Range is supported.
        if_range: whether If-Range is supported.
        length: whether the response has its length.
        chunked: whether the response is sent in chunks.
        pause: event to wait for before half of the body is sent; None for no pause.
        redirect: path that redirects to the file.
        ranges_asked: the Range header of each request, or None.
    """

    body: bytes
    etag: str = '"v1"'
    last_modified: str = ""
    drops: list[int | None] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    ranges: bool = True
    if_range: bool = True
    length: bool = True
    chunked: bool = False
    pause: threading.Event | None = None
    redirect: str = "/moved"
    ranges_asked: list[str | None] = field(default_factory=list)
    url: str = ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: Served

    def log_message(self, format: str, *args: object) -> None:
        """Suppresses the log."""

    def do_GET(self) -> None:
        served = self.served
        self.close_connection = True
        self.connection.settimeout(10)
        served.ranges_asked.append(self.headers["Range"])
        if served.statuses:
            return self.answer(served.statuses.pop(0), b"sorry", {})
        if self.path == served.redirect:
            return self.answer(302, b"", {"Location": "/file"})
        validators = {"ETag": served.etag, "Last-Modified": served.last_modified}
        headers = {name: value for name, value in validators.items() if value}
        start = self.start_asked()
        if start is None:
            return self.answer(200, served.body, headers)
        if start >= len(served.body):
            return self.answer(416, b"", headers | {"Content-Range": f"bytes */{len(served.body)}"})
        span = f"bytes {start}-{len(served.body) - 1}/{len(served.body)}"
        return self.answer(206, served.body[start:], headers | {"Content-Range": span})

    def start_asked(self) -> int | None:
        asked, condition = self.headers["Range"], self.headers["If-Range"]
        changed = condition not in (None, self.served.etag, self.served.last_modified)
        if asked is None or not self.served.ranges or (changed and self.served.if_range):
            return None
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        served = self.served
        drop = served.drops.pop(0) if served.drops and status in (200, 206) else None
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if served.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif served.length:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        sent = body if drop is None else body[:drop]
        with suppress(ConnectionError):  # the client may have closed the connection
            self.send(sent, whole=drop is None)

    def send(self, sent: bytes, *, whole: bool) -> None:
        served = self.served
        if served.chunked:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(sent), sent) + (b"0\r\n\r\n" if whole else b""))
        elif served.pause:
            self.wfile.write(sent[: len(sent) // 2])
            served.pause.wait(10)
            self.wfile.write(sent[len(sent) // 2 :])
        else:
            self.wfile.write(sent)


@contextmanager
def serving(body: bytes) -> Iterator[Served]:
    """Yields a server that has `body` at `url`."""
    served = Served(body)
    handler = type("ServedHandler", (Handler,), {"served": served})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        served.url = f"http://127.0.0.1:{server.server_port}/file"
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
