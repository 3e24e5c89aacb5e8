"""`seqnet export`, and the program of docs/export.md."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import seqnet
from tests.cli.running import ROOT, Runner

PAGE = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")


def test_the_program_of_the_page_needs_no_seqnet_and_prints_the_output_of_the_page(
    cli: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    monkeypatch.chdir(tmp_path)
    outcome = cli("export", "human-dna", "--onnx", "human-dna.onnx")
    assert (outcome.code, outcome.out) == (0, ""), outcome.err
    line = r"wrote human-dna\.onnx, [\d,]+ bytes; probabilities differ by at most \de-\d\d from the model's\n"
    assert re.fullmatch(line, outcome.err)
    program = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    absent = "import sys\nsys.modules['seqnet'] = sys.modules['torch'] = None\n"
    done = subprocess.run([sys.executable, "-c", absent + program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[0]
    again = cli("export", "human-dna", "--onnx", "human-dna.onnx")
    assert again.code == 1
    assert "human-dna.onnx: " in again.err
    assert "--force" in again.err


def test_both_files_are_written_or_none(cli: Runner, tmp_path: Path) -> None:
    (tmp_path / "there.pt2").write_text("mine")
    outcome = cli("export", "human-dna", "--onnx", tmp_path / "new.onnx", "--torch-export", tmp_path / "there.pt2")
    assert outcome.code == 1
    assert outcome.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["there.pt2"]
    assert (tmp_path / "there.pt2").read_text() == "mine"


def test_a_file_must_be_named(cli: Runner) -> None:
    outcome = cli("export", "human-dna")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "seqnet: error: give --onnx or --torch-export; see seqnet export --help\n"
    outcome = cli("export", "human-dna", "--onnx", "-")
    assert (outcome.code, outcome.err.count("\n")) == (1, 1)
    assert "an exported model can't be written to standard output" in outcome.err


def test_a_program_exports_as_the_command_does(tmp_path: Path) -> None:
    model = seqnet.load("human-dna", device="cpu", threads=1)
    with pytest.raises(seqnet.SeqnetError, match="name a file for onnx or torch_export"):
        seqnet.export(model)
    found = seqnet.export(model, torch_export=tmp_path / "model.pt2")
    assert list(found) == ["torch_export"]
    assert found["torch_export"] <= 1e-5
    assert [path.name for path in tmp_path.iterdir()] == ["model.pt2"]
