"""A model of a program → files of other programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from seqnet.api.keywords import as_path
from seqnet.api.models import Model
from seqnet.api.python_words import python_words
from seqnet.api.tables import check_model
from seqnet.core.errors import SettingError
from seqnet.core.outputs import whole_files
from seqnet.models.bundles import Bundle
from seqnet.models.export.onnx_files import write_onnx
from seqnet.models.export.torch_files import write_program

__all__ = ["export", "export_files"]

_WRITERS: Mapping[str, Callable[[Path, Bundle, Path], float]] = {"onnx": write_onnx, "torch_export": write_program}
"""Format → function that writes it."""


def export(
    model: Model,
    *,
    onnx: str | os.PathLike[str] | None = None,
    torch_export: str | os.PathLike[str] | None = None,
    force: bool = False,
) -> Mapping[str, float]:
    """Writes a model for other programs, and returns format → largest difference to the model's own probabilities.

    Both take tokens (B, L) uint8 and lengths (B,) int64, and give calibrated probabilities (B, K) float32. All files
    are written, or none.

    Args:
        model: a trained model.
        onnx: ONNX file to write; needs the extra `export`.
        torch_export: file of `torch.export` to write, usually named `.pt2`.
        force: whether existing files are replaced.

    Raises:
        SettingError: no file is named, or the model is not one.
        OutputError: a file exists, or can't be written.
        SeqnetError: the model can't be exported, or a package is missing.
    """
    with python_words():
        check_model(model)
        wanted = {"onnx": onnx, "torch_export": torch_export}
        files = {kind: as_path(path, kind) for kind, path in wanted.items() if path is not None}
        if not files:
            raise SettingError("onnx", None, problem="name a file for onnx or torch_export")
        return export_files(model.bundle, files, force=force)


def export_files(bundle: Bundle, files: Mapping[str, Path], *, force: bool) -> Mapping[str, float]:
    """Returns format → largest difference, for the formats and files to write; see `export`."""
    targets = list(files.values())
    with whole_files(targets, force=force) as temporaries:
        return {
            kind: _WRITERS[kind](temporary, bundle, target)
            for (kind, target), temporary in zip(files.items(), temporaries, strict=True)
        }
