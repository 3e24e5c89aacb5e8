"""ONNX files give the model's probabilities in ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from seqnet.models.bundles import Bundle
from seqnet.models.export.description import description_of
from seqnet.models.export.onnx_files import write_onnx
from seqnet.models.probabilities import bundle_probabilities
from tests.building import encoded, padded
from tests.models.export.building import ensemble, made, mixture

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

DNA = ["ACGTNACGTRYACG", "ACG", "TTTTTTTT"]
PROTEIN = ["ARNDCQEGHILKMF", "WY", "SSSSSXBZ"]

# Together these have all encoders, pools, masks, residuals, cells and directions, a profile and trees.
MODELS = {
    "convolutions": (made("cnn-max", "kmer", "dna"), DNA),
    "flattened": (made("cnn-flatten-valid", "embedding", "dna"), DNA),
    "gru": (made("recurrent-gru", "embedding", "dna"), DNA),
    "ensemble": (ensemble(), PROTEIN),
    "mixture": (mixture(), PROTEIN),
}


@pytest.mark.timeout(300)  # PyTorch takes seconds, and minutes on a busy machine
@pytest.mark.parametrize("key", MODELS)
def test_onnx_runtime_gives_the_probabilities_of_the_model(key: str, tmp_path: Path) -> None:
    bundle, strings = MODELS[key]
    path = tmp_path / "model.onnx"
    assert write_onnx(path, bundle) <= 1e-5
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [one.name for one in session.get_inputs()] == ["tokens", "lengths"]
    assert session.get_inputs()[0].shape == ["batch", 14 if bundle.classifier.flattens else "length"]
    assert session.get_modelmeta().custom_metadata_map == description_of(bundle)
    expected = bundle_probabilities(bundle, encoded(strings, bundle.alphabet.name)).probabilities
    assert np.ptp(expected[:, 0]) > 0.02  # not the same for all
    for chosen in ([0, 1, 2], [0], [1]):
        found = run(session, bundle, [strings[index] for index in chosen])
        np.testing.assert_allclose(found, expected[chosen], atol=1e-5)
    if bundle.classifier.flattens:
        with pytest.raises(Exception, match="invalid dimensions for input: tokens"):
            run(session, bundle, strings, longer=1)


def run(session: Any, bundle: Bundle, strings: list[str], longer: int = 0) -> NDArray[np.float32]:
    width = 14 + longer if bundle.classifier.flattens else 0
    tokens, lengths = padded(strings, bundle.alphabet.name, width)
    (found,) = session.run(None, {"tokens": tokens.numpy(), "lengths": lengths.numpy()})
    assert found.dtype == np.float32
    return np.asarray(found)
