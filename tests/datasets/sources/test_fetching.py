from __future__ import annotations

import hashlib
import io
import json
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seqnet.core.errors import DownloadError, OutputError, SettingError
from seqnet.datasets.sources import RetryPolicy, Source, fetch
from seqnet.datasets.sources.partial_download import PartialDownload
from tests.datasets.sources.range_server import Served, serving

QUICK = RetryPolicy(retries=2, pause=0.01, longest_pause=0.02, timeout=5.0)
ONCE = replace(QUICK, retries=0)


def token_arrays(seed: int = 0, rows: int = 400) -> bytes:
    """Returns an npz of a few hundred kB, more than one piece of a transfer."""
    rng = np.random.default_rng(seed)
    file = io.BytesIO()
    np.savez(file, positives=rng.integers(1, 21, (rows, 50)), negatives=rng.integers(1, 21, (rows, 50)))
    return file.getvalue()


BODY = token_arrays()
HALF = len(BODY) // 2


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving(BODY) as server:
        yield server


@pytest.fixture
def source(served: Served) -> Source:
    return Source(
        name="tokens",
        title="some tokens",
        url=served.url,
        filename="tokens.npz",
        size=len(BODY),
        sha256=hashlib.sha256(BODY).hexdigest(),
        licence="none",
        citation="none",
        content="token-arrays",
    )


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "tokens.npz"


def left_over(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir() if path != target)


def interrupt(source: Source, target: Path, served: Served) -> None:
    """Creates a part file with half of the content."""
    served.drops = [HALF]
    with pytest.raises(DownloadError):
        fetch(source, target, retry=ONCE)
    served.ranges_asked.clear()


def test_a_download_is_whole_and_leaves_nothing_else(source: Source, target: Path) -> None:
    reports: list[tuple[int, int | None]] = []
    assert fetch(source, target, progress=lambda *report: reports.append(report), retry=ONCE) == target
    assert target.read_bytes() == BODY
    assert left_over(target) == []
    assert reports[0] == (0, len(BODY))
    assert reports[-1] == (len(BODY), len(BODY))
    assert len(reports) > 2
    assert reports == sorted(reports)


def test_redirects_are_followed(source: Source, target: Path, served: Served) -> None:
    fetch(source, target, url=served.url.replace("/file", served.redirect), retry=ONCE)
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("chunked", [False, True])
def test_without_a_length_the_size_in_the_table_is_the_total(
    source: Source, target: Path, served: Served, chunked: bool
) -> None:
    served.length, served.chunked = False, chunked
    reports: list[tuple[int, int | None]] = []
    fetch(source, target, progress=lambda *report: reports.append(report), retry=ONCE)
    fetch(replace(source, size=None), target, force=True, progress=lambda *report: reports.append(report))
    assert target.read_bytes() == BODY
    assert {total for _, total in reports} == {len(BODY), None}


def test_a_cut_connection_is_resumed_where_it_broke(source: Source, target: Path, served: Served) -> None:
    served.drops = [HALF, 70_000]
    fetch(source, target, retry=QUICK)
    assert target.read_bytes() == BODY
    assert served.ranges_asked == [None, f"bytes={HALF}-", f"bytes={HALF + 70_000}-"]


def test_every_gain_buys_new_tries(source: Source, target: Path, served: Served) -> None:
    served.drops = [50_000] * 5
    fetch(source, target, retry=replace(QUICK, retries=1))
    assert target.read_bytes() == BODY
    assert len(served.ranges_asked) == 6


def test_a_server_that_always_breaks_off_is_given_up(source: Source, target: Path, served: Served) -> None:
    served.ranges, served.drops = False, [HALF] * 10
    with pytest.raises(DownloadError, match=f"the connection broke after {HALF:,} of {len(BODY):,} bytes; run"):
        fetch(source, target, retry=QUICK)
    # The first try transfers half of the file, the two retries nothing.
    assert len(served.ranges_asked) == 1 + QUICK.retries


