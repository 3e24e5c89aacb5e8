"""Nothing of the process is changed by the API: not by opening a model, not by predicting, not between two batches."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest
import scipy.special  # its import adds a filter of warnings, whoever is first to need it
import torch

import seqnet
from seqnet.api.models import Model
from tests.building import make_bundle, planted, saved

assert scipy.special

DATA = Path(__file__).parent.parent / "data"


def state() -> dict[str, Any]:
    """Returns what others in the process depend on."""
    handler = pysam.set_encoding_error_handler("strict")
    pysam.set_encoding_error_handler(handler)
    return {
        "threads": torch.get_num_threads(),
        "cudnn": [
            getattr(torch.backends.cudnn, name) for name in ("allow_tf32", "enabled", "benchmark", "deterministic")
        ],
        "matmul": torch.get_float32_matmul_precision(),
        "gradients": torch.is_grad_enabled(),
        "type": torch.get_default_dtype(),
        "seeds": [torch.initial_seed(), random.getstate(), np.random.get_state()[1].tolist()],  # type: ignore[index]
        "filters": list(warnings.filters),
        "shown": warnings.showwarning,
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "variables": {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
        "folder": os.getcwd(),
        "numpy": np.geterr(),
        "htslib": [pysam.get_verbosity(), handler],
    }


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The state, which is not that of a command."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    torch.set_num_threads(2)
    pysam.set_verbosity(2)
    return state()


@pytest.mark.parametrize("threads", [1, 3])
def test_a_model_is_opened_and_used(before: dict[str, Any], threads: int, capfd: pytest.CaptureFixture[str]) -> None:
    model = seqnet.load("human-dna", threads=threads)
    assert state() == before
    model.predict(["ACGT" * 9, None])
    assert state() == before
    with pytest.raises(seqnet.SeqnetError):
        model.predict(["ACGT" * 9], max_error=1e-9)
    assert state() == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", ["reverse.bam", "unaligned.sam", "wrapped.fa"])
def test_a_file_is_predicted(name: str, before: dict[str, Any], threads: int) -> None:
    parts = Model(make_bundle(), threads=threads).predict_file(DATA / name, batch_bytes=1)
    count = 0
    for part in parts:
        assert state() == before
        count += len(part)
    assert count > 0
    assert state() == before
    with Model(make_bundle(), threads=threads).predict_file(DATA / name) as left:
        next(left)
    assert state() == before
    with pytest.raises(seqnet.SeqnetError):
        list(Model(make_bundle(), threads=threads).predict_file(DATA / "truncated.bam"))
    assert state() == before


def test_a_model_is_measured(before: dict[str, Any], tmp_path: Path) -> None:
    data = saved(planted(), tmp_path / "d.safetensors")
    seqnet.evaluate(Model(make_bundle(), threads=1), data, replicates=20, baselines=True)
    assert state() == before


def test_no_handler_of_mapped_files_is_set(program: Path) -> None:
    # Python does not see what C does with a signal; the kernel tells which ones this process catches.
    code = """if True:
        import signal
        import seqnet, seqnet.core.containers
        seqnet.core.containers._COPIED = 0
        def caught():
            line = next(line for line in open("/proc/self/status") if line.startswith("SigCgt"))
            return int(line.split()[1], 16) >> (signal.SIGBUS - 1) & 1
        assert not caught()
        model = seqnet.load("human-dna")
        model.predict(["ACGT" * 9])
        assert not caught()
        from seqnet.core.mapping import watch_mapped_files
        watch_mapped_files()
        assert caught()
        """
    if not Path("/proc/self/status").exists():
        pytest.skip("no /proc")
    done = subprocess.run([program, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
