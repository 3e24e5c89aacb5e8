from __future__ import annotations

import pickle
import shutil
import subprocess
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from seqnet.core.errors import ResourceError, SettingError
from seqnet.training import compilation
from seqnet.training.fit import TrainingResult
from tests.building import (
    fit,
    make_dataset,
    planted,
    random_strings,
    run_config,
    same_weights,
    weights_of,
)

NEEDS_COMPILER = pytest.mark.skipif(not any(map(shutil.which, ("g++", "clang++"))), reason="there is no C++ compiler")


BREAKS_OFF = pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # PyTorch's, at graph ends


@NEEDS_COMPILER
@BREAKS_OFF
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # PyTorch's compiler of its own modules
@pytest.mark.filterwarnings("ignore:Skipping serialization:UserWarning")  # the cache of the compiler of PyTorch 2.6
def test_a_compiled_network_is_fitted_as_the_plain_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # Not in other processes, each of which would import PyTorch first.
    monkeypatch.setattr("torch._inductor.config.compile_threads", 1)
    dataset = planted((90, 48, 24))
    plain, compiled = (fit(dataset, run_config({"epochs": 2, "compile": value})) for value in (False, True))
    # Batches of 16, and one of 10.
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] >= 2
    assert same_weights(compiled, fit(dataset, run_config({"epochs": 2, "compile": True})))
    assert_close(compiled, plain)


@BREAKS_OFF
def test_a_network_that_is_compiled_in_pieces_is_fitted_as_the_plain_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # PyTorch compiles the parts before and after the recurrent layer, but not the layer. Compilation to C++ is tested
    # above; here graphs run uncompiled, which takes a twentieth of the time.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    network = {"name": "hybrid", "filters": [6], "kernels": [5], "pools": [2], "units": 4}
    dataset = planted((32, 0, 0))
    plain, compiled = (fit(dataset, run_config({"epochs": 2, "compile": value}, network)) for value in (False, True))
    assert torch._dynamo.utils.counters["graph_break"]
    assert_close(compiled, plain)
    again = pickle.loads(pickle.dumps(compiled.bundle.classifier))
    assert_close(replace(plain, bundle=replace(plain.bundle, members=(again,))), compiled)


def test_an_error_of_the_compiler_is_its_cause_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(graph: object, inputs: object) -> object:
        raise ValueError("there is no\n  such operator")

    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=fails))
    with pytest.raises(ResourceError) as caught:
        fit(planted(), run_config({"compile": True}))
    assert str(caught.value) == "training.compile: ValueError: there is no; leave it out"


@pytest.mark.parametrize("before", ["", "backend='inductor' raised:\n"])
def test_the_cause_is_the_line_after_the_name_of_the_backend(before: str) -> None:
    text = before + "LoweringException:  no such  operator\n\nSet TORCH_LOGS for more\n"
    assert compilation._cause(text) == "LoweringException: no such operator"


def assert_close(one: TrainingResult, other: TrainingResult) -> None:
    theirs = weights_of(one)
    for name, weight in weights_of(other).items():
        np.testing.assert_allclose(theirs[name], weight, atol=1e-6)


def test_sequences_of_many_lengths_are_not_compiled() -> None:
    strings = random_strings([20, 24, 9, 15] * 40)
    dataset = make_dataset(strings, [0, 1] * 80, (["train"] * 8 + ["validation"] * 2) * 16)
    with pytest.raises(SettingError, match=r"training\.compile needs sequences of one length"):
        fit(dataset, run_config({"compile": True}))


def test_a_compiled_network_can_not_be_looked_into() -> None:
    with pytest.raises(SettingError, match=r"can't be combined with training\.activity_l2"):
        fit(planted(), run_config({"compile": True, "activity_l2": 0.1}))


def test_a_machine_that_can_not_compile_is_reported(program: Path, tmp_path: Path) -> None:
    code = (
        "from tests.building import fit, planted, run_config\n"
        "from seqnet.core.errors import ResourceError\n"
        "try: fit(planted(), run_config({'compile': True}))\n"
        "except ResourceError as error: print(error)"
    )
    root = str(Path(__file__).parents[2])
    nothing = {"PYTHONPATH": root, "PATH": "", "CXX": "none", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([program, "-c", code], env=nothing, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("training.compile: InvalidCxxCompiler: ")
    assert done.stdout.endswith("; install a C++ compiler, or leave it out\n")
