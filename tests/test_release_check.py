"""The parts of scripts/release_check.py that need no network; `make release-check` runs all of it."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from scripts import release_check
from scripts.release_check import ReleaseError

PROJECT = {
    "requires-python": ">=3.11",
    "dependencies": ["numpy>=1.26", "Jinja2>=3.1", "scikit_learn>=1.4"],
    "optional-dependencies": {"tune": ["optuna>=4,<6"], "export": ["onnx>=1.16", "numpy>=1.26"]},
}


def test_the_oldest_supported_versions_are_the_lower_bounds() -> None:
    assert release_check.bounds(PROJECT["dependencies"]) == {"numpy": "1.26", "jinja2": "3.1", "scikit-learn": "1.4"}
    assert release_check.bounds(["optuna>=4,<6"]) == {"optuna": "4"}
    with pytest.raises(ReleaseError, match="the dependency rich has no lower bound"):
        release_check.bounds(["rich"])


def test_what_only_extras_need_must_not_come_with_the_core() -> None:
    assert release_check.only_in_extras(PROJECT) == {"optuna", "onnx"}


def test_environments_have_the_oldest_and_the_newest_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_check, "interpreters", lambda least: {13: "new", 11: "old", 12: "between"})
    oldest, newest = release_check.environments(PROJECT, ["oldest", "newest"])
    assert (oldest.python, oldest.constraints["numpy"]) == ("old", "1.26")
    assert (newest.python, newest.constraints) == ("new", {})


def test_only_interpreters_that_run_and_are_new_enough_are_found() -> None:
    own = sys.version_info.minor
    found = release_check.interpreters(own)
    assert own in found
    assert min(found) == own
    assert release_check.interpreters(own + 50) == {}


def wheel(folder: Path, names: list[str]) -> Path:
    path = folder / "seqnet-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return path


def test_a_wheel_has_the_needed_files_and_the_package_alone(tmp_path: Path) -> None:
    names = ["seqnet/py.typed", "seqnet/models/human-dna.safetensors", "seqnet-1.dist-info/METADATA"]
    release_check.check_wheel(wheel(tmp_path, names), names)
    with pytest.raises(ReleaseError, match=r"seqnet-1-py3-none-any\.whl has no seqnet/models/human-dna\.safetensors"):
        release_check.check_wheel(wheel(tmp_path, names[:1]), names[:2])
    pages = "seqnet-1.data/data/share/man/man1/"
    release_check.check_wheel(wheel(tmp_path, [*names, f"{pages}seqnet.1"]), [*names, "man/seqnet.1"])
    with pytest.raises(ReleaseError, match=r"has no seqnet-1\.data/data/share/man/man1/seqnet-train\.1"):
        release_check.check_wheel(wheel(tmp_path, [*names, f"{pages}seqnet.1"]), [*names, "man/seqnet-train.1"])
    with pytest.raises(ReleaseError, match=r"has no seqnet-1\.data/data/share/man/man1/seqnet\.1"):
        release_check.check_wheel(wheel(tmp_path, [*names, "man/seqnet.1"]), [*names, "man/seqnet.1"])
    with pytest.raises(ReleaseError, match=r"man1/other\.1, which is not part of the package"):
        release_check.check_wheel(wheel(tmp_path, [*names, f"{pages}other.1"]), names)
    with pytest.raises(ReleaseError, match=r"has tests/conftest\.py, which is not part of the package"):
        release_check.check_wheel(wheel(tmp_path, [*names, "tests/conftest.py"]), names)


def test_data_files_are_models_presets_templates_and_manual_pages() -> None:
    found = release_check.data_files()
    assert {
        "seqnet/models/human-dna.safetensors",
        "seqnet/py.typed",
        "seqnet/configs/presets/dna-cnn.toml",
        "man/seqnet-train.1",
    } <= set(found)
    assert not [path for path in found if path.endswith(".py")]


def test_the_last_lines_of_a_failed_program_are_shown() -> None:
    with pytest.raises(ReleaseError, match=r"(?s)exit code 3 of .*\nwhy$"):
        release_check.run([sys.executable, "-c", "print('why'); raise SystemExit(3)"])
