"""The names of the API: adding one is a decision, and so is taking one away."""

from __future__ import annotations

import subprocess
import sys

import pytest

import seqnet

HEAVY = {"torch", "numpy", "pandas", "pyarrow", "sklearn", "click", "Bio"}


def test_the_names_are_these() -> None:
    names = [
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
