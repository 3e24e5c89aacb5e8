"""Download of one file over HTTP, with resuming and retries.

The bytes are stored as sent (`Accept-Encoding: identity`, no decoding). A BAM is already compressed, and some servers
declare this compression as a transfer encoding.
"""

from __future__ import annotations

import time
import urllib.request
from http import HTTPStatus

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util import Retry, make_headers, parse_url

from seqnet import __version__
from seqnet.core.errors import DownloadError, OutputError, SettingError
from seqnet.core.printable import counted
from seqnet.datasets.sources.headers import content_length, content_range, sent_validator
from seqnet.datasets.sources.partial_download import PartialDownload
from seqnet.datasets.sources.retries import ProgressCallback, RetryPolicy

__all__ = ["transfer"]

_PIECE = 1 << 16
_ADDRESS = "an address such as https://example.org/file"
_ELSEWHERE = "download this address on another machine and give the file with --from-file PATH"
_OTHER_PLACE = "give another address with --url URL, or a local copy with --from-file PATH"

# urllib3 follows redirects only. Other failures are handled by the loop in `transfer`, which knows the bytes so far.
_RETRY = Retry(total=None, connect=False, read=False, other=False, status=0, redirect=10)

_PASSING = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)

# The first matching row is used, so subclasses come before their base classes.
_NO_CONNECTION: tuple[tuple[type[HTTPError], str], ...] = (
    (NameResolutionError, "the host {host} is not known here (is there a network?)"),
    (NewConnectionError, "there is no connection to {host} (is there a network?)"),
    (ConnectTimeoutError, "the host {host} does not answer (is there a network?)"),
    (ProxyError, "the proxy for {host} can't be reached"),
    (SSLError, "there is no secure connection to {host}"),
)


class _PassingError(Exception):
    """A failure that may be temporary.

    Attributes:
        error: error to raise if it is not temporary.
        connected: whether there was a connection.
    """

    def __init__(self, error: DownloadError, *, connected: bool = True) -> None:
        super().__init__(str(error))
        self.error = error
        self.connected = connected


def transfer(
    url: str, partial: PartialDownload, *, expected: int | None, progress: ProgressCallback, retry: RetryPolicy
) -> None:
    """Downloads the file at `url` into `partial` until it is complete.

    Args:
        url: HTTP or HTTPS address.
        partial: the unfinished file; after an error it has the bytes so far.
        expected: total bytes, if known; if the server reports another size, it has another file.
        progress: called with (bytes so far, total bytes or None).
        retry: retries, time-outs and maximum size.

    Raises:
        DownloadError: the server can't be reached, refuses the request, or breaks off too often.
        OutputError: the file can't be written.
        SettingError: the address is not valid.
    """
    try:
        parts = parse_url(url)
    except LocationValueError as error:
        raise SettingError("url", url, _ADDRESS) from error
    if parts.scheme not in ("http", "https") or not parts.host:
        raise SettingError("url", url, _ADDRESS)
    furthest, failures, connected = partial.size, 0, False
    with _pool(parts.scheme, parts.host) as pool:
        while True:
            try:
                return _try_once(pool, url, partial, expected, progress, retry)
            except _PassingError as failure:
                connected = connected or failure.connected
                failures = 1 if partial.size > furthest else failures + 1
                furthest = max(furthest, partial.size)
                # If nothing has ever answered, there is probably no network, and retrying would only delay this
                # message.
                if failures > retry.retries or not connected:
                    raise failure.error from failure
                time.sleep(retry.delay(failures))


def _pool(scheme: str, host: str) -> urllib3.PoolManager:
    """Returns a connection pool that uses the proxy of the environment for this scheme and host, if any."""
    proxy = urllib.request.getproxies().get(scheme)
    if not proxy or urllib.request.proxy_bypass(host):
        return urllib3.PoolManager()
    login = parse_url(proxy).auth
    return urllib3.ProxyManager(proxy, proxy_headers=make_headers(proxy_basic_auth=login) if login else None)


