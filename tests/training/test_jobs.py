from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

from seqnet.core.provenance import file_hash
from seqnet.datasets.run_choice import ChosenRun
from seqnet.training.history import EpochRow
from seqnet.training.jobs import ProgressLines, make_job, opening_lines
from tests.building import CPU, planted, run_config, saved

ROW = EpochRow(3, 30, 0.1, 0.5, 0.75, 0.4, 0.8, 0.9)


def test_a_job_has_its_provenance(tmp_path: Path) -> None:
    data = saved(planted(), tmp_path / "d.safetensors")
    job = make_job(data, ChosenRun(run_config(), "dna-cnn", "why"), CPU, threads=3, command="seqnet train d")
    assert (job.checkpoints, job.optimize, job.resume, job.config) == ((None,), None, False, run_config())
    assert job.dataset_hash == file_hash(data.path)
    about = dict(job.provenance)
    assert about.pop("versions").keys() >= {"python", "seqnet", "torch"}
    assert about == {
        "preset": "dna-cnn",
        "recipe": "why",
        "threads": 3,
        "command": "seqnet train d",
        "dataset": {"path": str(data.path), "sha256": job.dataset_hash},
        "data": {"seed": 1},
        "device": "cpu",
    }


def test_the_digest_of_a_file_that_is_gone_is_taken_from_the_dataset() -> None:
    data = replace(planted(), digest="abc")
    assert make_job(data, ChosenRun(run_config(), None), CPU, threads=1).dataset_hash == "abc"


def test_shuffled_classes_are_told_where_they_were_found() -> None:
    config = run_config(augmentation={"fresh_shuffles": ["noise", "more"]})
    _, line = opening_lines(
        planted(), ChosenRun(config, "lstm", "recipe: lstm", shuffled=("noise", "more")), audit=False
    )
    assert line == (
        "most records of classes noise, more are shuffles of records of other classes, so they are shuffled anew in "
        "every epoch; --set augmentation.fresh_shuffles=[] keeps them"
    )
    assert list(opening_lines(planted(), ChosenRun(config, "lstm", "recipe: lstm"), audit=False)) == ["recipe: lstm"]


def test_the_messages_before_a_training() -> None:
    data = planted()
    assert list(opening_lines(data, ChosenRun(run_config(), None), audit=False)) == []
    chosen = ChosenRun(run_config(), "lstm", "recipe: lstm", "it may not suit")
    lines = list(opening_lines(data, chosen, audit=True))
    assert lines[:2] == ["recipe: lstm", "seqnet: warning: it may not suit"]
    assert any("quick audit" in line for line in lines[2:])


def told_of(network: str, row: EpochRow, *, best: bool) -> str:
    lines: list[str] = []
    config = run_config({"epochs": 5}, {"name": network})
    observer = ProgressLines(
        lines.append, make_job(replace(planted(), digest="a"), ChosenRun(config, None), CPU, threads=1), threads=1
    )
    observer.step(1, 1, 2, 0.5)
    observer.step(1, 2, 2, 0.5)
    observer.epoch(row, best)
    where, line = lines
    assert where == "using the CPU, 1 thread"
    return re.sub(r" \d+ s", " 0 s", line)


def test_lines_of_networks_that_are_trained_at_the_same_time_begin_with_their_name() -> None:
    lines: list[str] = []
    chosen = ChosenRun(run_config({"epochs": 5}), None)
    observer = ProgressLines(lines.append, make_job(replace(planted(), digest="a"), chosen, CPU, threads=2), threads=2)
    one, other = observer.member("network 1"), observer.member("network 2")
    one.begin(run_config({"epochs": 9}))
    one.step(1, 1, 2, 0.5)
    other.step(1, 1, 2, 0.5)
    other.note("a fact")
    other.note("seqnet: warning: odd")
    one.epoch(ROW, False)
    other.epoch(ROW, False)
    observer.note("all")
    assert observer.notes == ["all", "network 2: a fact", "seqnet: warning: network 2: odd"]
    assert [line[:26] for line in lines] == [
        "using the CPU, 2 threads",
        "network 2: a fact",
        "seqnet: warning: network 2: odd"[:26],
        "network 1: epoch   3 of 9 ",
        "network 2: epoch   3 of 5 ",
        "all",
    ]


def test_a_line_for_each_epoch() -> None:
    line = (
        "epoch   3 of 5  train loss 0.5000 accuracy 0.7500  validation loss 0.4000 accuracy 0.8000 AUROC 0.9000"
        "  0 s elapsed"
    )
    assert told_of("cnn", ROW, best=False) == line
    assert told_of("cnn", ROW, best=True) == f"{line}  lowest validation loss so far"
    # Without a validation split each epoch is the best so far, which says nothing.
    assert not told_of("cnn", replace(ROW, validation_loss=math.nan), best=True).endswith("so far")
