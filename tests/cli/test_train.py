from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from seqnet.core.provenance import file_hash
from tests.cli.running import Runner

TINY = ("--preset", "dna-cnn", "--threads", "1", "--set", "filters=[8]", "--set", "dense=[8]")


def test_what_is_written(trained: Path, cli: Runner) -> None:
    rows = (trained / "dna.history.tsv").read_text().splitlines()
    assert rows[0].split("\t")[:4] == ["epoch", "step", "learning_rate", "train_loss"]
    assert [row.split("\t")[0] for row in rows[1:]] == ["1", "2"]
    picture = ElementTree.parse(trained / "dna.curves.svg").getroot()
    words = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {"train", "validation", "step", "accuracy", "loss (nats)"} <= words
    assert (trained / "dna.checkpoint.safetensors").exists()


def test_inspect_shows_the_model(trained: Path, cli: Runner) -> None:
    found = json.loads(cli("inspect", trained / "dna.safetensors", "--json").out)
    assert found["parameters"] == 264_002
    assert found["classes"] == ["human", "random"]
    assert found["alphabet"] == "dna"
    assert found["metrics"]["validation_accuracy"] > 0.5
    shapes = {layer["type"]: layer["output"] for layer in found["layers"]}
    assert shapes["Conv1d"] == [64, 33]
    assert shapes["MaskedMaxPool"] == [64, 16]
    assert sum(layer["parameters"] for layer in found["layers"]) == 264_002
    assert found["provenance"]["dataset"]["sha256"]
    assert "parameters: 264,002" in cli("inspect", trained / "dna.safetensors").out


def test_the_same_seed_gives_the_same_weights(trained: Path, tmp_path: Path, cli: Runner) -> None:
    from seqnet.core.containers import read_container

    found = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        path = tmp_path / f"{name}.safetensors"
        words = ("train", trained / "reads.safetensors", *TINY, "--set", "epochs=1", "--seed", str(seed), "-o", path)
        assert cli(*words).code == 0
        tensors = read_container(path, ["model"], "").tensors
        found.append(b"".join(tensors[name].tobytes() for name in sorted(tensors)))
    assert found[0] == found[1] != found[2]


def test_resume_gives_the_result_of_an_unbroken_run(trained: Path, tmp_path: Path, cli: Runner) -> None:
    from seqnet.core.containers import read_container

    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    words = ("train", trained / "reads.safetensors", *TINY, "--set", "schedule=constant")
    assert cli(*words, "--set", "epochs=3", "-o", whole).code == 0
    assert cli(*words, "--set", "epochs=1", "-o", parts).code == 0
    outcome = cli(*words, "--set", "epochs=3", "--resume", "-o", parts)
    assert "continuing after epoch 1 of 3" in outcome.err
    one, two = (read_container(path, ["model"], "").tensors for path in (whole, parts))
    assert {name: value.tobytes() for name, value in one.items()} == {
        name: value.tobytes() for name, value in two.items()
    }
    other = cli(*words, "--set", "epochs=3", "--set", "batch_size=7", "--resume", "-o", parts)
    assert other.code == 1
    assert "training.batch_size = 256, this run has 7" in other.err


def test_a_config_file_and_single_settings(trained: Path, tmp_path: Path, cli: Runner) -> None:
    config = tmp_path / "run.toml"
    config.write_text('[network]\nname = "recurrent"\nunits = 3\n[training]\nepochs = 5\n')
    output = tmp_path / "m.safetensors"
    words = ("train", trained / "reads.safetensors", "--config", config, "--set", "epochs=1", "-o", output)
    assert cli(*words, "--threads", "1").code == 0
    found = json.loads(cli("inspect", output, "--json").out)["config"]
    assert found["network"]["units"] == 3
    assert found["training"]["epochs"] == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--set", "epochs=0"), "training.epochs must be at least 1, not 0"),
        (("--set", "xyzzy=1"), "there is no setting xyzzy; use one of "),
        (("--set", "device=cpu"), "there is no setting device; use --device"),
        (("--set", "epochs"), "--set must be KEY=VALUE, not 'epochs'"),
        (("--set", "network.name=nonsense"), "network.name must be one of dense, cnn"),
        (("--device", "cuda:77"), "--device must be one of cpu"),
        (("--network", "hybrid", "--set", "kernels=[3,3]"), "network.kernels must be a list of 1 number"),
    ],
)
def test_wrong_settings(words: tuple[str, ...], message: str, trained: Path, tmp_path: Path, cli: Runner) -> None:
    outcome = cli("train", trained / "reads.safetensors", *words, "-o", tmp_path / "m.safetensors")
    assert outcome.code == 1
    assert outcome.err.startswith(f"seqnet: error: {message}")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_side_file_is_refused_before_any_work(trained: Path, tmp_path: Path, cli: Runner) -> None:
    (tmp_path / "m.curves.svg").write_text("precious")
    outcome = cli("train", trained / "reads.safetensors", *TINY, "-o", tmp_path / "m.safetensors")
    assert outcome.code == 1
    assert "m.curves.svg: already exists" in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["m.curves.svg"]