def _try_once(
    pool: urllib3.PoolManager,
    url: str,
    partial: PartialDownload,
    expected: int | None,
    progress: ProgressCallback,
    retry: RetryPolicy,
) -> None:
    """Requests the missing bytes and appends them to the file.

    Raises:
        _PassingError: the transfer broke off.
        DownloadError, OutputError, SettingError: see `transfer`.
    """
    validator = partial.validator(url)
    start = partial.size if validator is not None else 0
    response = _request(pool, url, start, validator, retry.timeout)
    try:
        if response.status == HTTPStatus.OK:
            start, total = 0, content_length(response)
            _check_size(url, total, expected, retry.max_size)
            _empty(partial, url, sent_validator(response))
        elif start and _goes_on(response, start, validator):
            total = content_range(response)[1]
        elif start and response.status in (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
            _empty(partial, url, None)
            raise _outdated(url, "what was here of it no longer fits")
        else:
            raise _refusal(url, response.status)
        progress(start, total or expected)
        if response.status != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            _append(response, url, partial, total or expected, progress, retry.max_size)
        if total is not None and (size := partial.size) != total:
            _empty(partial, url, None)
            raise _outdated(url, f"there are {counted(size, 'bytes')} of a file of {total:,}")
    finally:
        response.close()


def _outdated(url: str, problem: str) -> _PassingError:
    return _PassingError(DownloadError(url, problem, "run the same command again"))


def _check_size(url: str, total: int | None, expected: int | None, most: int) -> None:
    """Checks the size of a file before it is downloaded.

    Raises:
        DownloadError: the size is not the expected one, or is too large.
    """
    if total is not None and expected is not None and total != expected:
        raise _another_file(url, f"the server has {total:,}", expected)
    if total is not None and total > most:
        raise _too_long(url, total, most)


def _another_file(url: str, found: str, expected: int) -> DownloadError:
    return DownloadError(
        url, f"this is not the published file: expected {counted(expected, 'bytes')}, {found}", _OTHER_PLACE
    )


def _too_long(url: str, size: int, most: int) -> DownloadError:
    return DownloadError(url, f"the file has at least {size:,} bytes, more than {most:,}", "raise --max-size")


def _request(
    pool: urllib3.PoolManager, url: str, start: int, validator: str | None, timeout: float
) -> urllib3.BaseHTTPResponse:
    """Returns the response to a request for the bytes from `start`; its body is not read yet.

    Raises:
        _PassingError: there is no response.
        DownloadError: there are too many redirects.
        SettingError: the address is not valid.
    """
    headers = {"Accept-Encoding": "identity", "User-Agent": f"seqnet/{__version__}"}
    if start and validator is not None:
        headers |= {"Range": f"bytes={start}-", "If-Range": validator}
    try:
        return pool.request(
            "GET", url, headers=headers, timeout=timeout, retries=_RETRY, preload_content=False, decode_content=False
        )
    except LocationValueError as error:
        raise SettingError("url", url, _ADDRESS) from error
    except MaxRetryError as error:
        raise DownloadError(url, "too many redirects", _OTHER_PLACE) from error
    except HTTPError as error:
        raise _unreached(url, error) from error


def _unreached(url: str, error: HTTPError) -> _PassingError:
    """Returns the error for a request without a response."""
    for kind, words in _NO_CONNECTION:
        if isinstance(error, kind):
            problem = words.format(host=parse_url(url).host)
            return _PassingError(DownloadError(url, problem, _ELSEWHERE), connected=False)
    problem = "no answer in time" if isinstance(error, ReadTimeoutError) else "the connection broke before an answer"
    return _PassingError(DownloadError(url, problem, f"try again later, or {_ELSEWHERE}"))


def _refusal(url: str, status: int) -> Exception:
    """Returns the error for a response that is not a file: a temporary or a final one."""
    known = status in {item.value for item in HTTPStatus}
    problem = f"the server answers {status} {HTTPStatus(status).phrase if known else ''}".rstrip()
    if status in _PASSING:
        return _PassingError(DownloadError(url, problem, f"try again later; or {_OTHER_PLACE}"))
    return DownloadError(url, problem, _OTHER_PLACE)


def _goes_on(response: urllib3.BaseHTTPResponse, start: int, validator: str | None) -> bool:
    """Returns whether the response continues after the `start` bytes so far, or says that they are complete."""
    sent = sent_validator(response)
    if sent is not None and sent != validator:
        return False
    first, total = content_range(response)
    if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return total == start
    return response.status == HTTPStatus.PARTIAL_CONTENT and first == start


def _empty(partial: PartialDownload, url: str, validator: str | None) -> None:
    """Empties the file to start again.

    Raises:
        OutputError: the file can't be written.
    """
    try:
        partial.begin(url, validator)
    except OSError as error:
        raise _unwritable(partial, error) from error


def _append(
    response: urllib3.BaseHTTPResponse,
    url: str,
    partial: PartialDownload,
    total: int | None,
    progress: ProgressCallback,
    most: int,
) -> None:
    """Appends the body to the file.

    Raises:
        _PassingError: the transfer broke off; the bytes so far are kept.
        DownloadError: the body is longer than expected, or than the maximum size.
        OutputError: the file can't be written.
    """
    try:
        with partial.append() as file:
            for piece in response.stream(_PIECE, decode_content=False):
                size = file.tell() + len(piece)
                if total is not None and size > total:
                    raise _another_file(url, "the server sends more", total)
                if size > most:
                    raise _too_long(url, size, most)
                file.write(piece)
                progress(file.tell(), total)
    except DownloadError:
        partial.discard()
        raise
    except HTTPError as error:
        share = f"{partial.size:,} of {total:,} bytes" if total else counted(partial.size, "bytes")
        raise _PassingError(
            DownloadError(url, f"the connection broke after {share}", "run the same command again")
        ) from error
    except OSError as error:
        raise _unwritable(partial, error) from error


def _unwritable(partial: PartialDownload, error: OSError) -> OutputError:
    problem = f"this can't be written: {error.strerror or error}"
    return OutputError(str(partial.target), problem, "free some space, then run the same command again")
