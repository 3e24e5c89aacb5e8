from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import seqnet
from seqnet.core.errors import ContainerError, SeqnetError, SettingError
from tests.api.conftest import cli as cli
from tests.building import make_bundle, random_strings
from tests.cli.running import Runner

FEW = {"training.epochs": 12, "network.filters": [16], "network.dense": [32]}


def test_a_model_in_memory_teaches_a_fast_one(tmp_path: Path) -> None:
    genome = tmp_path / "genome.fa"
    genome.write_text(">g\n" + "".join(random_strings([3_000])) + "\n")
    model = seqnet.Model(make_bundle(), threads=1)
    lines: list[str] = []
    fast = seqnet.distill(model, genome, settings=FEW, count=2000, threads=1, progress=lines.append)
    assert fast.classes == model.classes
    assert fast.card["teacher"]["model"] == "a model in memory"
    assert lines[0].startswith("chosen settings: preset dna-fast")
    assert lines[-1].startswith("kept epoch ")
    assert fast.metrics["agreement"] > 0.7
    fast.save(tmp_path / "fast.safetensors")
    again = seqnet.load(tmp_path / "fast.safetensors", threads=1).predict(["ACGTACGTACGT"])
    assert again.probabilities.tolist() == fast.predict(["ACGTACGTACGT"]).probabilities.tolist()


def test_unknown_and_wrong_options_are_named_in_the_words_of_python() -> None:
    model = seqnet.Model(make_bundle(), threads=1)
    with pytest.raises(SettingError, match="there is no setting counts"):
        seqnet.distill(model, counts=3)
    with pytest.raises(SettingError, match=r"^random needs sequences"):
        seqnet.distill(model, random="composition")
    with pytest.raises(SettingError, match=r"^sequence_column needs sequence files as sequences"):
        seqnet.distill(model, "d.safetensors", sequence_column="read")
    with pytest.raises(SettingError, match=r"^plm needs the path or the name of a model"):
        seqnet.distill(model, plm="folder")


def test_options_of_reading_are_those_of_the_command(tmp_path: Path, cli: Runner) -> None:
    seqnet.Model(make_bundle(), threads=1).save(tmp_path / "m.safetensors")
    table = tmp_path / "reads.csv"
    table.write_text("\n".join(["name,read", *(f"r{at},{text}" for at, text in enumerate(random_strings([40] * 60)))]))
    few = {"training.epochs": 1, "network.filters": [4], "network.dense": [4]}
    options: Any = {"count": 100, "sequence_column": "read", "settings": few, "device": "cpu", "threads": 1}
    fast = seqnet.distill(tmp_path / "m.safetensors", table, **options)
    words = [word for name, value in few.items() for word in ("--set", f"{name}={value}")]
    done = cli("distill", tmp_path / "m.safetensors", table, "-o", tmp_path / "theirs.safetensors", "--count", 100,
               "--sequence-column", "read", "--device", "cpu", "--threads", 1, *words)  # fmt: skip
    assert done.code == 0, done.err
    theirs = seqnet.load(tmp_path / "theirs.safetensors", threads=1)
    strings = random_strings([12] * 5)
    assert fast.predict(strings).probabilities.tolist() == theirs.predict(strings).probabilities.tolist()
    with pytest.raises(SeqnetError, match="column"):
        seqnet.distill(tmp_path / "m.safetensors", table, count=100, threads=1)


def test_the_fast_version_of_a_model_of_the_package_is_loaded_on_request() -> None:
    fast = seqnet.load("human-dna", fast=True, threads=1)
    assert fast.card["teacher"]["model"] == "human-dna"
    assert fast.classes == seqnet.load("human-dna", threads=1).classes
    with pytest.raises(ContainerError, match=r"solubility: there is no fast version of this model; leave out fast, or"):
        seqnet.load("solubility", fast=True)
