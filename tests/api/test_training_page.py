"""The examples of docs/api-training.md do what they say, one after the other, as a reader types them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.building import MOTIF, planted

PAGE = Path(__file__).parent.parent.parent / "docs" / "api-training.md"


# The examples train for seconds, so that a network may know one class only, which is a warning.
pytestmark = pytest.mark.filterwarnings("ignore:the model predicts no record:seqnet.SeqnetWarning")


def files(folder: Path) -> None:
    """Writes what the examples read."""
    data = planted((90, 0, 0))
    letters = np.array(list("?ACGT"))[data.tokens.data.reshape(-1, 24)]
    rows = ["".join(row) for row in letters]
    classes = ["background", "motif"]
    splits = [("train", "train", "train", "validation", "test")[index // 2 % 5] for index in range(90)]
    lines = [f"r{i},{row},{classes[i % 2]},c{i // 2},{splits[i]}" for i, row in enumerate(rows)]
    (folder / "reads.csv").write_text("\n".join(["read,seq,class,cluster,part", *lines]) + "\n")
    parts = [f"{row},{classes[i % 2]},{splits[i]}" for i, row in enumerate(rows)]
    (folder / "all.csv").write_text("\n".join(["sequence,label,part", *parts]) + "\n")
    for name, split in {"train": "train", "dev": "validation", "test": "test"}.items():
        chosen = [part.rpartition(",")[0] for part in parts if part.endswith(split)]
        (folder / f"{name}.csv").write_text("\n".join(["sequence,label", *chosen]) + "\n")
    for name, of, part in (("b", 1, "train"), ("o", 0, "train"), ("tb", 1, "test"), ("to", 0, "test")):
        chosen = [row for i, row in enumerate(rows) if i % 2 == of and splits[i] == part]
        (folder / f"{name}.fa").write_text("".join(f">{i}\n{row}\n" for i, row in enumerate(chosen)))
    (folder / "human.fa").write_text("".join(f">h{i}\n{row}\n" for i, row in enumerate(rows)))
    (folder / "labelled.fa").write_text("".join(f">h{i} class={classes[i % 2]}\n{row}\n" for i, row in enumerate(rows)))


@pytest.mark.timeout(600)
def test_every_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    files(tmp_path)
    examples = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(examples) == 14
    names: dict[str, Any] = {}
    for example in examples:
        exec(compile(example, str(PAGE), "exec"), names)
    assert {path.name for path in tmp_path.glob("*.safetensors")} == {
        *("reads.safetensors", "human.safetensors", "m.safetensors", "fitted.safetensors", "folds.safetensors"),
        *("cnn.safetensors", "cnn.checkpoint.safetensors"),
        *(f"folds.fold-{number}-of-3.checkpoint.safetensors" for number in (1, 2, 3)),
    }
    assert (tmp_path / "cnn.history.tsv").read_text().count("\n") == 4
    assert list(names["table"].columns) == ["name", "sequence", "label", "group", "split"]
    assert names["table"]["split"].tolist().count("test") == 18
    assert names["classifier"].classes_.tolist() == ["background", "motif"]
    assert MOTIF in names["sequences"][1]
    reported = capsys.readouterr().out
    assert "<seqnet.Dataset: 90 records (72 train, 8 validation, 10 test), dna → background or motif>" in reported
    assert "member 2 of 2" in reported
