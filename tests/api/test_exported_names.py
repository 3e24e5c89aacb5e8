"""The names of the API: adding one is a decision, and so is taking one away."""

from __future__ import annotations

import subprocess
import sys

import pytest

import seqnet

HEAVY = {"torch", "numpy", "pandas", "pyarrow", "sklearn", "click", "Bio"}


def test_the_names_are_these() -> None:
    names = [
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
    assert seqnet.__all__ == names
    assert dir(seqnet) == names
    assert all(getattr(seqnet, name) is not None for name in names)
    with pytest.raises(AttributeError, match="module 'seqnet' has no attribute 'predict'"):
        _ = seqnet.predict


def test_importing_the_package_loads_nothing_heavy_until_a_name_is_used() -> None:
    program = (
        f"import sys, seqnet\nassert not {HEAVY!r} & set(sys.modules)\nseqnet.SeqnetError\n"
        f"assert not {HEAVY!r} & set(sys.modules)\nfrom seqnet import load, train\nassert 'torch' in sys.modules\n"
        "assert load is seqnet.load and 'pandas' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
