"""Readers of HTTP response headers that describe the file."""

from __future__ import annotations

import re

import urllib3

__all__ = ["content_length", "content_range", "sent_validator"]


def sent_validator(response: urllib3.BaseHTTPResponse) -> str | None:
    """Returns the validator of the file's version; a weak ETag can't be one (RFC 9110, section 13.1.5)."""
    tag = response.headers.get("ETag")
    return tag if tag is not None and not tag.startswith("W/") else response.headers.get("Last-Modified")


def content_range(response: urllib3.BaseHTTPResponse) -> tuple[int | None, int | None]:
    """Returns (first byte, total bytes) of `Content-Range`, each None if not given."""
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)", response.headers.get("Content-Range", "").strip())
    first, total = match.groups() if match else (None, None)
    return (None if first is None else int(first)), (None if total is None else int(total))


def content_length(response: urllib3.BaseHTTPResponse) -> int | None:
    """Returns the number of bytes of the response; None if not given."""
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None
