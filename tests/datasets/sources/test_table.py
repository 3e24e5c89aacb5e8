from __future__ import annotations

import re
import subprocess
import sys

import pytest

from seqnet.core.errors import SettingError
from seqnet.datasets.sources import CONTENTS, SOURCES, find_source


@pytest.mark.parametrize("name", list(SOURCES))
def test_a_source_has_address_licence_and_citation(name: str) -> None:
    row = find_source(name)
    assert row.name == name
    assert re.fullmatch(r"https://\S+", row.url)
    assert row.url.endswith("/" + row.filename)
    assert "doi:10." in row.citation
    assert row.licence
    assert row.sha256 is None or re.fullmatch("[0-9a-f]{64}", row.sha256)
    assert callable(CONTENTS.load(row.content))


def test_an_unknown_source_names_the_valid_ones() -> None:
    with pytest.raises(SettingError, match="human-reads, solubility"):
        find_source("mouse-reads")


def test_the_table_is_there_without_heavy_imports() -> None:
    program = (
        "import sys, seqnet.datasets.sources\n"
        "heavy = {'numpy', 'urllib3', 'pysam', 'torch'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
