from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import PROTEINS, Runner


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("trian",), "there is no command trian; did you mean train? see seqnet --help"),
        (("xyzzy",), "there is no command xyzzy; see seqnet --help"),
        (("predict", "m", "x", "--treads", "1"), "there is no option --treads; did you mean --threads? see"),
        (("evaluate", "m", "x", "--html"), "there is no option --html; did you mean --report? see"),
        (("train", "d", "-o", "m", "--epochs", "3"), "there is no option --epochs; did you mean --set epochs=3? see"),
        (("train", "d", "-o", "m", "--epochs=3"), "there is no option --epochs; did you mean --set epochs=3? see"),
        (("train", "d", "-o", "m", "--lr", "0.01"), "did you mean --set learning_rate=0.01? see seqnet train --help"),
        (("train", "d", "-o", "m", "--batch-size", "a b"), "did you mean --set batch_size='a b'? see"),
        (("train", "d", "-o", "m", "--units", "--force"), "did you mean --set units=VALUE? see"),
        (("train", "d", "-o", "m", "--fold", "5"), "there is no option --fold; did you mean --folds? see"),
        (("train", "d", "-o", "m", "--patience", "5"), "did you mean --set early_stopping=5? see seqnet train --help"),
        (("tune", "d", "-o", "m", "--dropout-input", "0.5"), "did you mean --set dropout_input=0.5? see"),
        (("predict", "m", "x", "--cores", "4"), "there is no option --cores; did you mean --threads? see"),
        (("inspect", "m", "--gpu"), "there is no option --gpu; see seqnet inspect --help"),
        (("predict", "m", "x", "--batch-size", "3"), "there is no option --batch-size; see seqnet predict --help"),
        (("train", "d", "-o", "m", "--preset", "dna-cnnn"), "; did you mean dna-cnn or "),
    ],
)
def test_what_may_be_meant(cli: Runner, words: tuple[str, ...], line: str) -> None:
    outcome = cli(*words)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("seqnet: error: ")
    assert outcome.err.count("\n") == 1
    assert line in outcome.err


@pytest.mark.parametrize(
    ("assignment", "line"),
    [
        ("lr=0.01", "there is no setting lr; did you mean learning_rate?"),
        ("epochs=three", "training.epochs must be a whole number, not 'three'"),
        ("device=cpu", "there is no setting device; use --device"),
        ("patience=3", "there is no setting patience; it is now called training.early_stopping"),
        ("momentum=0.9", "training.momentum has no effect: it needs training.optimizer = sgd"),
        ("kept_rate=0.1", "training.kept_rate needs --from"),
        ("epoch_size=10", "training.epoch_size has no effect: it needs a dataset that was made with encode --crop"),
        ("optimizer=adamm", "training.optimizer must be one of sgd, adam, adamw, not 'adamm'; did you mean "),
    ],
)
def test_settings(cli: Runner, trained: Path, tmp_path: Path, assignment: str, line: str) -> None:
    words = ("train", trained / "reads.safetensors", "--network", "dense", "-o", tmp_path / "m.safetensors")
    outcome = cli(*words, "--set", assignment)
    assert outcome.code == 1
    assert outcome.err.startswith(f"seqnet: error: {line}")


def test_proteins_have_no_reverse_complement(cli: Runner, tmp_path: Path) -> None:
    assert cli("encode", PROTEINS, "--label-regex", r"label=(\S+)", "-o", tmp_path / "p.safetensors").code == 0
    words = ("train", tmp_path / "p.safetensors", "--network", "dense", "--set", "reverse_complement=true")
    outcome = cli(*words, "-o", tmp_path / "m.safetensors")
    assert outcome.err.endswith(
        "seqnet: error: augmentation.reverse_complement must be false: protein has no reverse complement\n"
    )


def test_percentages_add_up(cli: Runner, tmp_path: Path) -> None:
    outcome = cli("encode", PROTEINS, "--label-column", "x", "--split", "80/10/20", "-o", tmp_path / "d.safetensors")
    assert outcome.code == 1
    assert outcome.err == (
        "seqnet: error: --split must be three percentages, train/validation/test, that add up to 100, such as "
        "80/10/10, not '80/10/20'\n"
    )
