from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from seqnet.datasets.sources import SOURCES
from tests.cli.running import READS, ROOT, Runner


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server for the folder `served`."""
    (tmp_path / "served").mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_the_list_has_size_licence_and_citation(cli: Runner) -> None:
    outcome = cli("download", "list")
    assert outcome.out == cli("download").out
    for source in SOURCES.values():
        for fact in (source.name, source.licence, source.citation, source.url):
            assert fact in outcome.out
    assert "2,384,379 bytes" in outcome.out


def test_a_download_is_something_that_encode_takes(server: str, tmp_path: Path, cli: Runner) -> None:
    (tmp_path / "served" / "reads.bam").write_bytes(Path(READS).read_bytes())
    outcome = cli("download", "human-reads", "--url", f"{server}/reads.bam", "-o", tmp_path / "got")
    assert outcome.code == 0, outcome.err
    path = Path(outcome.out.strip())
    assert path == tmp_path / "got" / SOURCES["human-reads"].filename
    assert path.read_bytes() == Path(READS).read_bytes()
    assert cli("encode", "--class", f"x={path}", "--class", "r=@uniform", "-o", tmp_path / "d").code == 0
    again = cli("download", "human-reads", "--url", f"{server}/reads.bam", "-o", tmp_path / "got")
    assert again.code == 1
    assert "already exists" in again.err


def test_what_is_not_the_source_is_not_kept(server: str, tmp_path: Path, cli: Runner) -> None:
    np.savez(tmp_path / "served" / "other.npz", positives=np.ones((2, 3)), negatives=np.ones((2, 3)))
    outcome = cli("download", "solubility", "--url", f"{server}/other.npz", "-o", tmp_path / "got")
    assert outcome.code == 1
    assert outcome.err.splitlines()[-1].startswith(f"seqnet: error: {server}/other.npz: this is not the")
    assert not (tmp_path / "got").exists()


def test_without_a_connection_the_error_names_from_file(tmp_path: Path, cli: Runner) -> None:
    outcome = cli("download", "solubility", "--url", "http://127.0.0.1:9/x.npz", "-o", tmp_path)
    assert outcome.code == 1
    assert "--from-file" in outcome.err.splitlines()[-1]


def test_from_file(tmp_path: Path, cli: Runner) -> None:
    outcome = cli("download", "human-reads", "--from-file", READS, "-o", tmp_path)
    assert outcome.code == 0
    assert (tmp_path / SOURCES["human-reads"].filename).read_bytes() == Path(READS).read_bytes()


def test_an_unknown_source(cli: Runner) -> None:
    outcome = cli("download", "nonsense")
    assert outcome.code == 1
    assert "one of human-reads, solubility" in outcome.err


def test_a_checksum_is_printed_and_can_be_required(server: str, tmp_path: Path, cli: Runner) -> None:
    content = Path(READS).read_bytes()
    (tmp_path / "served" / "reads.bam").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    words = ("download", "human-reads", "--url", f"{server}/reads.bam", "-o", tmp_path / "got", "--force")
    outcome = cli(*words)
    assert f"not checked: the SHA-256 of this source is not known; this file has {len(content):,} bytes" in outcome.err
    assert digest in outcome.err
    outcome = cli(*words, "--sha256", digest.upper())
    assert (outcome.code, f"checked: SHA-256 {digest}" in outcome.err) == (0, True)
    outcome = cli(*words, "--sha256", "0" * 64)
    assert outcome.code == 1
    assert f"expected SHA-256 {'0' * 64}, got {digest}" in outcome.err
    assert cli(*words, "--sha256", "abc").err.startswith(
        "seqnet: error: --sha256 must be 64 hexadecimal digits, not 'abc'"
    )
    assert cli("download", "human-reads", "solubility", "--sha256", digest).code == 2


def test_the_size_of_a_file_can_be_limited(server: str, tmp_path: Path, cli: Runner) -> None:
    shutil.copy(ROOT / "tests" / "data" / "header_only.bam", tmp_path / "served" / "reads.bam")
    outcome = cli("download", "human-reads", "--url", f"{server}/reads.bam", "--max-size", "10", "-o", tmp_path / "x")
    assert outcome.code == 1
    assert "more than 10; raise --max-size" in outcome.err