def test_training_from_a_genome(tmp_path: Path, cli: Runner) -> None:
    import numpy as np

    from seqnet.datasets.dataset import open_dataset

    rng = np.random.default_rng(1)
    letters = np.array(list("AAAAAACGTT"))
    genome = tmp_path / "genome.fa"
    genome.write_text(
        ">chr1\n" + "".join(rng.choice(letters, 80_000)) + "N" * 500 + "".join(rng.choice(letters, 60_000)) + "\n"
    )
    model = tmp_path / "m.safetensors"
    words = ("--class", f"a={genome}", "--class", "b=@uniform", "--crop", "30", "--split", "60/20/20")
    settings = (
        "--set",
        "epochs=1",
        "--set",
        "epoch_size=20000",
        "--set",
        "learning_rate=0.02",
        "--set",
        "window=30",
        "--threads",
        "1",
    )
    outcome = cli("train", *words, *TINY, *settings, "-o", model)
    assert outcome.code == 0, outcome.err
    data = open_dataset(tmp_path / "m.dataset.safetensors")
    assert data.crop == 30
    assert data.counts()[:, 1:].tolist() == [[10_000, 10_000]] * 2
    blocks = data.tokens.take(data.members("train"))
    assert blocks.lengths.max() == 1405
    assert blocks.data.max() == 4
    text = genome.read_text().split("\n")[1]
    names = data.names.text()
    held = [(name, data.tokens[i]) for i, name in enumerate(names) if name.startswith("chr1:") and "+" in name][:50]
    for name, tokens in held:
        block, _, offset = name.removeprefix("chr1:").partition("+")
        start = int(block.split("-")[0]) - 1 + int(offset)
        assert data.alphabet.decode(np.frombuffer(tokens, np.uint8)).tobytes().decode() == text[start : start + 30]
    # The state of a run that was stopped during its first epoch.
    for path in tmp_path.glob("m.*"):
        if path.name != "m.dataset.safetensors":
            path.unlink()
    again = cli("train", *words, *TINY, *settings, "-o", model)
    assert again.code == 1
    assert "m.dataset.safetensors: already exists; continue it with --resume, or replace it with --force" in again.err
    assert cli("train", *words, *TINY, *settings, "-o", model, "--resume").code == 0
    usual = json.loads(cli("inspect", model, "--json").out)["novelty"]
    assert (usual["shortest"], usual["longest"]) == (27, None)
    # A and T are 80 % of the genome, on both strands, and 50 % of random sequence.
    assert usual["shares"] == pytest.approx({"A": 0.325, "C": 0.175, "G": 0.175, "T": 0.325, "codes": 0}, abs=0.01)
    found = cli("evaluate", model, tmp_path / "m.dataset.safetensors", "--replicates", "0")
    assert found.code == 0
    assert "accuracy              0.9" in found.out


def test_a_dataset_or_classes(trained: Path, tmp_path: Path, cli: Runner) -> None:
    assert cli("train", "-o", tmp_path / "m").code == 2
    assert cli("train", trained / "reads.safetensors", "--class", "a=b", "-o", tmp_path / "m").code == 2


def test_the_dataset_is_looked_at_before_the_first_epoch(trained: Path, tmp_path: Path, cli: Runner) -> None:
    model, data = tmp_path / "m.safetensors", trained / "proteins.safetensors"
    words = ("train", data, "--network", "cnn", "--threads", "1", "--set", "filters=[2]", "--set", "dense=[2]")
    lines = cli(*words, "--set", "epochs=1", "-o", model).err.splitlines()
    assert lines[0].startswith("seqnet: warning: length alone: AUROC 0.6")
    assert lines[1] == f"quick audit: 5 checks passed, 1 warning; for all checks: seqnet audit {data}"
    assert lines[2:4] == ["using the CPU, 1 thread", lines[3]]
    assert lines[3].startswith("epoch   1")
    assert "audit" not in cli(*words, "--set", "epochs=2", "--resume", "-o", model).err
    assert "audit" not in cli(*words, "--set", "epochs=1", "--no-audit", "--force", "-o", model).err


