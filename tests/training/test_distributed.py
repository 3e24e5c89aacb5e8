from __future__ import annotations

import json
import os
import subprocess
import sys
import weakref
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch.distributed import HashStore  # type: ignore[attr-defined]

from seqnet.core.errors import ResourceError
from seqnet.core.launch import Launch
from seqnet.models.bundles import open_bundle
from seqnet.training.distributed import _SeveralProcesses, process_group
from seqnet.training.processes import BatchPart, Processes
from tests.building import CPU, make_classifier, run_config
from tests.groups import free_port, start
from tests.training.group_worker import CASES, examples, trained

GROUP = """
import weakref
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from seqnet.core.launch import Launch
from seqnet.training.distributed import process_group

with process_group(Launch(0, 1), "cpu", 10):
    DistributedDataParallel(torch.nn.Linear(3, 2))
    group = weakref.ref(dist.group.WORLD)
print(group())
"""
"""A program that trains in a group of one, and prints what is left of the group."""


def part_of(rank: int, size: int, labels: Sequence[int], weights: Sequence[float] = ()) -> BatchPart:
    rows = torch.arange(len(labels))
    batch = (rows[:, None].to(torch.uint8), rows, torch.tensor(labels))
    processes = _SeveralProcesses(Launch(rank, size), CPU)
    return processes.part(batch, torch.tensor(weights) if weights else None)


def test_processes_share_the_rows_of_a_batch() -> None:
    parts = [part_of(rank, 3, [0] * 8) for rank in range(3)]
    assert [part.lengths.tolist() for part in parts] == [[0, 3, 6], [1, 4, 7], [2, 5]]
    assert [part.rows for part in parts] == [8, 8, 8]
    assert [part.weight for part in parts] == pytest.approx([3 * 3 / 8, 3 * 3 / 8, 2 * 3 / 8])
    assert [part.share for part in parts] == [part.weight for part in parts]


def test_the_mean_loss_of_a_batch_is_that_of_its_parts_with_class_weights() -> None:
    labels, weights, losses = [0, 1, 1, 0, 1], [1.0, 3.0], np.array([0.3, 0.1, 0.7, 0.2, 0.9])
    each = np.array(weights)[labels]
    parts = [part_of(rank, 2, labels, weights) for rank in range(2)]
    means = [(each[rank::2] * losses[rank::2]).sum() / each[rank::2].sum() for rank in range(2)]
    mean = sum(part.weight * mean for part, mean in zip(parts, means, strict=True)) / 2
    assert mean == pytest.approx((each * losses).sum() / each.sum())
    assert [part.share for part in parts] == [2 * 3 / 5, 2 * 2 / 5]


def test_a_process_without_rows_computes_one_without_effect() -> None:
    part = part_of(2, 3, [0, 1])
    assert (part.lengths.tolist(), part.rows, part.weight, part.share) == ([0], 2, 0.0, 0.0)


def test_what_an_error_holds_does_not_keep_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network keeps connections open, by which other processes would wait for this one."""
    monkeypatch.setenv("MASTER_ADDR", "localhost")
    monkeypatch.setenv("MASTER_PORT", free_port())
    monkeypatch.setattr("seqnet.training.distributed._stores", [])
    held: list[weakref.ref[torch.nn.Module]] = []

    def interrupted(processes: Processes) -> None:
        network = processes.wrapped(make_classifier(run_config(), window=24))
        assert isinstance(network, torch.nn.Module)
        held.append(weakref.ref(network))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught, process_group(Launch(0, 1), "cpu", 10) as (processes, _):
        interrupted(processes)
    assert caught.traceback
    assert held[0]() is None


def test_nothing_keeps_the_connections_of_an_ended_group() -> None:
    """In a new process: what torch keeps depends on the order of its imports."""
    environment = {**os.environ, "MASTER_ADDR": "localhost", "MASTER_PORT": free_port()}
    run = subprocess.run([sys.executable, "-c", GROUP], env=environment, capture_output=True, text=True, timeout=60)
    assert (run.stdout, run.returncode) == ("None\n", 0), run.stderr


def test_a_group_that_the_program_has_made_is_refused() -> None:
    dist.init_process_group("gloo", store=HashStore(), rank=0, world_size=1)
    try:
        with pytest.raises(ResourceError) as caught, process_group(Launch(0, 2), "cpu", 1):
            pass
    finally:
        dist.destroy_process_group()
    assert caught.value.problem == "this process is in a group of torch.distributed that seqnet has not made"
    assert caught.value.remedy == "call torch.distributed.destroy_process_group before the training"


def test_three_processes_train_as_one_does(tmp_path: Path) -> None:
    # Of 62 records in batches of 20, the last batch has 2: one process has no row of it.
    assert len(examples().members("train")) % 20 == 2
    for process in start(3, ["-m", "tests.training.group_worker", tmp_path]):
        _, errors = process.communicate(timeout=100)
        assert process.returncode == 0, errors
    for name in CASES:
        alone, group = trained(name), open_bundle(tmp_path / f"{name}.safetensors").classifier.state_dict()
        for key, weight in alone.bundle.classifier.state_dict().items():
            if key.endswith("num_batches_tracked"):  # counted only where a batch has no padding
                continue
            np.testing.assert_allclose(group[key], weight, rtol=1e-3, atol=2e-5, err_msg=f"{name}: {key}")
        rows = json.loads((tmp_path / f"{name}.json").read_text())
        for row, expected in zip(rows, alone.rows, strict=True):
            assert row == pytest.approx(asdict(expected), rel=1e-3, abs=1e-5), name
