"""A mapped file that is cut gives one line with its name, and exit code 1."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from seqnet.cli.main import run

START = """
import os, sys, threading
from pathlib import Path
import numpy as np
from seqnet.core.mapping import map_file, watch_mapped_files

watch_mapped_files()
path = Path(sys.argv[1])
mapped, check_whole = map_file(path, "make it again")
data = np.frombuffer(mapped, np.uint8)
os.truncate(path, 100)
"""

READINGS = {
    "sum": "data.sum()",
    "rows": "data[np.arange(1_000_000)]",
    "bytes": "mapped[:]",
    "thread": "t = threading.Thread(target=data.sum); t.start(); t.join(); print('went on')",
    "beside": (
        "work = lambda: [sum(range(1000)) for _ in range(10**6)]\n"
        "threading.Thread(target=work, daemon=True).start(); data.sum()"
    ),
}


@pytest.mark.skipif(sys.platform == "win32", reason="a mapped file can't be cut there")
@pytest.mark.parametrize("reading", READINGS)
def test_reading_behind_the_new_end_is_one_line(tmp_path: Path, reading: str) -> None:
    path = tmp_path / "d.safetensors"
    path.write_bytes(bytes(4_000_000))
    words = [sys.executable, "-c", START + READINGS[reading], str(path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"seqnet: error: {path}: the file was truncated while it was read; make it again\n"


COMMAND = """
import os, sys
import seqnet.core.containers, seqnet.datasets.dataset
seqnet.core.containers._COPIED = 0
whole = seqnet.datasets.dataset.dataset_of

def cut(path, container):
    found = whole(path, container)
    if str(path) == sys.argv[-1]:
        os.truncate(path, 5000)
    return found

seqnet.datasets.dataset.dataset_of = cut
from seqnet.__main__ import main
main()
"""


@pytest.mark.parametrize("command", [["audit"], ["evaluate", "human-dna"]])
def test_a_dataset_that_is_cut_while_a_command_reads_it_is_one_line(
    program: Path, tmp_path: Path, command: list[str]
) -> None:
    reads = str(Path(__file__).parent.parent.parent / "data" / "simulated_reads.bam")
    path = tmp_path / "d.safetensors"
    assert run(["encode", "--class", f"human={reads}", "--class", "random=@uniform", "-o", str(path)]) == 0
    done = subprocess.run([program, "-c", COMMAND, *command, path], capture_output=True, text=True, timeout=100)
    assert done.returncode == 1, done.stderr
    said = done.stderr.splitlines()[-1]
    assert said.startswith(f"seqnet: error: {path}: the file was truncated while it was read; "), done.stderr
    assert "Traceback" not in done.stderr
