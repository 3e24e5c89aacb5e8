"""Modules that exist only on Unix may be missing: the package can still be imported and works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WITHOUT = """
import os, signal, sys
sys.modules["fcntl"] = None
for name in ("SIGALRM", "SIGPIPE", "setitimer", "ITIMER_REAL"):
    delattr(signal, name)
for name in ("O_NOFOLLOW", "O_NONBLOCK"):
    delattr(os, name)
from seqnet.__main__ import main
main()
"""
"""The program on a system with neither locks nor timers."""


def seqnet(*words: str | Path) -> subprocess.CompletedProcess[str]:
    words = ("-c", WITHOUT, *map(str, words))
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("reader_process", ["never", "always"])
def test_ten_reads_are_predicted_without_locks_and_timers(tmp_path: Path, reader_process: str) -> None:
    reads = tmp_path / "reads.fa"
    reads.write_text("".join(f">r{number}\n{'ACGTTGCA' * 5}\n" for number in range(10)))
    words = ["predict", "human-dna", str(reads), "--reader-process", reader_process]
    done = seqnet(*words)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 11), done.stderr
    written = seqnet(*words, "-o", tmp_path / "out.tsv")
    assert written.returncode == 0, written.stderr
    assert (tmp_path / "out.tsv").read_text() == done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.tsv", "reads.fa"]


def test_without_locks_no_part_is_taken_for_a_stale_one(tmp_path: Path) -> None:
    reads = tmp_path / "reads.fa"
    reads.write_text(">r\nACGTTGCAACGTTGCA\n")
    part = tmp_path / ".out.tsv.0123456789abcdef.part"
    part.write_text("of somebody else")
    done = seqnet("predict", "human-dna", reads, "-o", tmp_path / "out.tsv")
    assert done.returncode == 0, done.stderr
    assert part.read_text() == "of somebody else"
