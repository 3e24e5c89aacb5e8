"""A classifier with a protein language model, from training to prediction."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import READS, Runner, run_all
from tests.nn.plm.models import CHANNELS, save_model

NETWORK = ("--network", "cnn", "--set", "filters=[6]", "--set", "kernels=[3]", "--set", "pools=[1]", "--threads", "1")
RECORDS = ["MKTAYIAKQR", "MWCWCWGG", "AAAAGGGGSSSSTTTT*", "MXXBZJUO", "MKV"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a language model, a dataset and a classifier of it, and an encoded dataset of reads."""
    place = tmp_path_factory.mktemp("plm")
    save_model(place / "esm")
    fasta = "".join(f">r{index} label={index % 2}\n{RECORDS[index % 5]}{'AC'[index % 2] * (index % 7 + 1)}\n"
                    for index in range(60))  # fmt: skip
    (place / "proteins.fa").write_text(fasta)
    run_all(
        ("encode", place / "proteins.fa", "--label-regex", r"label=(\S+)", "-o", place / "proteins.safetensors"),
        ("encode", "--class", f"human={READS}", "--class", "random=@uniform", "-o", place / "reads.safetensors"),
        ("train", place / "proteins.safetensors", "--encoder", "plm", "--set", f"encoder.model={place / 'esm'}",
         "--set", f"cache={place / 'cache'}", *NETWORK, "--set", "epochs=2", "-o", place / "model.safetensors"),
    )  # fmt: skip
    return place


def test_training_says_what_it_embeds(folder: Path, cli: Runner) -> None:
    found = cli("train", folder / "proteins.safetensors", "--encoder", "plm", "--set", f"model={folder / 'esm'}",
                "--set", f"cache={folder / 'cache2'}", *NETWORK, "--set", "epochs=1", "--members", "2",
                "-o", folder / "second.safetensors")  # fmt: skip
    assert found.code == 0
    assert "Loading" not in found.err
    (place,) = (folder / "cache2").iterdir()
    first, second = [line for line in found.err.splitlines() if line.startswith("embeddings in ")]
    assert first.startswith(f"embeddings in {place}: 0 are stored, ")
    assert second.endswith(" are stored, 0 are computed and take 0.00 GB")


def test_the_model_file_has_no_weights_of_the_language_model(folder: Path, cli: Runner) -> None:
    assert (folder / "esm" / "model.safetensors").stat().st_size > 5000
    found = json.loads(cli("inspect", folder / "model.safetensors", "--json").out)
    encoder = found["config"]["encoder"]
    assert (encoder["model"], encoder["dimension"]) == (str(folder / "esm"), CHANNELS)
    first = found["layers"][0]
    assert first == {"name": "encoder", "type": "LanguageModelStates", "output": [8, found["window"]], "parameters": 0}
    assert sum(layer["parameters"] for layer in found["layers"]) == found["parameters"]


def test_predict_and_evaluate_use_the_model_and_leave_the_cache_as_it_is(folder: Path, cli: Runner) -> None:
    fasta = folder / "new.fa"
    fasta.write_text("".join(f">n{index}\n{one}\n" for index, one in enumerate([*RECORDS, "M" * 250])))
    before = sorted((folder / "cache").rglob("*"))
    plm = ("--plm", folder / "esm")
    found = cli("predict", folder / "model.safetensors", fasta, "--threads", "1", *plm)
    assert found.code == 0, found.err
    rows = [line.split("\t") for line in found.out.splitlines()[1:]]
    assert [row[-1] for row in rows] == ["ok"] * 5 + ["unusual_length"]
    assert len({row[2] for row in rows}) == 6
    words = ("evaluate", folder / "model.safetensors", folder / "proteins.safetensors", "--threads", "1")
    assert cli(*words, *plm).code == 0
    assert sorted((folder / "cache").rglob("*")) == before


def test_another_model_is_one_line(folder: Path, cli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    other = save_model(folder / "other", seed=9)
    monkeypatch.setenv("SEQNET_PLM", str(other))
    for words in (["predict"], ["evaluate"]):
        last = folder / ("proteins.fa" if words == ["predict"] else "proteins.safetensors")
        found = cli(*words, folder / "model.safetensors", last)
        assert (found.code, found.out) == (1, "")
        (line,) = found.err.splitlines()
        assert line.startswith(f"seqnet: error: {other}: the files of this language model have SHA-256 ")
        assert line.endswith("; name that model with --plm")


def test_a_model_that_is_gone_is_one_line_and_inspect_continues(
    folder: Path, cli: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = (folder / "esm").rename(folder / "moved")
    try:
        found = cli("predict", folder / "model.safetensors", folder / "proteins.fa", "--plm", folder / "esm")
        assert (found.code, found.out) == (1, "")
        line = f"seqnet: error: {folder / 'esm'}: there is no language model in this folder; correct encoder.model"
        assert found.err.startswith(line)
        assert len(found.err.splitlines()) == 1
        assert cli("inspect", folder / "model.safetensors").code == 0
        monkeypatch.setenv("SEQNET_PLM", str(moved))
        assert cli("predict", folder / "model.safetensors", folder / "proteins.fa").code == 0
    finally:
        moved.rename(folder / "esm")


def test_a_language_model_that_the_user_has_not_named_is_not_looked_for(folder: Path, cli: Runner) -> None:
    expected = (
        f"seqnet: error: this classifier needs the language model that it was trained on, {folder / 'esm'}; name its "
        "folder, or its name on the Hugging Face hub, with --plm\n"
    )
    for command, last in (("predict", "proteins.fa"), ("evaluate", "proteins.safetensors")):
        found = cli(command, folder / "model.safetensors", folder / last)
        assert (found.code, found.out, found.err) == (1, "", expected)


def test_dna_is_refused(folder: Path, cli: Runner) -> None:
    found = cli("train", folder / "reads.safetensors", "--network", "hybrid", "--encoder", "plm", "--no-audit",
                "--set", f"model={folder / 'esm'}", "-o", folder / "dna.safetensors")  # fmt: skip
    assert found.code == 1
    assert found.err == ("seqnet: error: encoder.name plm needs protein sequences, not dna; use another encoder\n")
    assert not (folder / "dna.safetensors").exists()


def test_missing_transformers_is_one_line(folder: Path, cli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    expected = "seqnet: error: encoder plm: needs transformers, which is not installed; pip install 'seqnet[plm]'\n"
    trained = cli("train", folder / "proteins.safetensors", "--network", "hybrid", "--encoder", "plm", "--no-audit",
                  "--set", f"model={folder / 'esm'}", "-o", folder / "none.safetensors")  # fmt: skip
    used = cli("predict", folder / "model.safetensors", folder / "proteins.fa", "--plm", folder / "esm")
    assert [(one.code, one.out, one.err) for one in (trained, used)] == [(1, "", expected)] * 2
    assert cli("inspect", folder / "model.safetensors").code == 0


def test_other_encoders_import_no_transformers() -> None:
    program = "import sys, seqnet.training, seqnet.models.inspection, seqnet.nn.plm\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {"transformers", "huggingface_hub"}.isdisjoint(done.stdout.split())
    assert "seqnet.nn.plm.model" in done.stdout.split()
