"""A trained model → a file of `torch.export`, which PyTorch applies without seqnet."""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from seqnet.models.bundles import Bundle
from seqnet.models.export.checks import largest_difference
from seqnet.models.export.description import description_of
from seqnet.models.export.module import exported_program, fixed_length

__all__ = ["DESCRIPTION", "write_program"]

DESCRIPTION = "seqnet.json"
"""Name of the extra file in the archive: the result of `description.description_of` as JSON."""


def write_program(path: Path, bundle: Bundle, target: Path | None = None) -> float:
    """Writes a model as a program, and returns how much its probabilities differ from the model's.

    Its arguments are tokens (B, L) uint8 and lengths (B,) int64, its result are the probabilities (B, K) float32. With
    recurrent layers, L is the window of the model.

    Args:
        path: file to write to.
        bundle: the model.
        target: what the file is going to be called, for messages; None for `path`.

    Raises:
        SeqnetError: the model can't be exported, or the result differs from the model.
    """
    target = target or path
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated calls of PyTorch's exporter
        program = exported_program(target, bundle, onnx=False)
        module = program.module()

        def exported(tokens: NDArray[np.uint8], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
            with torch.inference_mode():
                found: NDArray[np.float32] = module(torch.from_numpy(tokens), torch.from_numpy(lengths)).numpy()
            return found

        difference = largest_difference(target, bundle, exported, fixed_length(bundle, onnx=False))
        content = io.BytesIO()
        torch.export.save(program, content, extra_files={DESCRIPTION: json.dumps(description_of(bundle))})
    path.write_bytes(content.getvalue())
    return difference
