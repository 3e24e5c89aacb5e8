from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seqnet.configs.distillation import DistillOptions
from seqnet.configs.run import RunRequest
from seqnet.core.errors import AlphabetMismatchError, SettingError
from seqnet.core.provenance import file_hash
from seqnet.core.ragged import Ragged
from seqnet.training.distillation_sources import make_distillation_job, prepare_distillation
from seqnet.training.warm_start import WarmStart
from tests.building import CPU, make_bundle, make_dataset, planted, random_strings, saved

OPTIONS = DistillOptions(count=200, length=12)


def starting(name: str = "dna") -> WarmStart:
    return WarmStart.of(make_bundle(name=name, window=12))


def strings_of(tokens: Ragged) -> set[bytes]:
    return {tokens[index] for index in range(len(tokens))}


def test_of_a_dataset_only_the_train_split_is_used_and_no_generated_records(tmp_path: Path) -> None:
    made = make_dataset(
        random_strings([12] * 60),
        [0, 1] * 30,
        ["train"] * 40 + ["validation"] * 10 + ["test"] * 10,
        generators={"signal": "uniform"},
    )
    dataset = saved(made, tmp_path / "data.safetensors")
    plan = prepare_distillation(starting(), [dataset], OPTIONS, RunRequest())
    pieces = strings_of(plan.drawn.tokens.slice(0, plan.drawn.real))
    train = dataset.members("train")
    assert pieces <= strings_of(dataset.tokens.take(train[dataset.labels[train] == 0]))
    assert len(pieces) == 20
    assert plan.labelled is dataset


def test_a_dataset_with_other_classes_calibrates_nothing(tmp_path: Path) -> None:
    dataset = saved(planted(classes=("a", "b")), tmp_path / "data.safetensors")
    plan = prepare_distillation(starting(), [dataset], OPTIONS, RunRequest())
    assert plan.labelled is None
    assert plan.dataset is dataset


def test_files_and_a_dataset_go_together_and_are_in_the_provenance(tmp_path: Path) -> None:
    data = saved(planted(), tmp_path / "data.safetensors")
    file = tmp_path / "more.fa"
    file.write_text(">a\n" + "ACGT" * 100 + "\n")
    start = starting()
    plan = prepare_distillation(start, [str(file), str(data.path)], OPTIONS, RunRequest())
    job = make_distillation_job(plan, CPU, threads=1, command="seqnet distill")
    inputs = [{"path": str(one), "sha256": file_hash(one)} for one in (file, data.path)]
    assert job.provenance["data"]["inputs"] == inputs
    assert job.provenance["data"]["options"]["count"] == 200
    assert job.provenance["origin"]["sha256"] == start.sha256
    # Its test split is new to the fast model.
    assert job.provenance["dataset"] == inputs[1]
    assert job.dataset.targets is not None
    assert np.allclose(job.dataset.targets.sum(axis=1), 1)


def test_two_datasets_or_one_of_another_alphabet_are_refused() -> None:
    with pytest.raises(SettingError, match="sequences may include one dataset only"):
        prepare_distillation(starting(), [planted(), planted()], OPTIONS, RunRequest())
    with pytest.raises(AlphabetMismatchError, match="this dataset is dna, but the model is for protein; give protein"):
        prepare_distillation(starting("protein"), [planted()], OPTIONS, RunRequest())
