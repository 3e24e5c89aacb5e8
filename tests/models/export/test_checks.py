from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from seqnet.core.errors import SeqnetError
from seqnet.models.export import checks
from seqnet.models.export.module import ProbabilityModule
from tests.models.export.building import made


def test_a_difference_is_measured_and_a_large_one_is_refused() -> None:
    bundle = made("cnn-mean", "onehot", "dna")
    module = ProbabilityModule(bundle, onnx=False).eval()
    shapes = []

    def exported(tokens: NDArray[np.uint8], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        shapes.append((tokens.shape, tokens.dtype.name, sorted(set(lengths.tolist()))))
        with torch.inference_mode():
            return np.asarray(module(torch.from_numpy(tokens), torch.from_numpy(lengths)))

    assert checks.largest_difference(Path("out"), bundle, exported, None) < 1e-6
    ((shape, dtype, lengths),) = shapes
    assert (shape, dtype) == ((16, 14), "uint8")
    assert (lengths[0], lengths[-1]) == (1, 14)
    assert len(lengths) > 5
    for wrong in (2e-5, float("nan")):

        def other(tokens: NDArray[np.uint8], lengths: NDArray[np.int64], wrong: float = wrong) -> NDArray[np.float32]:
            return np.asarray(exported(tokens, lengths) + wrong)

        with pytest.raises(SeqnetError, match=r"^out: the exported model differs .*; nothing was written"):
            checks.largest_difference(Path("out"), bundle, other, None)


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "find_spec", lambda name: None if name == "onnxruntime" else name)
    with pytest.raises(SeqnetError, match=r"onnx(runtime)?, which is not installed; install it: .*'seqnet\[export\]'$"):
        checks.check_packages("--onnx")
