"""What packages, recipes, images and lists of versions say is the same everywhere."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import jinja2
import pytest
import yaml

from seqnet.core import version
from tests.cli.running import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

CONDA_NAMES = {"isal": "python-isal", "matplotlib": "matplotlib-base", "torch": "pytorch", "xxhash": "python-xxhash"}
"""Package on the Python index → its name in conda, where that is another one."""


def recipe() -> dict[str, Any]:
    text = (ROOT / "packaging" / "bioconda" / "meta.yaml").read_text(encoding="utf-8")
    words = {"PYTHON": "python", "pin_subpackage": lambda name, max_pin: f"{name} {max_pin}"}
    found = yaml.safe_load(jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(text).render(words))
    assert isinstance(found, dict)
    return found


def conda(requirements: Sequence[str]) -> list[str]:
    """Returns requirements such as `torch>=2.6` as conda writes them, sorted."""
    parts = [re.split(r"(?=[<>=])", requirement, maxsplit=1) for requirement in requirements]
    return sorted(f"{CONDA_NAMES.get(name, name)} {bounds}" for name, bounds in parts)


def galaxy_version() -> str | None:
    tokens = ElementTree.parse(ROOT / "galaxy" / "macros.xml").getroot().findall("token")
    return {token.get("name"): token.text for token in tokens}["@TOOL_VERSION@"]


def fallback_version() -> str:
    text = (ROOT / "seqnet" / "core" / "version.py").read_text(encoding="utf-8")
    (found,) = re.findall(r'__version__ = "(.+)"', text)
    return str(found)


def test_the_recipe_has_the_dependencies_of_the_package() -> None:
    python = f"python {PROJECT['project']['requires-python']}"
    assert sorted(recipe()["requirements"]["run"]) == sorted([python, *conda(PROJECT["project"]["dependencies"])])
    build = ["pip", python, *conda(PROJECT["build-system"]["requires"])]
    assert sorted(recipe()["requirements"]["host"]) == sorted(build)


def test_the_conda_environment_has_the_dependencies_of_the_package() -> None:
    found = yaml.safe_load((ROOT / "environment.yaml").read_text(encoding="utf-8"))
    assert sorted(found["dependencies"]) == sorted(["pip", *recipe()["requirements"]["run"]])
    assert found["channels"] == ["conda-forge", "bioconda"]  # the order that bioconda asks for


def test_the_recipe_has_what_bioconda_asks_for() -> None:
    found = recipe()
    assert found["build"]["noarch"] == "python"
    assert found["build"]["number"] == 0
    assert found["build"]["run_exports"] == ["seqnet x.x"]
    assert found["build"]["entry_points"] == [f"seqnet = {PROJECT['project']['scripts']['seqnet']}"]
    assert found["about"]["license"] == PROJECT["project"]["license"]
    assert (ROOT / found["about"]["license_file"]).is_file()
    assert found["about"]["summary"] == PROJECT["project"]["description"]
    assert found["test"]["commands"]
    assert re.fullmatch("[0-9a-f]{64}", found["source"]["sha256"])


def test_all_files_have_the_same_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d\S*)\] - (\S+)$", changes, re.MULTILINE)
    assert {
        "CITATION.cff": citation["version"],
        "CHANGELOG.md": released[0][0],
        "macros.xml": galaxy_version(),
        "meta.yaml": recipe()["package"]["version"],
        "pyproject.toml": PROJECT["tool"]["hatch"]["version"]["fallback-version"],
    } == dict.fromkeys(
        ["CITATION.cff", "CHANGELOG.md", "macros.xml", "meta.yaml", "pyproject.toml"], fallback_version()
    )
    assert str(citation["date-released"]) == released[0][1]
    assert version.__version__.startswith(fallback_version())


@pytest.mark.parametrize("path", sorted(ROOT.glob(".github/**/*.yml")), ids=lambda path: path.name)
def test_the_files_of_the_forge_are_read(path: Any) -> None:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    for job in found.get("jobs", {}).values():
        targets = re.findall(r"\bmake ([a-z-]+)", str(job))
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert [target for target in targets if f"\n{target}:" not in makefile] == []
        for extras in re.findall(r"\.\[([a-z,]+)\]", str(job)):
            assert set(extras.split(",")) <= set(PROJECT["project"]["optional-dependencies"])


def test_every_supported_python_is_tested() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8"))["jobs"]
    tested = jobs["tests"]["strategy"]["matrix"]
    named = [line.rpartition(" ")[2] for line in PROJECT["project"]["classifiers"] if ":: 3." in line]
    assert tested["python"] == named
    assert f">={named[0]}" == PROJECT["project"]["requires-python"]
    assert len(tested["system"]) == 3


def test_images_run_as_a_user_and_their_programs_start_with_seqnet() -> None:
    docker = (ROOT / "packaging" / "Dockerfile").read_text(encoding="utf-8")
    last = docker.rpartition("\nFROM ")[2]
    assert "-slim\n" in last
    assert re.search(r"^USER [1-9]\d*$", last, re.MULTILINE)
    assert 'ENTRYPOINT ["seqnet"]' in last
    apptainer = (ROOT / "packaging" / "seqnet.def").read_text(encoding="utf-8")
    sections = re.findall(r"^%(\w+)", apptainer, re.MULTILINE)
    assert sections == ["files", "post", "files", "environment", "runscript", "test", "labels"]
    assert 'exec seqnet "$@"' in apptainer


def test_classes_of_click_have_no_argument() -> None:
    """They are generic in newer versions of click only."""
    found = []
    for path in sorted((ROOT / "seqnet").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases = [base for base in node.bases if isinstance(base, ast.Subscript)]
                found += [f"{path}: {node.name}" for base in bases if ast.unparse(base).startswith("click.")]
    assert found == []
