"""`seqnet train --folds`, on real reads if available, otherwise on simulated ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from seqnet.core.containers import read_container
from seqnet.datasets.dataset import open_dataset
from seqnet.evaluation.calibration import tempered
from seqnet.models.bundles import open_bundle
from seqnet.models.probabilities import class_probabilities
from tests.cli.running import READS, ROOT, Runner, run_all

REAL = ROOT.parent / "shared" / "data" / "human_reads_36bp.bam"
SOURCES = [
    pytest.param((READS, r"^sim:(\d*)\d{4}:"), id="simulated"),
    pytest.param(
        (REAL, r"^MHC_H1:(\d*)\d{4}:"),
        id="real",
        marks=[
            pytest.mark.real_data,
            pytest.mark.skipif(not REAL.exists(), reason=f"no real sequences in {REAL.parent}"),
        ],
    ),
]
TINY = ("--preset", "dna-cnn", "--threads", "1", "--set", "filters=[8]", "--set", "dense=[8]")
NAMES = ("m.safetensors", "m.folds.tsv", "m.folds.json", "m.history.tsv", "m.curves.svg")


@pytest.fixture(scope="module", params=SOURCES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 2,000 reads, as many random sequences, and a cross-validated model of them."""
    reads, group = request.param
    made = tmp_path_factory.mktemp("folds")
    run_all(
        ("encode", "--class", f"human={reads}", "--class", "random=@uniform", "--limit", "2000", "--group-by", group,
         "-o", made / "d.safetensors"),
        ("train", made / "d.safetensors", *TINY, "--set", "epochs=2", "--folds", "4", "--optimize", "balanced",
         "-o", made / "m.safetensors"),
    )  # fmt: skip
    return made


def rows_of(path: Path) -> list[dict[str, str]]:
    header, *lines = [line.split("\t") for line in path.read_text().splitlines()]
    return [dict(zip(header, line, strict=True)) for line in lines]


def test_the_table_has_each_record_outside_the_test_split_once(folder: Path) -> None:
    data, rows = open_dataset(folder / "d.safetensors"), rows_of(folder / "m.folds.tsv")
    kept = np.flatnonzero(data.split < 2)
    names = data.names.text()
    assert 0 < len(kept) < len(data)
    assert list(rows[0]) == ["name", "fold", "class", "label", "p_human", "p_random"]
    assert [row["name"] for row in rows] == [names[index] for index in kept]
    assert [row["class"] for row in rows] == [data.classes[data.labels[index]] for index in kept]
    assert {row["fold"] for row in rows} == {"1", "2", "3", "4"}
    folds = np.array([int(row["fold"]) for row in rows])
    groups = data.groups[kept]
    assert len(np.unique(groups)) < len(groups)
    assert all(len(np.unique(folds[groups == group])) == 1 for group in np.unique(groups))
    for label in (0, 1):
        held = np.bincount(folds[data.labels[kept] == label])[1:]
        assert np.all(np.abs(held - held.mean()) < 0.1 * held.mean())


def test_each_record_has_the_probabilities_of_the_member_that_has_not_seen_it(folder: Path) -> None:
    data, rows = open_dataset(folder / "d.safetensors"), rows_of(folder / "m.folds.tsv")
    bundle, figures = open_bundle(folder / "m.safetensors"), json.loads((folder / "m.folds.json").read_text())
    kept = np.flatnonzero(data.split < 2)
    folds = np.array([int(row["fold"]) for row in rows])
    written = np.array([[float(row["p_human"]), float(row["p_random"])] for row in rows])
    for number, (member, row) in enumerate(zip(bundle.members, figures["folds"], strict=True), 1):
        own = folds == number
        raw = class_probabilities(member, data.tokens, kept[own])
        np.testing.assert_allclose(written[own], tempered(raw, row["temperature"]), atol=2e-6)
        right = [one["label"] == one["class"] for one in np.array(rows)[own]]
        assert row["metrics"]["accuracy"] == pytest.approx(np.mean(right))
        assert row["held_out"] == len(right)
        assert row["fitted"] + row["choosing"] + row["held_out"] == len(kept)
        sure = np.abs(written[own, 0] - row["threshold"]) > 1e-5
        decided = np.array([one["label"] == "human" for one in np.array(rows)[own]])
        assert ((written[own, 0] > row["threshold"]) == decided)[sure].all()
    assert figures["pooled"]["metrics"]["accuracy"]["value"] == pytest.approx(
        np.mean([row["label"] == row["class"] for row in rows])
    )
    assert figures["pooled"]["threshold"] is None
    accuracies = [row["metrics"]["accuracy"] for row in figures["folds"]]
    assert figures["mean"]["accuracy"] == pytest.approx(np.mean(accuracies))
    assert figures["sd"]["accuracy"] == pytest.approx(np.std(accuracies, ddof=1))


