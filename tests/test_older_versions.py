"""Files of format version 2 (datasets: 1), which have no checksum, can be read with the same meaning.

`tests/golden/version-2` was written by the last program before version 3: `reads.fa` encoded to `dataset.safetensors`,
`model.safetensors` trained on it, `predictions.tsv` of both, `checkpoint.safetensors` of a run that was stopped after
two of its twelve epochs, and in `resumed.json` the result of the same run without a stop.
"""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from seqnet.core.containers import VERSION, read_container
from seqnet.core.provenance import file_hash
from seqnet.datasets.dataset import open_dataset
from seqnet.models.bundles import open_bundle
from seqnet.models.probabilities import bundle_probabilities
from seqnet.models.shipped import shipped_models
from tests.building import fit, run_config
from tests.cli.running import ROOT, run_all
from tests.rewriting import description_of

GOLDEN = ROOT / "tests" / "golden" / "version-2"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines(), delimiter="\t"))


def test_a_dataset_holds_what_it_was_made_of() -> None:
    dataset = open_dataset(GOLDEN / "dataset.safetensors")
    lines = (GOLDEN / "reads.fa").read_text().splitlines()
    assert description_of(GOLDEN / "dataset.safetensors")["version"] == 1
    assert [f">{name} label={dataset.classes[label]}" for name, label in zip(
        dataset.names.text(), dataset.labels, strict=True
    )] == lines[::2]  # fmt: skip
    assert bytes(dataset.alphabet.decode(dataset.tokens.data)).decode() == "".join(lines[1::2])


def test_a_model_predicts_what_it_did(tmp_path: Path) -> None:
    assert description_of(GOLDEN / "model.safetensors")["version"] == 2
    run_all(
        ("predict", GOLDEN / "model.safetensors", GOLDEN / "reads.fa", "--precision", "float32", "--threads", "1",
         "-o", tmp_path / "new.tsv")
    )  # fmt: skip
    found, expected = (rows(path.read_text()) for path in (tmp_path / "new.tsv", GOLDEN / "predictions.tsv"))
    for column in ("name", "label", "status"):
        assert [row[column] for row in found] == [row[column] for row in expected]
    for column in ("probability", "p_noise", "p_signal"):
        one, other = (np.array([float(row[column]) for row in table]) for table in (found, expected))
        np.testing.assert_allclose(one, other, atol=2e-6)


def test_a_run_continues_from_a_checkpoint(tmp_path: Path) -> None:
    shutil.copy(GOLDEN / "checkpoint.safetensors", tmp_path / "checkpoint")
    assert description_of(tmp_path / "checkpoint")["version"] == 2
    dataset = open_dataset(GOLDEN / "dataset.safetensors")
    config = run_config({"epochs": 12, "learning_rate": 0.03})
    result = fit(
        dataset,
        config,
        checkpoint=tmp_path / "checkpoint",
        resume=True,
        identity=file_hash(GOLDEN / "dataset.safetensors"),
    )
    expected = json.loads((GOLDEN / "resumed.json").read_text())
    assert [row.validation_loss for row in result.rows] == pytest.approx(expected["losses"], rel=1e-3)
    found = bundle_probabilities(result.bundle, dataset.tokens, dataset.members("test")).probabilities
    np.testing.assert_allclose(found[:, 1], expected["signal"], atol=1e-3)


@pytest.mark.parametrize("name", ["dataset", "model", "checkpoint"])
def test_a_file_is_written_again_with_the_same_content_and_the_same_bytes(name: str, tmp_path: Path) -> None:
    path = tmp_path / "again.safetensors"
    shutil.copy(GOLDEN / f"{name}.safetensors", path)
    before = read_container(GOLDEN / f"{name}.safetensors", [name], "")
    contents = []
    for _ in range(2):
        subprocess.run([sys.executable, ROOT / "scripts" / "rewrap.py", path], check=True, stdout=subprocess.DEVNULL)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]
    after = read_container(path, [name], "")
    assert after.description == before.description | {"version": VERSION}
    assert after.tensors.keys() == before.tensors.keys()
    assert all(after.tensors[key].tobytes() == tensor.tobytes() for key, tensor in before.tensors.items())


@pytest.mark.parametrize("path", shipped_models().values(), ids=shipped_models())
def test_the_models_in_the_package_have_a_checksum(path: Path) -> None:
    assert description_of(path)["version"] == VERSION
    assert open_bundle(path).provenance["versions"]
