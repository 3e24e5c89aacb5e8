from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import seqnet
from seqnet.core.errors import SettingError
from tests.building import planted, saved
from tests.cli.running import Runner


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that tells motifs from background, files of new sequences with other shares of motifs, and a dataset."""
    path = tmp_path_factory.mktemp("fractions")
    data = saved(planted((600, 600, 0)), path / "d.safetensors")
    settings = {"epochs": 3, "filters": [8], "kernels": [8], "pools": [2], "dense": []}
    model = seqnet.train(data, network="cnn", settings=settings, threads=1)
    model.save(path / "m.safetensors")
    new = planted((0, 0, 4_000), seed=50)
    text = [row.tobytes().decode() for row in new.alphabet.decode(new.tokens.data).reshape(4_000, 24)]
    for name, motifs in (("rare", 150), ("even", 1_000)):
        chosen = [*text[0:2_000:2], *text[1 : 2 * motifs : 2]]
        (path / f"{name}.fa").write_text("".join(f">{i}\n{one}\n" for i, one in enumerate(chosen)))
        rows = [f"{one},{'noise' if index < 1_000 else 'signal'}" for index, one in enumerate(chosen)]
        (path / f"{name}.csv").write_text("\n".join(["sequence,label", *rows]) + "\n")
    return path


def column(text: str, name: str) -> list[str]:
    header, *rows = [line.split("\t") for line in text.splitlines()]
    return [row[header.index(name)] for row in rows]


def test_a_shift_is_reported_and_corrected(folder: Path, cli: Runner) -> None:
    plain = cli("predict", folder / "m.safetensors", folder / "rare.fa")
    assert "note: the class fractions seem to differ from training: signal 0.1" in plain.err
    assert "0.500 in training; --expected-fraction auto corrects probabilities and labels\n" in plain.err
    auto = cli("predict", folder / "m.safetensors", folder / "rare.fa", "--expected-fraction", "auto")
    assert auto.code == 0
    assert f"{folder / 'rare.fa'}: estimated class fractions: signal 0.1" in auto.err
    assert "seem to differ" not in auto.err
    before, after = (np.array(column(one.out, "p_signal"), dtype=float) for one in (plain, auto))
    truth = 150 / 1_150
    assert abs(after.mean() - truth) < 0.4 * abs(before.mean() - truth)
    assert (after <= before + 1e-9).all()


def test_without_a_shift_there_is_no_message(folder: Path, cli: Runner) -> None:
    words = ("predict", folder / "m.safetensors", folder / "even.fa")
    plain = cli(*words)
    assert "class fractions" not in plain.err
    auto = cli(*words, "--expected-fraction", "auto")
    assert "close to those of training, so probabilities are corrected in part, for signal 0.5" in auto.err
    before, after = (np.array(column(one.out, "p_signal"), dtype=float) for one in (plain, auto))
    assert abs(after.mean() - before.mean()) < 0.02


def test_each_output_has_separate_fractions(folder: Path, tmp_path: Path, cli: Runner) -> None:
    words = ("predict", folder / "m.safetensors", folder / "rare.fa", folder / "even.fa")
    outcome = cli(*words, "-O", tmp_path, "--expected-fraction", "auto")
    assert outcome.code == 0
    assert "rare.fa: estimated class fractions: signal 0.1" in outcome.err
    assert "even.fa: estimated class fractions: signal 0.5" in outcome.err
    alone = cli(*words[:3], "--expected-fraction", "auto")
    assert (tmp_path / "rare.tsv").read_text() == alone.out


def test_standard_input_is_refused(folder: Path, cli: Runner) -> None:
    outcome = cli("predict", folder / "m.safetensors", "-", "--expected-fraction", "auto")
    assert outcome.code == 1
    assert outcome.err == (
        "seqnet: error: --expected-fraction auto reads its input twice, and standard input can be read only once; "
        "give a file\n"
    )


def test_evaluate_reports_a_shift_too(folder: Path, tmp_path: Path, cli: Runner) -> None:
    words = ("--label-column", "label", "--no-baselines", "--replicates", "10")
    outcome = cli("evaluate", folder / "m.safetensors", folder / "rare.csv", *words, "-o", tmp_path)
    assert "seqnet: warning: the class fractions seem to differ from training: " in outcome.err
    assert any("class fractions" in line for line in json.loads((tmp_path / "metrics.json").read_text())["warnings"])
    outcome = cli("evaluate", folder / "m.safetensors", folder / "even.csv", *words)
    assert "class fractions" not in outcome.err


def test_the_library_does_the_same(folder: Path, cli: Runner) -> None:
    model = seqnet.load(folder / "m.safetensors", threads=1)
    sequences = [line for line in (folder / "rare.fa").read_text().splitlines() if not line.startswith(">")]
    auto = cli("predict", folder / "m.safetensors", folder / "rare.fa", "--expected-fraction", "auto")
    expected = np.array(column(auto.out, "p_signal"), dtype=float)
    here = model.predict(sequences, expected_fraction="auto").probabilities[:, 1]
    with model.predict_file(folder / "rare.fa", expected_fraction="auto") as parts:
        there = np.concatenate([part.probabilities[:, 1] for part in parts])
    np.testing.assert_allclose(here, expected, atol=1e-5)
    np.testing.assert_allclose(there, expected, atol=1e-5)
    with pytest.raises(SettingError, match="expected_fraction auto reads its input twice"):
        model.predict_file("-", expected_fraction="auto")