def test_the_next_call_continues_from_the_part(source: Source, target: Path, served: Served) -> None:
    interrupt(source, target, served)
    assert not target.exists()
    assert left_over(target) == ["tokens.npz.part", "tokens.npz.part.json"]
    reports: list[tuple[int, int | None]] = []
    fetch(source, target, progress=lambda *report: reports.append(report), retry=ONCE)
    assert target.read_bytes() == BODY
    assert left_over(target) == []
    assert served.ranges_asked == [f"bytes={HALF}-"]
    assert reports[0] == (HALF, len(BODY))


def test_the_date_is_the_validator_where_the_etag_is_weak(source: Source, target: Path, served: Served) -> None:
    served.etag, served.last_modified = 'W/"v1"', "Wed, 21 Oct 2015 07:28:00 GMT"
    interrupt(source, target, served)
    assert json.loads((target.parent / "tokens.npz.part.json").read_text())["validator"] == served.last_modified
    fetch(source, target, retry=ONCE)
    assert target.read_bytes() == BODY
    assert served.ranges_asked == [f"bytes={HALF}-"]


@pytest.mark.parametrize("if_range", [True, False])
def test_a_file_that_changed_meanwhile_is_started_anew(
    source: Source, target: Path, served: Served, if_range: bool
) -> None:
    interrupt(source, target, served)
    served.body, served.etag, served.if_range = token_arrays(seed=1), '"v2"', if_range
    fetch(replace(source, sha256=None), target, retry=QUICK)
    assert target.read_bytes() == served.body
    assert left_over(target) == []


def test_a_server_without_ranges_is_started_anew(source: Source, target: Path, served: Served) -> None:
    interrupt(source, target, served)
    served.ranges = False
    fetch(source, target, retry=ONCE)
    assert target.read_bytes() == BODY


def test_a_part_that_nothing_vouches_for_is_not_resumed(source: Source, target: Path, served: Served) -> None:
    served.etag = ""
    interrupt(source, target, served)
    assert left_over(target) == ["tokens.npz.part"]
    fetch(source, target, retry=ONCE)
    assert served.ranges_asked == [None]
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("note", ["", "{}", "[]", '{"url": "http://elsewhere.example/file", "validator": "\\"v1\\""}'])
def test_a_note_that_is_damaged_or_of_another_address_is_not_trusted(
    source: Source, target: Path, served: Served, note: str
) -> None:
    interrupt(source, target, served)
    (target.parent / "tokens.npz.part.json").write_text(note)
    fetch(source, target, retry=ONCE)
    assert served.ranges_asked == [None]
    assert target.read_bytes() == BODY


def test_a_part_that_is_complete_becomes_the_target(source: Source, target: Path, served: Served) -> None:
    interrupt(source, target, served)
    (target.parent / "tokens.npz.part").write_bytes(BODY)
    fetch(source, target, retry=ONCE)
    assert target.read_bytes() == BODY
    assert left_over(target) == []
    assert served.ranges_asked == [f"bytes={len(BODY)}-"]


def test_a_part_longer_than_the_file_is_started_anew(source: Source, target: Path, served: Served) -> None:
    interrupt(source, target, served)
    (target.parent / "tokens.npz.part").write_bytes(BODY + b"more")
    fetch(source, target, retry=QUICK)
    assert target.read_bytes() == BODY


def test_a_busy_server_is_tried_again(source: Source, target: Path, served: Served) -> None:
    served.statuses = [503, 503]
    fetch(source, target, retry=QUICK)
    assert target.read_bytes() == BODY
    assert len(served.ranges_asked) == 3


