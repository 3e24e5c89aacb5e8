"""Files of `torch.export` give the model's probabilities in PyTorch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from seqnet.models.export.description import description_of
from seqnet.models.export.torch_files import DESCRIPTION, write_program
from seqnet.models.probabilities import bundle_probabilities
from tests.building import encoded, padded
from tests.models.export.building import made

STRINGS = ["ACGTNACGTRYACG", "ACG", "TTTTTTTT"]


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize(("network", "encoder"), [("cnn-dilated", "kmer"), ("hybrid", "onehot")])
def test_pytorch_gives_the_probabilities_of_the_model(network: str, encoder: str, tmp_path: Path) -> None:
    bundle, path = made(network, encoder, "dna"), tmp_path / "model.pt2"
    assert write_program(path, bundle) <= 1e-5
    about = {DESCRIPTION: ""}
    module = torch.export.load(path, extra_files=about).module()
    assert json.loads(about[DESCRIPTION]) == description_of(bundle)
    expected = bundle_probabilities(bundle, encoded(STRINGS)).probabilities
    for chosen in ([0, 1, 2], [1]):
        with torch.inference_mode():
            found = module(*padded([STRINGS[index] for index in chosen], width=14))
        np.testing.assert_allclose(found.numpy(), expected[chosen], atol=1e-5)
