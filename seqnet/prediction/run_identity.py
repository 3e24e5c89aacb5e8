"""Identifies a run of predictions, so that its shards, and runs that continue it, can be recognised.

Two runs with the same identity write the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import seqnet
from seqnet.core.errors import InputError
from seqnet.core.provenance import file_hash
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.writers import TableOutput
from seqnet.readers import shown_path

__all__ = ["run_identity"]

_ENDS = 1 << 16
"""Bytes at the start and at the end of an input that are hashed."""
_NOT_PART = ("threads", "reader_process", "part_start", "part_end", "some_unused")
"""Settings of reading that do not change any row."""


def run_identity(
    predictor: Predictor, model: Path, source: PredictionInputs, paths: Sequence[str], output: TableOutput
) -> dict[str, Any]:
    """Returns everything that determines the bytes of a table of predictions, as JSON values.

    An input is identified by its name without folders, its size, and the SHA-256 of its first and last 64 KiB, so that
    it may have different paths on different nodes.

    Args:
        predictor: makes the predictions.
        model: the file of the model.
        source: reads the inputs.
        paths: the inputs, files.
        output: the table.

    Raises:
        InputError: an input is a stream.
        OSError: a file can't be read.
    """
    read = {name: value for name, value in source.read.to_dict().items() if name not in _NOT_PART}
    decisions = {name: value for name, value in predictor.options.to_dict().items() if name != "precision"}
    return {
        "model": file_hash(model),
        "inputs": [_input(path) for path in paths],
        "settings": {"predict": decisions, "read": read},
        "precision": predictor.precision,
        "device": predictor.bundle.classifier.device.type,
        "format": output.form + ".gz" * output.compress,
        "version": seqnet.__version__,
    }


def _input(path: str) -> dict[str, Any]:
    if path == "-" or not stat.S_ISREG(os.stat(path).st_mode):
        problem = "shards and resumed runs need files, which can be read again"
        raise InputError(problem, "write it to a file first", path=shown_path(path))
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        digest = hashlib.sha256(file.read(_ENDS))
        file.seek(max(size - _ENDS, 0))
        digest.update(file.read(_ENDS))
    return {"name": os.path.basename(path), "bytes": size, "sha256_of_ends": digest.hexdigest()}