@pytest.mark.parametrize(
    ("status", "words", "requests"),
    [
        (404, "the server answers 404 Not Found; give another address with --url URL", 1),
        (403, "the server answers 403 Forbidden", 1),
        (503, "the server answers 503 Service Unavailable; try again later", 1 + QUICK.retries),
        (599, "the server answers 599;", 1),
    ],
)
def test_a_refusal_is_one_line(
    source: Source, target: Path, served: Served, status: int, words: str, requests: int
) -> None:
    served.statuses = [status] * 10
    with pytest.raises(DownloadError, match=words) as caught:
        fetch(source, target, retry=QUICK)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(served.url)
    assert len(served.ranges_asked) == requests
    assert left_over(target) == []


def test_a_wrong_checksum_removes_the_file_and_shows_both(source: Source, target: Path, served: Served) -> None:
    served.body = token_arrays(seed=1)
    found = hashlib.sha256(served.body).hexdigest()
    with pytest.raises(DownloadError, match=f"expected SHA-256 {source.sha256}, got {found}"):
        fetch(source, target, retry=ONCE)
    assert list(target.parent.iterdir()) == []


def test_a_web_page_in_place_of_the_file_is_refused(source: Source, target: Path, served: Served) -> None:
    served.body = b"<html>please log in</html>"
    with pytest.raises(DownloadError, match="this is not an npz file"):
        fetch(replace(source, sha256=None, size=None), target, retry=ONCE)
    assert list(target.parent.iterdir()) == []


