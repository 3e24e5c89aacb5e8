"""A trained model → an ONNX file that other programs apply with ONNX Runtime."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from seqnet.models.bundles import Bundle
from seqnet.models.export.checks import check_packages, largest_difference
from seqnet.models.export.description import description_of
from seqnet.models.export.module import dynamic_shapes, exported_program, fixed_length

__all__ = ["write_onnx"]

_OPSET = 20


def write_onnx(path: Path, bundle: Bundle, target: Path | None = None) -> float:
    """Writes a model as ONNX, and returns how much its probabilities differ from the model's.

    The inputs are `tokens` (B, L) uint8 and `lengths` (B,) int64, the output is `probabilities` (B, K) float32; the
    metadata is that of `description.description_of`.

    Args:
        path: file to write to.
        bundle: the model.
        target: what the file is going to be called, for messages; None for `path`.

    Raises:
        SeqnetError: a package is missing, the model can't be exported, or the result differs from the model.
    """
    check_packages("--onnx")
    import onnxruntime

    target, length = target or path, fixed_length(bundle, onnx=True)
    with _quiet():
        program = torch.onnx.export(
            exported_program(target, bundle, onnx=True),
            dynamo=True,
            verbose=False,
            opset_version=_OPSET,
            input_names=["tokens", "lengths"],
            output_names=["probabilities"],
            dynamic_shapes=dynamic_shapes(length),
        )
    assert program is not None
    program.model.metadata_props.update(description_of(bundle))
    content: bytes = program.model_proto.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    difference = largest_difference(
        target,
        bundle,
        lambda tokens, lengths: np.asarray(session.run(None, {"tokens": tokens, "lengths": lengths})[0]),
        length,
    )
    path.write_bytes(content)
    return difference


@contextmanager
def _quiet() -> Iterator[None]:
    """Within it, PyTorch's exporter does not report packages that it could use, and its own deprecated calls."""
    logger = logging.getLogger("torch.onnx._internal.exporter")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
