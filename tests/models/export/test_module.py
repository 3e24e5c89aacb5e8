from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.torch_version import TorchVersion

from seqnet.core.errors import SeqnetError
from seqnet.models.bundles import Bundle
from seqnet.models.export.module import OLDEST_TORCH, ProbabilityModule, exported_program, fixed_length
from seqnet.models.probabilities import bundle_probabilities
from tests.building import encoded, make_bundle, padded, run_config
from tests.models.export.building import ensemble, made, mixture
from tests.nn.plm.models import settled_config, shared_model

ROOT = Path(__file__).parents[3]
STRINGS = ["ARNDCQEGHILKMF", "A", "WYVXB"]


@pytest.mark.parametrize("bundle", [ensemble(), mixture()], ids=["ensemble", "mixture"])
def test_the_module_gives_the_calibrated_probabilities_of_all_members(bundle: Bundle) -> None:
    module = ProbabilityModule(bundle, onnx=False).eval()
    with torch.inference_mode():
        found = module(*padded(STRINGS, "protein"))
    expected = bundle_probabilities(bundle, encoded(STRINGS, "protein")).probabilities
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)
    hotter = ProbabilityModule(replace(bundle, calibration=replace(bundle.calibration, temperature=1.0)), onnx=False)
    with torch.inference_mode():
        assert np.abs(hotter(*padded(STRINGS, "protein")).numpy() - expected).max() > 0.01


def test_the_model_itself_is_not_changed() -> None:
    bundle = made("hybrid", "kmer", "dna")
    before = [type(module) for module in bundle.classifier.modules()]
    ProbabilityModule(bundle, onnx=True)
    assert [type(module) for module in bundle.classifier.modules()] == before
    assert bundle.classifier.complement.dtype == torch.uint8


def test_the_length_is_fixed_where_a_network_needs_it() -> None:
    models = [made(name, "onehot", "dna") for name in ("dense", "hybrid", "cnn-max")]
    models.append(mixture())
    assert [fixed_length(bundle, onnx=True) for bundle in models] == [14, None, None, None]
    assert [fixed_length(bundle, onnx=False) for bundle in models] == [14, 14, None, 14]


def test_what_can_not_be_exported_is_one_line() -> None:
    plm = make_bundle(run_config(encoder=settled_config(shared_model(limit=6)).to_dict()), "protein", window=14)
    with pytest.raises(
        SeqnetError, match=r"^out: the model needs a language model, which can't be exported; export a "
    ):
        exported_program(Path("out"), plm, onnx=True)
    long = replace(made("hybrid", "onehot", "dna"), window=1000)
    with pytest.raises(
        SeqnetError, match=r"^out: recurrent layers .* at most 256 symbols; .* window of 1,000; use --onnx$"
    ):
        exported_program(Path("out"), long, onnx=False)


@pytest.mark.parametrize("onnx", [True, False])
def test_an_older_pytorch_is_one_line(onnx: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__version__", TorchVersion("2.7.1+cpu"))
    expected = (
        r"^out: exporting needs PyTorch 2\.8 or newer, and this is 2\.7\.1\+cpu; update it: python -m pip install "
    )
    with pytest.raises(SeqnetError, match=expected):
        exported_program(Path("out"), made("dense", "onehot", "dna"), onnx=onnx)
    monkeypatch.setattr(torch, "__version__", TorchVersion("2.13.0"))  # not less than 2.8, as text would be
    exported_program(Path("out"), made("dense", "onehot", "dna"), onnx=onnx)


def test_the_package_asks_for_the_oldest_pytorch_that_exports() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    assert f"torch>={OLDEST_TORCH}" in extras["export"]
