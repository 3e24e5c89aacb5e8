"""With any description, a file is refused in one line or used, quickly and with little memory."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from seqnet.core.alphabets import alphabet
from seqnet.datasets.dataset import save_dataset
from seqnet.evaluation.novelty import describe
from seqnet.models.bundles import write_bundle
from tests.building import Recorder, encoded, fit, make_bundle, planted, random_strings, run_config
from tests.cli.running import ROOT
from tests.rewriting import header_of, write_header

DEEP: Any = []
for _ in range(600):
    DEEP = [DEEP]

VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1, 0.5, -0.5, 10**9, 2**31, 2**63, 10**30, 10**400, 1e-300, 1e300, float("nan"), float("inf"),
    "", "x", "\x1b[31m\n", "\ud800", "\udce9", "a" * 100_000, [], {}, [[]], [1], [10**9], [0.5] * 7, ["a", "a"],
    {"a": 1}, {"\ud800": "\x1b"}, DEEP,
)  # fmt: skip
"""Replacements for every value of a description."""

DROPPED = object()

EACH = int(os.environ.get("SEQNET_HOSTILE_VALUES", "1"))
"""Number of random replacements (with a fixed seed) per value; all 33 take minutes."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yields the path of every value, also of nested ones; of a list the first and the last."""
    yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*path, name))
    elif isinstance(value, list):
        for index in sorted({0, len(value) - 1} & set(range(len(value)))):
            yield from places(value[index], (*path, index))


def changed(description: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """Returns a description with another value at a place."""
    found = copy.deepcopy(description)
    inner: Any = found
    for step in path[:-1]:
        inner = inner[step]
    if value is DROPPED:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return found


def sound(folder: Path) -> dict[str, Path]:
    """Writes a small dataset, model and checkpoint with everything in their descriptions."""
    dna = alphabet("dna")
    found = {kind: folder / f"{kind}.sound" for kind in ("dataset", "model", "checkpoint")}
    data = planted((16, 8, 4), length=24)
    provenance = {"command": "seqnet encode x", "inputs": [{"path": "caf\udce9.fa", "sha256": None}], "seed": 1}
    save_dataset(found["dataset"], replace(data, generators={"noise": "uniform"}, crop=12, provenance=provenance))
    network = {
        "name": "hybrid", "filters": [4], "kernels": [3], "pools": [2], "dilations": [1], "units": 3, "dense": [5],
        "dropout_dense": [0.1], "norm": "batch", "composition": True, "profile_end_composition": [4],
        "profile_units": 4, "trees": 2, "tree_leaves": 3,
    }  # fmt: skip
    bundle = make_bundle(run_config({"early_stopping": 3}, network), window=24)
    tokens = encoded(random_strings([24] * 200))
    calibration = replace(bundle.calibration, shares=(0.5, 0.5), confidences={"0.05": 0.9, "0.01": None},
                          quality={"ece": 0.1}, changed={"bfloat16": 0.0})  # fmt: skip
    card = {"title": "a model", "failures": ["short reads", {"of": "plants"}]}
    write_bundle(
        found["model"],
        replace(bundle, calibration=calibration, card=card, novelty=describe(tokens, tokens, dna)),
    )
    fit(data, run_config(), Recorder(stop_at_epoch=2), checkpoint=found["checkpoint"], identity="abc")
    return found


@pytest.mark.timeout(600)
def test_every_field_may_hold_anything(tmp_path: Path) -> None:
    drawn = Random(1)
    whole, cases = sound(tmp_path), dict[str, tuple[tuple[Any, ...], Any]]()
    for kind, path in whole.items():
        header, data = header_of(path)
        about = json.loads(header["__metadata__"]["seqnet"])
        for place in places(about):
            for value in drawn.sample((*VALUES, DROPPED), EACH) if place else ():
                name = f"{kind}.{len(cases)}"
                cases[name] = (place, value)
                header["__metadata__"]["seqnet"] = json.dumps(changed(about, place, value))
                write_header(tmp_path / name, header, data)
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile", tmp_path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, tuple[str, float]] = json.loads(done.stdout)
    assert found.keys() == cases.keys() | {path.name for path in whole.values()}
    assert len(cases) > 200 * EACH
    assert [one for name, one in found.items() if name.endswith(".sound") and one[0] != "right"] == []
    wrong = {
        name: (cases[name][0], ascii(cases[name][1])[:40], outcome)
        for name, (outcome, _) in found.items()
        if not outcome.startswith(("right", "SeqnetError: ")) or "\n" in outcome or len(outcome) > 1_000
    }
    assert wrong == {}
    assert {name: taken for name, (_, taken) in found.items() if taken > 2} == {}
    # Most files are invalid, and are refused.
    refused = sum(outcome.startswith("SeqnetError") for outcome, _ in found.values())
    assert refused > len(found) / 2


def test_a_header_of_nothing_but_brackets_takes_no_memory(tmp_path: Path) -> None:
    import tracemalloc

    from seqnet.core.containers import read_container
    from seqnet.core.errors import ContainerError

    many = json.dumps({"kind": "dataset", "version": 3, "x": [[]] * 3_000_000}, separators=(",", ":"))
    write_header(tmp_path / "x", {"__metadata__": {"checksum": "", "seqnet": many}}, b"")
    tracemalloc.start()
    with pytest.raises(ContainerError, match="the description of the file is too large"):
        read_container(tmp_path / "x", ["dataset"], "")
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()


def test_weights_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    from seqnet.core.errors import ContainerError
    from seqnet.models.bundles import open_bundle

    for value in (np.nan, np.inf, -np.inf):
        bundle = make_bundle()
        bundle.classifier.state_dict()["network.head.output.bias"][1] = value
        write_bundle(tmp_path / "x", bundle)
        with pytest.raises(ContainerError, match=r"weights network\.head\.output\.bias have a value that is NaN"):
            open_bundle(tmp_path / "x")
