from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import seqnet
from seqnet.core import version


def version_of(folder: Path) -> str:
    """Returns the version that the copy of the package in a folder says it has."""
    words = [sys.executable, "-c", "import seqnet; print(seqnet.__version__, seqnet.__file__)"]
    done = subprocess.run(
        words, cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=True
    )
    found, _, file = done.stdout.strip().partition(" ")
    assert Path(file).is_relative_to(folder)
    return found


def copied(folder: Path) -> Path:
    """Copies what the version needs of the package to a folder, and returns the copy of `seqnet/core`."""
    source, core = Path(seqnet.__file__).parent, folder / "seqnet" / "core"
    core.mkdir(parents=True)
    shutil.copy(source / "__init__.py", core.parent)
    for name in ("__init__.py", "version.py"):
        shutil.copy(source / "core" / name, core)
    return core


def test_a_build_settles_the_version(tmp_path: Path) -> None:
    core = copied(tmp_path)
    (core / "_version.py").write_text('__version__ = "7.8.9.post1.dev3+gabc"\n')
    assert version_of(tmp_path) == "7.8.9.post1.dev3+gabc"


def test_source_code_that_was_never_built_has_a_version(tmp_path: Path) -> None:
    copied(tmp_path)
    assert version_of(tmp_path) == "0.1.0"


def test_the_version_is_part_of_the_api_and_costs_little() -> None:
    assert seqnet.__version__ == version.__version__
    program = "import sys, seqnet\nseqnet.__version__\nprint('importlib.metadata' in sys.modules, len(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd=Path(seqnet.__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("False ")