def fasta(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("".join(f">r{index} label={label}\n{string}\n" for index, (string, label) in enumerate(rows)))
    return path


def test_without_a_preset_one_that_fits_is_chosen(tmp_path: Path, cli: Runner) -> None:
    from tests.building import random_strings

    # The classes differ only in the order of two words, so shares of short k-mers do not separate them.
    rows = []
    for index, string in enumerate(random_strings([60] * 600, seed=4)):
        words, at = ("TTGACAGG", "CCAATCAG")[:: 1 if index % 2 else -1], index % 30
        text = string[:at] + words[0] + string[at + 8 : at + 14] + words[1] + string[at + 22 :]
        rows.append((text.replace("T", "U"), f"c{index % 2}"))
    data, model = tmp_path / "d.safetensors", tmp_path / "m.safetensors"
    source = fasta(tmp_path / "in.fa", rows)
    assert cli("encode", source, "--label-regex", "label=(.+)", "--split", "60/20/20", "-o", data).code == 0
    outcome = cli("train", data, "--threads", "1", "--set", "epochs=12", "--set", "units=16", "-o", model)
    line = (
        "chosen settings: preset dna-deep-hybrid (RNA, 60 bases, 360 training records), epochs=66, batch_size=16, "
        "learning_rate=0.00075; --preset chooses another"
    )
    assert outcome.err.splitlines()[0] == line, outcome.err
    found = json.loads(cli("inspect", model, "--json").out)
    assert (found["provenance"]["preset"], found["provenance"]["recipe"]) == ("dna-deep-hybrid", line)
    assert found["config"]["training"]["epochs"] == 12
    assert found["config"]["training"]["batch_size"] == 16
    assert found["config"]["network"]["units"] == 16
    metrics = cli("evaluate", model, data, "--replicates", "0", "--no-baselines").out
    accuracy = float(next(row.split()[1] for row in metrics.splitlines() if row.startswith("accuracy")))
    assert accuracy > 0.9


def test_a_named_network_is_not_a_recipe(trained: Path, tmp_path: Path, cli: Runner) -> None:
    small = ("--set", "filters=[2]", "--set", "dense=[2]", "--set", "epochs=1", "--threads", "1", "--no-audit")
    for index, words in enumerate([("--network", "cnn"), ("--set", "network.name=cnn")]):
        model = tmp_path / f"{index}.safetensors"
        outcome = cli("train", trained / "reads.safetensors", *words, *small, "-o", model)
        assert outcome.err.startswith("using the CPU, 1 thread\nepoch   1"), outcome.err
        found = json.loads(cli("inspect", model, "--json").out)
        assert (found["provenance"]["preset"], found["provenance"]["recipe"]) == (None, None)
        assert found["config"]["network"]["name"] == "cnn"


def test_a_preset_for_proteins_is_warned_of_with_reads(trained: Path, tmp_path: Path, cli: Runner) -> None:
    words = ("train", trained / "reads.safetensors", "--set", "epochs=1", "--threads", "1", "--no-audit")
    outcome = cli(*words, "--preset", "solubility-cnn", "-o", tmp_path / "m.safetensors")
    assert outcome.code == 0
    warnings = [line for line in outcome.err.splitlines() if line.startswith("seqnet: warning:")]
    assert warnings == [
        "seqnet: warning: the preset solubility-cnn is for protein, but this dataset is DNA; without --preset, a "
        "suitable one is chosen"
    ]


def test_from_a_model(trained: Path, tmp_path: Path, cli: Runner) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    data = trained / "proteins.safetensors"
    tiny = ("--set", "epochs=1", "--threads", "1", "--no-audit")
    assert cli("train", data, "--network", "dense", "--set", "dense=[2]", *tiny, "-o", first).code == 0
    outcome = cli("train", data, "--from", first, "--freeze", *tiny, "-o", second)
    assert outcome.code == 0
    assert f"starting from {first}: encoder, network and head are kept; only the head is trained" in outcome.err
    found = json.loads(cli("inspect", second, "--json").out)
    about = found["origin"]
    assert about["model"] == str(first)
    assert about["sha256"] == file_hash(first)
    assert found["config"]["network"]["dense"] == [2]
    assert "origin" in cli("inspect", second).out
    refused = cli("train", data, "--from", first, "--network", "cnn", "-o", tmp_path / "x.safetensors")
    assert refused.err.endswith(f"network.name can't be 'cnn': {first}, which --from names, has 'dense'\n")
    refused = cli("train", data, "--freeze", "-o", tmp_path / "x.safetensors")
    assert refused.err.endswith("--freeze needs --from; see seqnet train --help\n")
    refused = cli("train", data, "--from", first, "--folds", "3", "-o", tmp_path / "x.safetensors")
    assert "which was trained on records of all folds" in refused.err
    refused = cli("train", trained / "reads.safetensors", "--from", first, "-o", tmp_path / "x.safetensors")
    assert f"this dataset is dna, but {first} is a model for protein" in refused.err
    refused = cli("train", data, "--from", first, "-o", first, "--force")
    assert "this is also an input" in refused.err


@pytest.mark.parametrize("words", [("train",), ("tune", "--space", "space.toml")])
def test_an_output_without_a_name_is_refused(words: tuple[str, ...], cli: Runner) -> None:
    outcome = cli(*words, "data.safetensors", "-o", ".")
    assert (outcome.code, outcome.err) == (1, "seqnet: error: .: this is a directory; name a file in it\n")
