"""The content of datasets and models, from Python."""

from __future__ import annotations

import os
from typing import Any

from seqnet.api.keywords import as_path
from seqnet.api.python_words import python_words
from seqnet.models import inspection
from seqnet.models.shipped import find_model

__all__ = ["inspect"]


def inspect(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Returns what is in a dataset or model as plain values: what `seqnet inspect --json` prints.

    Args:
        path: a dataset, a model, or the name of a model that comes with seqnet.

    Raises:
        ContainerError: there is no such model, or the file is neither a dataset nor a model, damaged, or of another
            version.
    """
    with python_words():
        return inspection.inspect(find_model(as_path(path)))
