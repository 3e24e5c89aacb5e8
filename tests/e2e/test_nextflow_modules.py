"""The scripts of the Nextflow modules, run in bash with their values filled in, and their syntax.

Nextflow itself is not run.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml

from seqnet.cli.main import run
from tests.cli.running import PROTEINS, ROOT

MODULES = ROOT / "nextflow" / "modules" / "seqnet"
NAMES = ("predict", "train")


def script(name: str, section: str, values: Mapping[str, str]) -> str:
    """Returns a script of a module as Nextflow gives it to bash."""
    text = (MODULES / name / "main.nf").read_text(encoding="utf-8")
    found = re.search(rf'^    {section}:.*?"""\n(.*?)"""', text, re.MULTILINE | re.DOTALL)
    assert found is not None
    lines = [line.removeprefix("    ") for line in found[1].splitlines()]
    filled = re.sub(r"(?<!\\)\$\{([\w.]+)\}", lambda name: values[name[1]], "\n".join(lines))
    return filled.replace("\\\\", "\\").replace("\\$", "$")


def run_script(program: Path, name: str, section: str, values: Mapping[str, str], folder: Path) -> list[str]:
    """Runs a script of a module, and returns the names of the files that it wrote."""
    before = set(folder.iterdir())
    environment = os.environ | {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script(name, section, values)],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    versions = yaml.safe_load((folder / "versions.yml").read_text())
    assert re.fullmatch(r"\d+\.\d+.*", str(versions[values["task.process"]]["seqnet"]))
    return sorted(path.name for path in set(folder.iterdir()) - before)


def patterns(name: str) -> list[str]:
    """Returns the patterns of the output files, which main.nf and meta.yml must have in common."""
    described = yaml.safe_load((MODULES / name / "meta.yml").read_text(encoding="utf-8"))
    text = (MODULES / name / "main.nf").read_text(encoding="utf-8")
    outputs = re.findall(r'path\(?\s?"([^"]+)"\)?\s*, emit: (\w+)', text)
    assert [emit for _, emit in outputs] == list(described["output"])
    assert described["name"] == f"seqnet_{name}"
    return [pattern for pattern, _ in outputs]


def parsed(files: list[Path], folder: Path) -> subprocess.CompletedProcess[str]:
    """Parses files with Groovy, the language of Nextflow, without compiling them."""
    groovy, java = shutil.which("groovy"), shutil.which("java")
    if not groovy or not java:
        pytest.skip("there is no Groovy")
    program = folder / "parse.groovy"
    program.write_text(
        "import org.codehaus.groovy.control.*\n"
        "args.each { def one = new CompilationUnit(); one.addSource(new File(it)); one.compile(Phases.CONVERSION) }\n"
    )
    environment = {"JAVA_HOME": str(Path(java).resolve().parents[1])} | os.environ
    return subprocess.run([groovy, program, *files], env=environment, capture_output=True, text=True, check=False)


def test_modules_are_valid_groovy(tmp_path: Path) -> None:
    files = [*MODULES.glob("*/main.nf"), *MODULES.glob("*/tests/main.nf.test")]
    assert len(files) == 2 * len(NAMES)
    done = parsed(files, tmp_path)
    assert done.returncode == 0, done.stderr
    bad = tmp_path / "bad.nf"
    bad.write_text((MODULES / "train" / "main.nf").read_text(encoding="utf-8").replace("val(meta)", "val(meta"))
    assert "expecting ')'" in parsed([bad], tmp_path).stderr


@pytest.mark.timeout(300)
@pytest.mark.parametrize("section", ["script", "stub"])
def test_predict(section: str, program: Path, tmp_path: Path) -> None:
    (tmp_path / "proteins.fasta.gz").symlink_to(ROOT / PROTEINS)
    values = {
        "model": "solubility", "sequences": "proteins.fasta.gz", "args": "--quiet", "prefix": "sample",
        "task.cpus": "1", "task.process": "SEQNET_PREDICT",
    }  # fmt: skip
    names = run_script(program, "predict", section, values, tmp_path)
    assert names == ["sample.tsv.gz", "versions.yml"]
    assert all(any(fnmatchcase(name, pattern) for name in names) for pattern in patterns("predict"))
    if section == "script":
        assert gzip.decompress((tmp_path / "sample.tsv.gz").read_bytes()).count(b"\n") == 1501


@pytest.mark.timeout(300)
@pytest.mark.parametrize("section", ["script", "stub"])
def test_train(section: str, program: Path, tmp_path: Path) -> None:
    dataset = tmp_path / "dataset.safetensors"
    words = ["encode", str(ROOT / PROTEINS), "--label-regex", r"label=(\S+)", "--limit", "200"]
    assert run([*words, "-o", str(dataset)]) == 0
    values = {
        "dataset": "dataset.safetensors", "args": "--network dense --set epochs=1 --set baseline_records=0",
        "prefix": "sample", "task.cpus": "1", "task.process": "SEQNET_TRAIN",
    }  # fmt: skip
    names = run_script(program, "train", section, values, tmp_path)
    assert {"sample.model.safetensors", "sample.model.history.tsv", "sample.model.curves.svg"} <= set(names)
    for pattern in patterns("train"):
        assert sum(fnmatchcase(name, pattern) for name in names) == 1, pattern
