"""seqnet: classify biological sequences with convolutional and recurrent networks.

Start here: `load` opens a model, `Model.predict` classifies sequences in memory, `Model.predict_file` those of a
file. `predict_table` writes predictions to a file, whole or as one of several shards, which `gather` joins, and
`predict_tables` a file for each input; `write_records` writes records by class, tagged alignments and embeddings,
`scan_files` tracks of long sequences, `explain_files` attributions, logos, motifs and words. `evaluate` measures a
model. `inspect` shows what is in a file, `diagnose` what seqnet finds on a machine. `download` gets published
sequences, `Dataset.from_pandas` and `encode` make a dataset, `Dataset.audit` checks it. `train` makes a model,
`cross_validate` and `tune` train several, `distill` makes a fast model from a model, and `SequenceClassifier` is an
estimator for scikit-learn. See `docs/api.md` and `docs/api-training.md`. The commands (`seqnet --help`) are thin
callers of the same library, which `docs/architecture.md` describes.

Importing this package loads nothing else; each name is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqnet.api.auditing import AuditResult
    from seqnet.api.cross_validating import CrossValidationResult, cross_validate
    from seqnet.api.dataset import Dataset, open_dataset
    from seqnet.api.diagnosis.diagnosis import Diagnosis, diagnose
    from seqnet.api.distilling import distill
    from seqnet.api.downloading import download, list_sources
    from seqnet.api.encoding import encode
    from seqnet.api.estimator import SequenceClassifier
    from seqnet.api.evaluation import EvaluationResult, evaluate
    from seqnet.api.explained_files import ExplainedFiles, explain_files
    from seqnet.api.exporting import export
    from seqnet.api.inspecting import inspect
    from seqnet.api.loading import load
    from seqnet.api.models import Model
    from seqnet.api.motifs import Motifs
    from seqnet.api.predictions import Predictions
    from seqnet.api.record_files import write_records
    from seqnet.api.scan_files import scan_files
    from seqnet.api.tables import FileResult, gather, predict_table, predict_tables
    from seqnet.api.training import train
    from seqnet.api.tuning import TuneResult, tune
    from seqnet.api.words import Words
    from seqnet.core.errors import SeqnetError, SeqnetWarning
    from seqnet.core.version import __version__

__all__ = [
    "AuditResult",
    "CrossValidationResult",
    "Dataset",
    "Diagnosis",
    "EvaluationResult",
    "ExplainedFiles",
    "FileResult",
    "Model",
    "Motifs",
    "Predictions",
    "SeqnetError",
    "SeqnetWarning",
    "SequenceClassifier",
    "TuneResult",
    "Words",
    "__version__",
    "cross_validate",
    "diagnose",
    "distill",
    "download",
    "encode",
    "evaluate",
    "explain_files",
    "export",
    "gather",
    "inspect",
    "list_sources",
    "load",
    "open_dataset",
    "predict_table",
    "predict_tables",
    "scan_files",
    "train",
    "tune",
    "write_records",
]

_HOMES = {
    "AuditResult": "seqnet.api.auditing",
    "CrossValidationResult": "seqnet.api.cross_validating",
    "Dataset": "seqnet.api.dataset",
    "Diagnosis": "seqnet.api.diagnosis.diagnosis",
    "EvaluationResult": "seqnet.api.evaluation",
    "ExplainedFiles": "seqnet.api.explained_files",
    "FileResult": "seqnet.api.tables",
    "Model": "seqnet.api.models",
    "Motifs": "seqnet.api.motifs",
    "Predictions": "seqnet.api.predictions",
    "SeqnetError": "seqnet.core.errors",
    "SeqnetWarning": "seqnet.core.errors",
    "SequenceClassifier": "seqnet.api.estimator",
    "TuneResult": "seqnet.api.tuning",
    "Words": "seqnet.api.words",
    "__version__": "seqnet.core.version",
    "cross_validate": "seqnet.api.cross_validating",
    "diagnose": "seqnet.api.diagnosis.diagnosis",
    "distill": "seqnet.api.distilling",
    "download": "seqnet.api.downloading",
    "encode": "seqnet.api.encoding",
    "evaluate": "seqnet.api.evaluation",
    "explain_files": "seqnet.api.explained_files",
    "export": "seqnet.api.exporting",
    "gather": "seqnet.api.tables",
    "inspect": "seqnet.api.inspecting",
    "list_sources": "seqnet.api.downloading",
    "load": "seqnet.api.loading",
    "open_dataset": "seqnet.api.dataset",
    "predict_table": "seqnet.api.tables",
    "predict_tables": "seqnet.api.tables",
    "scan_files": "seqnet.api.scan_files",
    "train": "seqnet.api.training",
    "tune": "seqnet.api.tuning",
    "write_records": "seqnet.api.record_files",
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
