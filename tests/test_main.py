"""`python -m seqnet` is the program."""

from __future__ import annotations

import subprocess
import sys

import seqnet


def test_the_module_is_the_program() -> None:
    done = subprocess.run([sys.executable, "-m", "seqnet", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert seqnet.__version__ in done.stdout
