"""The manual pages in man/."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seqnet.cli.main import COMMANDS

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "man").glob("*.1"))


def test_they_are_in_step_with_the_program() -> None:
    words = [sys.executable, str(ROOT / "scripts" / "manpages.py"), "--check"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert {page.stem for page in PAGES} == {"seqnet", *(f"seqnet-{name}" for name in COMMANDS)}


@pytest.mark.skipif(not shutil.which("groff"), reason="there is no groff")
def test_they_are_set_without_warnings_and_nothing_is_lost() -> None:
    for page in PAGES:
        words = ["groff", "-man", "-Tutf8", "-ww", str(page)]
        done = subprocess.run(
            words, capture_output=True, text=True, check=True, env={**os.environ, "GROFF_NO_SGR": "1"}
        )
        assert done.stderr == ""
    words = ["groff", "-man", "-Tascii", "-P-c", "-P-b", "-P-u", str(ROOT / "man" / "seqnet-encode.1")]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "seqnet encode proteins.fasta.gz --label-regex 'label=(\\S+)' -o proteins.safetensors" in text
    assert "'^(\\w+)_'" in text
    assert "SEQNET_ENCODE_NAME" in text