def test_the_model_is_one_and_the_test_split_is_left_to_evaluate(folder: Path, cli: Runner) -> None:
    found = json.loads(cli("inspect", folder / "m.safetensors", "--json").out)
    assert found["members"] == 4
    assert found["provenance"]["folds"] == {"count": 4, "seed": 1}
    figures = json.loads((folder / "m.folds.json").read_text())
    assert found["metrics"]["out_of_fold_auroc"] == pytest.approx(figures["mean"]["auroc"])
    assert found["calibration"]["quality"]["log_loss_after"] <= found["calibration"]["quality"]["log_loss_before"]
    words = ("evaluate", folder / "m.safetensors", folder / "d.safetensors", "--replicates", "0", "--no-baselines")
    assert "trained on some of these records" not in cli(*words).err
    assert "trained on some of these records" in cli(*words, "--split", "validation").err


def test_resume_gives_the_result_of_an_unbroken_run(folder: Path, tmp_path: Path, cli: Runner) -> None:
    words = ("train", folder / "d.safetensors", *TINY, "--set", "epochs=2", "--folds", "4", "--optimize", "balanced")
    for path in folder.glob("m.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    # The state of a run that was stopped in the third fold.
    for name in (*NAMES, "m.fold-3-of-4.checkpoint.safetensors", "m.fold-4-of-4.checkpoint.safetensors"):
        (tmp_path / name).unlink()
    outcome = cli(*words, "--resume", "-o", tmp_path / "m.safetensors")
    assert outcome.code == 0, outcome.err
    assert outcome.err.count("the run is complete: 2 of 2") == 2
    for name in NAMES[1:]:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name
    one, other = (read_container(path / "m.safetensors", ["model"], "").tensors for path in (folder, tmp_path))
    assert {name: value.tobytes() for name, value in one.items()} == {
        name: value.tobytes() for name, value in other.items()
    }
    summary = [line for line in outcome.err.splitlines() if line.startswith("accuracy")]
    mean = json.loads((folder / "m.folds.json").read_text())["mean"]["accuracy"]
    assert len(summary) == 1
    assert summary[0].startswith(f"accuracy {mean:.3f} ± ")
    assert " over 4 folds, AUROC " in summary[0]
    assert "; pooled accuracy " in summary[0]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--folds", "3", "--members", "2"), 2, "--folds and --members can't be combined: each fold has one network"),
        (("--folds", "2"), 1, "--folds must be at least 3, not 2"),
        (("--folds", "101"), 1, "--folds must be at most 100, not 101"),
    ],
)
def test_wrong_usage(words: tuple[str, ...], code: int, message: str, tmp_path: Path, cli: Runner) -> None:
    outcome = cli("train", tmp_path / "d.safetensors", *TINY, *words, "-o", tmp_path / "m.safetensors")
    assert outcome.code == code
    assert message in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_a_genome_has_no_folds(tmp_path: Path, cli: Runner) -> None:
    words = ("--class", "a=genome.fa", "--class", "b=@uniform", "--crop", "36", "--folds", "3")
    outcome = cli("train", *words, *TINY, "-o", tmp_path / "m.safetensors")
    assert outcome.code == 2
    assert "--folds and --crop can't be combined: folds need fixed records" in outcome.err


def test_classes_in_place_of_a_dataset(tmp_path: Path, cli: Runner) -> None:
    words = ("--class", f"human={READS}", "--class", "random=@uniform:40", "--group-by", r"^(sim:\d)")
    outcome = cli("train", *words, *TINY, "--folds", "50", "-o", tmp_path / "m.safetensors")
    assert outcome.code == 1
    assert "class human has" in outcome.err
    assert "groups outside the test split, fewer than the 50 folds; use fewer --folds" in outcome.err
    assert list(tmp_path.iterdir()) == []
