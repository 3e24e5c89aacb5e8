"""Trainings of a script that write files, beside those of the command."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import seqnet
from seqnet.cli.main import run
from seqnet.core.errors import OutputError, SettingError, UnknownSettingError
from seqnet.core.provenance import file_hash
from seqnet.models.bundles import open_bundle, write_bundle
from tests.building import planted, saved
from tests.groups import ROOT

# So few records and epochs leave a network that knows one class, which is a warning.
pytestmark = pytest.mark.filterwarnings("ignore:the model predicts no record:seqnet.SeqnetWarning")

SETTINGS: dict[str, Any] = {"epochs": 2, "filters": [4], "kernels": [5], "pools": [2], "baseline_records": 0}
QUICK: dict[str, Any] = {"network": "cnn", "settings": SETTINGS, "seed": 3, "device": "cpu", "threads": 1}
WORDS = [word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")]
COMMAND = ["--network", "cnn", *WORDS, "--seed", "3", "--device", "cpu", "--threads", "1"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset in a file."""
    return saved(planted(), tmp_path_factory.mktemp("data") / "d.safetensors").path


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the command writes: one network, two networks, and a cross-validation."""
    folder = tmp_path_factory.mktemp("command")
    report = ["--report", f"{folder}/members.html"]
    for name, more in (("one", []), ("members", ["--members", "2", *report]), ("folds", ["--folds", "3"])):
        assert run(["train", str(data), *COMMAND, *more, "-o", f"{folder}/{name}.safetensors"]) == 0
    return folder


def without_command(model: Path, folder: Path) -> bytes:
    """Returns a model file as it is without the command line."""
    bundle = open_bundle(model)
    write_bundle(folder / "bare", replace(bundle, provenance={**bundle.provenance, "command": ""}))
    try:
        return (folder / "bare").read_bytes()
    finally:
        (folder / "bare").unlink()


def without_origin(page: Path, model: Path) -> str:
    """Returns a report as it is without the command line and the SHA-256 of the model."""
    text = re.sub(r"<div><dt>command</dt>.*?</div>\n", "", page.read_text(), flags=re.DOTALL)
    assert file_hash(model) in text
    return text.replace(file_hash(model), "")


@pytest.mark.parametrize("name", ["members", "folds"])
def test_files_are_those_of_the_command(name: str, data: Path, finished: Path, tmp_path: Path) -> None:
    target, lines = tmp_path / f"{name}.safetensors", list[str]()
    files: dict[str, Any] = {"output": target, "progress": lines.append}
    if name == "folds":
        model = seqnet.cross_validate(data, 3, **QUICK, **files).model
    else:
        model = seqnet.train(data, members=2, report=tmp_path / "members.html", **QUICK, **files)
    theirs = sorted(path.name for path in finished.glob(f"{name}.*"))
    assert sorted(path.name for path in tmp_path.iterdir()) == theirs
    assert len(theirs) == {"members": 6, "folds": 8}[name]
    for other in theirs:
        if not other.endswith((f"{name}.safetensors", ".html")):
            assert (tmp_path / other).read_bytes() == (finished / other).read_bytes(), other
    assert target.read_bytes() == without_command(finished / f"{name}.safetensors", tmp_path)
    if name == "members":
        pages = [
            without_origin(folder / "members.html", folder / "members.safetensors") for folder in (tmp_path, finished)
        ]
        assert pages[0] == pages[1]
    assert model.file == target
    assert model.bundle.provenance == open_bundle(target).provenance
    assert lines[-1].startswith(f"wrote {target}, {name}.history.tsv, {name}.curves.svg, ")
    assert any(line.startswith("quick audit") for line in lines)


KILLED = """
import os, signal, sys
import seqnet
def stop(line):
    if line.startswith("epoch   1"):
        os.kill(os.getpid(), signal.SIGKILL)
