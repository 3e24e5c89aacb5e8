from __future__ import annotations

import gzip
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from seqnet.configs.explanation import ExplainOptions
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.logos import LogoFiles
from seqnet.explanation.streaming import Destination, write_attributions
from seqnet.models.bundles import open_bundle
from seqnet.prediction.streaming import Placed
from tests.cli.running import PROTEINS, READS, Runner

HEADER = ["name", "position", "symbol", "attribution", "to_A", "to_C", "to_G", "to_T", "class", "logit", "status"]
FASTA = ">a\nACGTTGCATGCAAGCTAGCTAGCATCGATCGATCGA\n>b\nACG!\n>c\n\n>a/2 $x\nACGTN\n"


@pytest.fixture
def reads(tmp_path: Path) -> Path:
    path = tmp_path / "reads.fa"
    path.write_text(FASTA)
    return path


def rows_of(text: str) -> list[dict[str, str]]:
    header, *lines = [line.split("\t") for line in text.splitlines()]
    return [dict(zip(header, line, strict=True)) for line in lines]


def test_one_row_for_each_record_and_position(trained: Path, reads: Path, cli: Runner) -> None:
    outcome = cli("explain", trained / "dna.safetensors", reads)
    assert outcome.code == 0
    assert outcome.out.splitlines()[0].split("\t") == HEADER
    rows = rows_of(outcome.out)
    assert [row["name"] for row in rows] == ["a"] * 36 + ["b", "c"] + ["a/2"] * 5
    assert "".join(row["symbol"] for row in rows[:36]) == FASTA.splitlines()[1]
    assert [row["position"] for row in rows[:36]] == [str(place + 1) for place in range(36)]
    assert [list(row.values())[1:] for row in rows[36:38]] == [[""] * 9 + ["invalid_symbol"], [""] * 9 + ["empty"]]
    assert {row["class"] for row in rows[:36]} == {"human"}
    assert outcome.err.splitlines()[-1] == "4 records: 1 ok, 1 empty, 1 invalid_symbol, 1 unusual_length"
    for row in (*rows[:36], *rows[38:]):
        effects = {symbol: float(row[f"to_{symbol}"]) for symbol in "ACGT"}
        others = [effect for symbol, effect in effects.items() if symbol != row["symbol"]]
        assert row["symbol"] == "N" or effects[row["symbol"]] == 0
        assert float(row["attribution"]) == pytest.approx(-np.mean(others), abs=2e-6)


def test_effects_are_differences_of_predictions(trained: Path, tmp_path: Path, reads: Path, cli: Runner) -> None:
    model, sequence = trained / "dna.safetensors", FASTA.splitlines()[1]
    row = rows_of(cli("explain", model, reads, "--records", "a").out)[4]
    variants = tmp_path / "variants.fa"
    variants.write_text(f">old\n{sequence}\n>new\n{sequence[:4]}A{sequence[5:]}\n")
    from seqnet.models.bundles import open_bundle

    temperature = open_bundle(model).calibration.temperature
    found = [float(line["p_human"]) for line in rows_of(cli("predict", model, variants, "--precision", "float32").out)]
    old, new = (temperature * np.log(p / (1 - p)) for p in found)
    assert float(row["logit"]) == pytest.approx(old, abs=1e-4)
    assert float(row["to_A"]) == pytest.approx(new - old, abs=1e-4)


def test_the_class_turns_the_signs_of_two(trained: Path, reads: Path, cli: Runner) -> None:
    ours, theirs = (
        rows_of(cli("explain", trained / "dna.safetensors", reads, "--records", "a", *words).out)
        for words in ((), ("--class", "random"))
    )
    assert {row["class"] for row in theirs} == {"random"}
    for one, other in zip(ours, theirs, strict=True):
        assert float(one["attribution"]) == -float(other["attribution"])


@pytest.mark.parametrize("method", ["gradient", "integrated"])
def test_gradients_have_no_columns_of_substitutions(method: str, trained: Path, reads: Path, cli: Runner) -> None:
    words = ("--method", method, *(("--steps", "4") if method == "integrated" else ()))
    outcome = cli("explain", trained / "dna.safetensors", reads, *words)
    assert outcome.code == 0
    assert list(rows_of(outcome.out)[0]) == [name for name in HEADER if not name.startswith("to_")]
    assert sum(abs(float(row["attribution"] or 0)) for row in rows_of(outcome.out)) > 0.01