def test_without_a_network_there_is_a_way_out(source: Source, target: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/tokens.npz"
    # A second try would wait for an hour.
    with pytest.raises(DownloadError, match=r"no connection to 127\.0\.0\.1.*--from-file PATH") as caught:
        fetch(source, target, url=url, retry=RetryPolicy(pause=3600, longest_pause=3600))
    assert caught.value.place == url
    assert "\n" not in str(caught.value)


def test_an_unknown_host_is_distinguished_from_a_silent_one(
    source: Source, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(DownloadError, match=r"the host data\.invalid is not known here"):
        fetch(source, target, url="http://data.invalid/tokens.npz", retry=QUICK)


def test_a_server_that_never_answers_times_out(source: Source, target: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/tokens.npz"
        with pytest.raises(DownloadError, match="no answer in time"):
            fetch(source, target, url=url, retry=replace(ONCE, timeout=0.1))


def test_the_proxy_of_the_environment_is_used(
    source: Source, target: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", served.url.removesuffix("/file").replace("://", "://user:secret@"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    fetch(source, target, url="http://data.invalid/file", retry=ONCE)
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("url", ["ftp://example.org/file", "/tmp/file", "http://", "http://[::1/file"])
def test_an_address_that_is_none_is_refused(source: Source, target: Path, url: str) -> None:
    with pytest.raises(SettingError, match="url"):
        fetch(source, target, url=url, retry=ONCE)


def test_an_existing_target_is_kept_unless_forced(source: Source, target: Path, served: Served) -> None:
    target.write_bytes(b"mine")
    with pytest.raises(OutputError, match="already exists"):
        fetch(source, target, retry=ONCE)
    assert (target.read_bytes(), served.ranges_asked) == (b"mine", [])
    fetch(source, target, force=True, retry=ONCE)
    assert target.read_bytes() == BODY


def test_a_target_that_fails_its_check_leaves_the_old_one(source: Source, target: Path, served: Served) -> None:
    target.write_bytes(b"mine")
    served.body = b"<html>"
    with pytest.raises(DownloadError):
        fetch(source, target, force=True, retry=ONCE)
    assert target.read_bytes() == b"mine"


def test_a_full_disk_is_the_disks_fault(source: Source, target: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(BODY) // 2, before[1]))
    try:
        with pytest.raises(OutputError, match="File too large; free some space") as caught:
            fetch(source, target, retry=QUICK)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.place == str(target)


def test_no_link_is_followed(source: Source, target: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for ending in (".part", ".part.json"):
        (target.parent / f"tokens.npz{ending}").symlink_to(victim)
    fetch(source, target, retry=QUICK)
    assert target.read_bytes() == BODY
    assert not target.is_symlink()
    assert victim.read_text() == "precious"


def test_a_local_copy_needs_no_network(source: Source, target: Path, tmp_path: Path, served: Served) -> None:
    interrupt(source, target, served)
    original = tmp_path / "copy.npz"
    original.write_bytes(BODY)
    fetch(source, target, from_file=original)
    assert target.read_bytes() == original.read_bytes() == BODY
    assert left_over(target) == ["copy.npz"]
    assert served.ranges_asked == []


def test_a_wrong_local_copy_is_refused_and_kept(source: Source, target: Path, tmp_path: Path) -> None:
    original = tmp_path / "copy.npz"
    original.write_bytes(token_arrays(seed=1))
    with pytest.raises(DownloadError, match=r"copy\.npz: this is not the published tokens\.npz: expected SHA-256"):
        fetch(source, target, from_file=original)
    assert left_over(target) == ["copy.npz"]
    assert not target.exists()


def test_a_missing_local_copy_is_an_error_of_the_file_system(source: Source, target: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fetch(source, target, from_file=tmp_path / "absent.npz")
    assert list(tmp_path.iterdir()) == []


def test_an_address_and_a_local_copy_exclude_each_other(source: Source, target: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="can't be combined with --from-file"):
        fetch(source, target, url=source.url, from_file=tmp_path / "copy.npz")


def test_two_downloads_of_one_file_at_once_do_not_mix(source: Source, target: Path, served: Served) -> None:
    served.pause = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(fetch, source, target, retry=ONCE)
        while not served.ranges_asked:
            time.sleep(0.01)
        with pytest.raises(OutputError, match=r"tokens\.npz: another process is downloading this file; wait until"):
            fetch(source, target, retry=ONCE)
        served.pause.set()
        first.result()
    assert target.read_bytes() == BODY
    assert left_over(target) == []
    assert served.ranges_asked == [None]


def test_the_lock_of_a_process_that_was_killed_is_gone(source: Source, target: Path, served: Served) -> None:
    served.pause = threading.Event()
    code = f"""
from pathlib import Path
from seqnet.datasets.sources import SOURCES, fetch
fetch(SOURCES["solubility"], Path({str(target)!r}), url={served.url!r})
"""
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        while not served.ranges_asked:
            time.sleep(0.01)
        process.kill()
    served.pause.set()
    fetch(source, target, retry=ONCE)
    assert target.read_bytes() == BODY
    assert left_over(target) == []


def test_a_local_copy_leaves_the_part_of_a_running_download(
    source: Source, target: Path, tmp_path: Path, served: Served
) -> None:
    interrupt(source, target, served)
    original = tmp_path / "copy.npz"
    original.write_bytes(BODY)
    with PartialDownload.of(target).locked() as free:
        assert free
        fetch(source, target, from_file=original)
        assert (tmp_path / "tokens.npz.part").stat().st_size == HALF


def test_a_file_of_another_length_is_not_downloaded(source: Source, target: Path, served: Served) -> None:
    served.body = BODY + b"more"
    message = f"this is not the published file: expected {len(BODY):,} bytes, the server has {len(BODY) + 4:,}"
    with pytest.raises(DownloadError, match=message):
        fetch(source, target, retry=ONCE)
    served.length = False
    with pytest.raises(DownloadError, match=f"expected {len(BODY):,} bytes, the server sends more"):
        fetch(source, target, retry=ONCE)
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("length", [True, False])
def test_a_body_has_a_bound(source: Source, target: Path, served: Served, length: bool) -> None:
    served.length = length
    unknown = replace(source, size=None)
    with pytest.raises(DownloadError, match=f"more than {HALF:,}; raise --max-size"):
        fetch(unknown, target, retry=replace(ONCE, max_size=HALF))
    assert list(target.parent.iterdir()) == []
    fetch(unknown, target, retry=replace(ONCE, max_size=len(BODY)))
    assert target.read_bytes() == BODY
