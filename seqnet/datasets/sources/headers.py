"""What the headers of an answer say of the file that it has."""

from __future__ import annotations

import re

import urllib3

__all__ = ["content_length", "content_range", "sent_validator"]


def sent_validator(response: urllib3.BaseHTTPResponse) -> str | None:
    """Returns what tells this version of the file from others; a weak ETag does not (RFC 9110, section 13.1.5)."""
    tag = response.headers.get("ETag")
    return tag if tag is not None and not tag.startswith("W/") else response.headers.get("Last-Modified")


def content_range(response: urllib3.BaseHTTPResponse) -> tuple[int | None, int | None]:
    """Returns (first byte, bytes in all) of `Content-Range`, each None where it is not said."""
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)", response.headers.get("Content-Range", "").strip())
    first, total = match.groups() if match else (None, None)
    return (None if first is None else int(first)), (None if total is None else int(total))


def content_length(response: urllib3.BaseHTTPResponse) -> int | None:
    """Returns the bytes that the answer says it has."""
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None
