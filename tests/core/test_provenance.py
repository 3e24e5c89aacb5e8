from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from pysam.version import __version__ as pysam_version

import seqnet
from seqnet.core.provenance import InputHashes, file_hash, versions


def test_a_hash_is_that_of_the_standard_library(tmp_path: Path) -> None:
    content = bytes(range(256)) * 1000
    (tmp_path / "x").write_bytes(content)
    assert file_hash(tmp_path / "x") == hashlib.sha256(content).hexdigest()
    (tmp_path / "empty").touch()
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert file_hash(tmp_path / "empty") == nothing
    stop = threading.Event()
    assert file_hash(tmp_path / "x", stop) == hashlib.sha256(content).hexdigest()
    stop.set()
    assert file_hash(tmp_path / "x", stop) == nothing


def test_each_input_is_listed_once_in_the_order_given(tmp_path: Path) -> None:
    for name in "ba":
        (tmp_path / name).write_text(name)
    paths = [str(tmp_path / "b"), str(tmp_path / "a"), str(tmp_path / "b")]
    with InputHashes(paths) as hashes:
        found = hashes.collect()
    assert found == [
        {"path": paths[0], "sha256": hashlib.sha256(b"b").hexdigest()},
        {"path": paths[1], "sha256": hashlib.sha256(b"a").hexdigest()},
    ]


def test_a_stream_has_no_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    # `-` is stdin, not a file with this name.
    Path("-").write_text("not standard input")
    with InputHashes(["-", "pipe", "missing"]) as hashes:
        found = hashes.collect()
    assert found == [{"path": path, "sha256": None} for path in ("-", "pipe", "missing")]


def test_a_file_that_can_not_be_read_is_an_operating_system_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").touch()

    def fail(path: Path, stop: threading.Event) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("seqnet.core.provenance.file_hash", fail)
    with InputHashes([str(tmp_path / "x")]) as hashes, pytest.raises(PermissionError, match="Permission denied"):
        hashes.collect()


def test_an_error_while_reading_does_not_wait_for_the_hashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        (tmp_path / name).touch()
    started = threading.Event()
    hashed: list[str] = []

    def slow(path: Path, stop: threading.Event) -> str:
        started.set()
        assert stop.wait(10), "nobody said that the hash is of no use any more"
        hashed.append(path.name)
        return ""

    monkeypatch.setattr("seqnet.core.provenance.file_hash", slow)
    before = threading.enumerate()

    def fail_early() -> None:
        with InputHashes([str(tmp_path / "a"), str(tmp_path / "b")]):
            started.wait(10)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_early()
    # The first was stopped, the second never started.
    assert hashed == ["a"]
    assert set(threading.enumerate()) <= set(before)


def test_versions_are_those_of_what_runs() -> None:
    found = versions()
    assert found["seqnet"] == seqnet.__version__
    assert (found["numpy"], found["pysam"]) == (np.__version__, pysam_version)
    # The version of the installed package may lack the device of the build.
    assert found["torch"].partition("+")[0] == torch.__version__.partition("+")[0]
