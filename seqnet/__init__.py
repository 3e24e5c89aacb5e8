"""seqnet: classify biological sequences with convolutional and recurrent networks.

Start here: `load` opens a model, `Model.predict` classifies sequences in memory, `Model.predict_file` those of
a file. `predict_table` writes predictions to a file, whole or as one of several shards, which `gather` joins.
`evaluate` measures a model on a dataset. `Dataset.from_pandas` and `encode` make a dataset, `train` makes a
model, `distill` makes a fast model from a model, and `SequenceClassifier` is an estimator for scikit-learn. See
`docs/api.md` and `docs/api-training.md`. The commands (`seqnet --help`) are thin callers of the same library, which
`docs/architecture.md` describes.

Importing this package loads nothing else; each name is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqnet.api.dataset import Dataset, open_dataset
    from seqnet.api.distilling import distill
    from seqnet.api.encoding import encode
    from seqnet.api.estimator import SequenceClassifier
    from seqnet.api.evaluation import EvaluationResult, evaluate
    from seqnet.api.exporting import export
    from seqnet.api.loading import load
    from seqnet.api.models import Model
    from seqnet.api.predictions import Predictions
    from seqnet.api.tables import gather, predict_table
    from seqnet.api.training import train
    from seqnet.core.errors import SeqnetError, SeqnetWarning
    from seqnet.core.version import __version__

__all__ = [
    "Dataset",
    "EvaluationResult",
    "Model",
    "Predictions",
    "SeqnetError",
    "SeqnetWarning",
    "SequenceClassifier",
    "__version__",
    "distill",
    "encode",
    "evaluate",
    "export",
    "gather",
    "load",
    "open_dataset",
    "predict_table",
    "train",
]

_HOMES = {
    "Dataset": "seqnet.api.dataset",
    "EvaluationResult": "seqnet.api.evaluation",
    "Model": "seqnet.api.models",
    "Predictions": "seqnet.api.predictions",
    "SeqnetError": "seqnet.core.errors",
    "SeqnetWarning": "seqnet.core.errors",
    "SequenceClassifier": "seqnet.api.estimator",
    "__version__": "seqnet.core.version",
    "distill": "seqnet.api.distilling",
    "encode": "seqnet.api.encoding",
    "evaluate": "seqnet.api.evaluation",
    "export": "seqnet.api.exporting",
    "gather": "seqnet.api.tables",
    "load": "seqnet.api.loading",
    "open_dataset": "seqnet.api.dataset",
    "predict_table": "seqnet.api.tables",
    "train": "seqnet.api.training",
}
"""Name → module that has it."""


def __getattr__(name: str) -> Any:
    """Returns what the API has of that name, loaded at its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    """Returns the names of the API."""
    return sorted(__all__)