def test_every_format_has_the_same_content(trained: Path, tmp_path: Path, reads: Path, cli: Runner) -> None:
    for name in ("out.tsv", "out.tsv.gz", "out.npz", "again.npz"):
        assert cli("explain", trained / "dna.safetensors", reads, "-o", tmp_path / name).code == 0
    text = (tmp_path / "out.tsv").read_text()
    assert gzip.decompress((tmp_path / "out.tsv.gz").read_bytes()).decode() == text
    assert (tmp_path / "out.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()
    rows = rows_of(text)
    with np.load(tmp_path / "out.npz") as arrays:
        assert arrays["names"].tolist() == ["a", "b", "c", "a/2"]
        assert arrays["status"].tolist() == ["ok", "invalid_symbol", "empty", "unusual_length"]
        assert arrays["offsets"].tolist() == [0, 36, 36, 36, 41]
        assert arrays["classes"][arrays["labels"][0]] == "human"
        assert arrays["labels"].tolist() == [0, -1, -1, 0]
        assert "".join(arrays["alphabet"][arrays["tokens"][:36]]) == FASTA.splitlines()[1]
        explained = [row for row in rows if row["symbol"]]
        np.testing.assert_allclose(arrays["attributions"], [float(row["attribution"]) for row in explained], atol=1e-6)
        effects = [[float(row[f"to_{symbol}"]) for symbol in "ACGT"] for row in explained]
        np.testing.assert_allclose(arrays["values"], effects, atol=1e-6)
        assert str(arrays["method"]) == "mutagenesis"
        assert float(explained[0]["logit"]) == pytest.approx(arrays["logits"][0], abs=1e-6)


def test_many_records_in_order_with_threads(trained: Path, tmp_path: Path, cli: Runner) -> None:
    model = trained / "dna.safetensors"
    outputs = [tmp_path / f"{threads}.npz" for threads in (1, 3)]
    for threads, output in zip((1, 3), outputs, strict=True):
        assert cli("explain", model, READS, "-o", output, "--threads", str(threads)).code == 0
    with np.load(outputs[0]) as one, np.load(outputs[1]) as other:
        assert len(one["names"]) == 4000
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


def test_logos_of_records(trained: Path, tmp_path: Path, reads: Path, cli: Runner) -> None:
    model, folder = trained / "dna.safetensors", tmp_path / "logos"
    assert cli("explain", model, reads, "-o", tmp_path / "out.tsv", "--logos", folder).code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["a.svg", "a_2.svg"]
    for path in folder.iterdir():
        root = ElementTree.parse(path).getroot()
        title = root.find("{http://www.w3.org/2000/svg}title")
        assert title is not None
        assert title.text
        assert title.text.startswith(("a: human, logit ", "a/2: human, logit "))
    picture = tmp_path / "a.png"
    assert cli("explain", model, reads, "--records", "a", "--logos", picture).code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_file_holds_one_logo(trained: Path, tmp_path: Path, reads: Path, cli: Runner) -> None:
    outcome = cli(
        "explain", trained / "dna.safetensors", reads, "-o", tmp_path / "x.tsv", "--logos", tmp_path / "x.svg"
    )
    assert outcome.code == 1
    assert outcome.err.endswith("this file can hold the logo of one record; name a folder, or one of --records\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reads.fa"]


def test_a_missing_package_names_the_package_to_install(
    trained: Path, tmp_path: Path, reads: Path, cli: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "seqnet.explanation.logos.find_spec", lambda name: None if name == "logomaker" else util.find_spec(name)
    )
    outcome = cli("explain", trained / "dna.safetensors", reads, "--logos", tmp_path / "logos")
    assert (outcome.code, outcome.out) == (1, "")
    remedy = "install it: pip install 'seqnet[explain]'"
    assert outcome.err == f"seqnet: error: logos need the package logomaker, which is not installed; {remedy}\n"


def test_only_named_records_are_explained(trained: Path, reads: Path, tmp_path: Path, cli: Runner) -> None:
    model = trained / "dna.safetensors"
    rows = rows_of(cli("explain", model, reads, "--records", "c", "--records", "a/2").out)
    assert [row["name"] for row in rows] == ["c"] + ["a/2"] * 5
    outcome = cli("explain", model, reads, "--records", "a", "--records", "nobody", "-o", tmp_path / "out.tsv")
    assert outcome.code == 1
    assert outcome.err.startswith("seqnet: error: no input has a record nobody; ")
    assert not (tmp_path / "out.tsv").exists()


def test_errors_come_before_any_work(trained: Path, tmp_path: Path, reads: Path, cli: Runner) -> None:
    model = trained / "dna.safetensors"
    for words, text in (
        (("-o", tmp_path / "out.jsonl"), "the name does not end in a known format; end it in .tsv, .tsv.gz or .npz"),
        (("--class", "humna"), "--class must be one of human, random, not 'humna'; did you mean human?"),
        (("--steps", "0"), "--steps must be at least 1, not 0"),
        (("-o", reads.with_suffix(".tsv")), "already exists; choose another name or use --force"),
    ):
        reads.with_suffix(".tsv").write_text("")
        outcome = cli("explain", model, reads, *words)
        assert (outcome.code, outcome.out) == (1, "")
        assert text in outcome.err
        assert len(outcome.err.splitlines()) == 1


def test_trees_name_the_method_that_works(cli: Runner) -> None:
    outcome = cli("explain", "solubility", PROTEINS, "--method", "integrated")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == (
        "seqnet: error: --method integrated can't be used: the model has decision trees beside its network, which have "
        "no gradient; use --method mutagenesis\n"
    )


def test_logos_of_a_run_that_fails_are_removed(trained: Path, tmp_path: Path) -> None:
    explainer = Explainer(open_bundle(trained / "dna.safetensors"), ExplainOptions(method="gradient"))
    names, symbols = Ragged.from_strings(["a", "b"]), Ragged.from_strings(["ACGTACGTACGT"] * 2)

    def records() -> Iterator[Placed]:
        yield "reads.fa", RecordBatch(names, symbols, names)
        assert (tmp_path / "logos" / "a.svg").exists()
        raise KeyboardInterrupt

    (tmp_path / "logos").mkdir()
    (tmp_path / "logos" / "b.svg").write_text("of before")
    logos = LogoFiles(tmp_path / "logos", force=True)
    with pytest.raises(KeyboardInterrupt):
        write_attributions(explainer, records(), Destination(tmp_path / "a.tsv", logos), threads=1)
    # What was replaced is not taken away.
    assert [path.name for path in tmp_path.rglob("*.*")] == ["b.svg"]
