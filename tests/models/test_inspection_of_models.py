from __future__ import annotations

import json
from pathlib import Path

import pytest

from seqnet.configs.run import RunConfig, compose, load_preset, preset_names
from seqnet.core.errors import ContainerError
from seqnet.models.bundles import write_bundle
from seqnet.models.inspection import inspect, lines
from tests.building import Recorder, fit, make_bundle, planted, run_config


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def test_a_model_is_reported_whole(path: Path) -> None:
    bundle = make_bundle()
    write_bundle(path, bundle)
    found = inspect(path)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["kind"], found["members"]) == ("model", 1)
    assert (found["alphabet"], found["classes"], found["positive"]) == ("dna", ["noise", "signal"], "signal")
    assert (found["window"], found["strands"]) == (12, "both")
    assert found["parameters"] == (4 * 5 * 6 + 6) + (6 * 5 + 5) + (5 * 2 + 2)
    assert found["metrics"] == {"epoch": 3.0, "validation_loss": 0.25}
    assert RunConfig.from_dict(found["config"]) == bundle.config
    assert found["provenance"] == bundle.provenance


def test_layers_have_names_shapes_and_parameters(path: Path) -> None:
    write_bundle(path, make_bundle(compose("dna-cnn"), window=36))
    layers = [layer for layer in inspect(path)["layers"] if layer["parameters"]]
    assert layers == [
        {"name": "network.stack.blocks.0.convolution.convolution", "type": "Conv1d", "output": [64, 33],
         "parameters": 1088},
        {"name": "network.head.hidden.0", "type": "Linear", "output": [256], "parameters": 262_400},
        {"name": "network.head.output", "type": "Linear", "output": [2], "parameters": 514},
    ]  # fmt: skip


@pytest.mark.parametrize("preset", preset_names())
def test_layers_add_up(preset: str, path: Path) -> None:
    config = compose(preset)
    name = load_preset(preset).get("alphabets", ["protein"])[0]
    write_bundle(path, make_bundle(config, name, window=config.network.window or 40))
    found = inspect(path)
    assert sum(layer["parameters"] for layer in found["layers"]) == found["parameters"]
    first, *_, last = found["layers"]
    assert (first["name"], first["output"][1]) == ("encoder", found["window"])
    assert last["name"] == ("trees" if config.network.boosted else "network.head.output")


def test_layers_add_up_with_every_normalisation_and_summary(path: Path) -> None:
    for norm in ("layer", "batch"):
        network = {
            "name": "cnn", "filters": [6, 6, 4], "kernels": [3, 3, 3], "pools": [1, 2, 1], "norm": norm,
            "residual": True, "summary": ["attention", "max"], "dense": [5], "strands": "single",
        }  # fmt: skip
        write_bundle(path, make_bundle(run_config(network=network)))
        found = inspect(path)
        assert sum(layer["parameters"] for layer in found["layers"]) == found["parameters"]
        assert found["strands"] == "single"
        norms = [layer["output"] for layer in found["layers"] if "norm" in layer["name"]]
        assert norms == [[6, 12], [6, 12], [4, 6]]


def test_a_model_for_people(path: Path) -> None:
    write_bundle(path, make_bundle(compose("dna-cnn"), name="dna", classes=("host", "virus"), window=36))
    text = lines(inspect(path))
    assert "kind: model" in text
    assert "classes: host, virus" in text
    assert "parameters: 264,002" in text
    row = next(line for line in text if line.startswith("  network.head.hidden.0 "))
    assert row.split() == ["network.head.hidden.0", "Linear", "256", "262,400"]
    assert "  kernels: 4" in [line.removeprefix("  ") for line in text]
    assert len({line.rstrip() for line in text}) > 40


def test_a_checkpoint_is_neither_dataset_nor_model(path: Path) -> None:
    fit(planted((8, 4, 0)), run_config({"epochs": 1}), Recorder(), checkpoint=path)
    with pytest.raises(ContainerError, match="this is a seqnet checkpoint, not a dataset or model"):
        inspect(path)