seqnet.train(sys.argv[1], output=sys.argv[2], progress=stop, **eval(sys.argv[3]))
"""


def test_a_killed_script_is_resumed(data: Path, finished: Path, tmp_path: Path) -> None:
    target = tmp_path / "one.safetensors"
    words = [sys.executable, "-c", KILLED, str(data), str(target), repr(QUICK)]
    assert subprocess.run(words, check=False, cwd=ROOT).returncode == -9
    assert [path.name for path in tmp_path.iterdir()] == ["one.checkpoint.safetensors"]
    with pytest.raises(OutputError) as caught:
        seqnet.train(data, output=target, **QUICK)
    problem = "a stopped run has left this checkpoint without a model"
    assert str(caught.value) == (
        f"{tmp_path / 'one.checkpoint.safetensors'}: {problem}; continue it with resume=True, or start over with "
        "force=True"
    )
    lines: list[str] = []
    seqnet.train(data, output=target, resume=True, progress=lines.append, **QUICK)
    assert "continuing after epoch 1 of 2" in lines
    assert sum(line.startswith("epoch") for line in lines) == 1
    assert target.read_bytes() == without_command(finished / "one.safetensors", tmp_path)
    for ending in ("history.tsv", "curves.svg", "checkpoint.safetensors"):
        assert (tmp_path / f"one.{ending}").read_bytes() == (finished / f"one.{ending}").read_bytes()
    before = {path: path.stat().st_ino for path in tmp_path.iterdir()}
    seqnet.train(data, output=target, resume=True, progress=lines.append, **QUICK)
    assert lines[-1].startswith(f"nothing to do: {target} is complete")
    assert {path: path.stat().st_ino for path in tmp_path.iterdir()} == before


def test_existing_files_are_refused_in_words_of_python(data: Path, tmp_path: Path) -> None:
    target, page = tmp_path / "m.safetensors", tmp_path / "m.html"
    for place in (tmp_path / "m.curves.svg", page):
        place.write_text("mine")
        for function in (seqnet.train, seqnet.cross_validate):
            with pytest.raises(OutputError) as caught:
                function(data, output=target, report=page, **QUICK)
            assert str(caught.value) == f"{place}: already exists; choose another name or pass force=True"
        assert [path.name for path in tmp_path.iterdir()] == [place.name]
        place.unlink()
    with pytest.raises(OutputError, match="this is also an input; choose another name"):
        seqnet.train(data, output=data, force=True, **QUICK)
    with pytest.raises(OutputError, match="this is a device or a pipe, and other files are written beside it; name a"):
        seqnet.train(data, output="/dev/null", **QUICK)
    with pytest.raises(OutputError, match=r"^\.: this is a directory; name a file in it"):
        seqnet.train(data, output=".", **QUICK)
    target.write_text("mine")
    with pytest.raises(OutputError, match=r"already exists, and there is no checkpoint m\.checkpoint\.safetensors to"):
        seqnet.train(data, output=target, resume=True, **QUICK)
    assert target.read_text() == "mine"
    one = seqnet.train(data, output=target, force=True, **QUICK)
    assert open_bundle(target).calibration == one.bundle.calibration


@pytest.mark.parametrize(
    ("keywords", "line"),
    [
        ({"report": "m.html"}, "report needs output, the path of the model"),
        ({"resume": True}, "resume needs output, the path of the model"),
        ({"force": True}, "force needs output, the path of the model"),
        ({"output": "m.safetensors", "report": "m.txt"}, "report must be a name that ends in .html, not 'm.txt'"),
        ({"output": 5}, "output must be text or a pathlib.Path, not 5"),
        ({"wait": "soon"}, "wait must be a number and a unit, such as 90s, 10m or 1.5h, not 'soon'"),
    ],
)
def test_keywords_without_effect_are_refused(keywords: dict[str, Any], line: str, data: Path) -> None:
    for function in (seqnet.train, seqnet.cross_validate):
        with pytest.raises(SettingError) as caught:
            function(data, **QUICK, **keywords)
        assert str(caught.value) == line


def test_a_keyword_that_there_is_not_is_refused(data: Path) -> None:
    with pytest.raises(UnknownSettingError, match="there is no setting sede; did you mean seed"):
        seqnet.train(data, sede=1, **QUICK)  # type: ignore[call-arg]
    with pytest.raises(UnknownSettingError, match="there is no setting outptu; did you mean output"):
        seqnet.cross_validate(data, outptu="m", **QUICK)  # type: ignore[call-arg]


def test_ctrl_c_leaves_the_best_epoch_so_far_in_the_file(data: Path, tmp_path: Path) -> None:
    lines: list[str] = []

    def stop(line: str) -> None:
        lines.append(line)
        if line.startswith("epoch"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seqnet.train(data, output=tmp_path / "m.safetensors", progress=stop, **QUICK)
    assert lines[-1] == "seqnet: stopped after 1 epoch; continue with --resume"
    assert len(open_bundle(tmp_path / "m.safetensors").members) == 1
    with pytest.raises(KeyboardInterrupt):
        seqnet.cross_validate(data, 3, output=tmp_path / "f.safetensors", progress=stop, **QUICK)
    assert lines[-1] == "seqnet: stopped; the model is written after all 3 folds; continue with --resume"
    assert [path.name for path in tmp_path.glob("f.*")] == ["f.fold-1-of-3.checkpoint.safetensors"]


def test_a_dataset_in_memory_has_a_report(data: Path, finished: Path, tmp_path: Path) -> None:
    table = seqnet.open_dataset(data).to_pandas()
    here = seqnet.Dataset.from_pandas(table, group="group", split="split", name="name")
    page = tmp_path / "m.html"
    found = seqnet.cross_validate(
        here, 3, start=finished / "one.safetensors", freeze=True, optimize="mcc", settings={"epochs": 1}, threads=1,
        output=str(tmp_path / "m.safetensors"), report=str(page),
    )  # fmt: skip
    text = html.unescape(page.read_text())
    assert "All checks: seqnet.Dataset.audit, in Python" in text
    assert found.model.bundle.calibration.criterion == "mcc"
    assert found.model.bundle.config.training.freeze
    assert found.model.bundle.provenance["origin"]["model"] == str(finished / "one.safetensors")
    assert (tmp_path / "m.folds.json").exists()
