from __future__ import annotations

import json
from pathlib import Path

import pytest

from seqnet.models.bundles import open_bundle
from tests.cli.running import PROTEINS, READS, Runner

FEW = ("--count", "2000", "--set", "epochs=3", "--set", "filters=[8]", "--set", "dense=[16]", "--threads", "1")


def test_a_fast_model_is_made_described_measured_and_applied(trained: Path, tmp_path: Path, cli: Runner) -> None:
    fast = tmp_path / "fast.safetensors"
    made = cli("distill", trained / "dna.safetensors", trained / "reads.safetensors", *FEW, "-o", fast)
    assert made.code == 0, made.err
    assert made.out == ""
    assert "chosen settings: preset dna-fast (dna, pieces of 36), epochs=47, batch_size=64, " in made.err
    assert "labelled 2,000 sequences: 1,000 pieces of SEQUENCES\n" in made.err
    assert f"wrote {fast}\n" in made.err
    about = json.loads(cli("inspect", fast, "--json").out)
    assert about["card"]["teacher"]["model"] == str(trained / "dna.safetensors")
    assert about["card"]["agreement"].startswith(f"{about['metrics']['agreement']:.4f} of ")
    assert about["metrics"]["agreement"] > 0.6
    assert about["provenance"]["data"]["options"]["count"] == 2000
    assert about["provenance"]["data"]["inputs"][0]["path"] == str(trained / "reads.safetensors")
    # The validation split of the dataset calibrates it.
    assert open_bundle(fast).validation is not None
    both = cli("evaluate", trained / "dna.safetensors", fast, trained / "reads.safetensors", "--threads", "1")
    assert both.code == 0, both.err
    assert "accuracy" in both.out
    assert "which may have seen" not in both.err
    rows = cli("predict", fast, READS, "--threads", "1").out.splitlines()
    assert rows[0].split("\t")[3:5] == ["p_human", "p_random"]
    assert len(rows) == 4_001


def test_a_file_of_sequences_does_as_well_and_calibrates_nothing(trained: Path, tmp_path: Path, cli: Runner) -> None:
    fast = tmp_path / "fast.safetensors"
    made = cli("distill", trained / "dna.safetensors", READS, *FEW, "--random", "none", "-o", fast)
    assert made.code == 0, made.err
    assert open_bundle(fast).validation is None
    again = cli("distill", trained / "dna.safetensors", READS, *FEW, "-o", fast)
    assert (again.code, "already exists" in again.err) == (1, True)


def test_what_does_not_suit_the_model_is_one_line_and_leaves_nothing(
    trained: Path, tmp_path: Path, cli: Runner
) -> None:
    empty, fast = tmp_path / "empty.fa", tmp_path / "fast.safetensors"
    empty.write_text("")
    dna, protein = trained / "dna.safetensors", trained / "protein.safetensors"
    cases = [
        ((dna, PROTEINS), "this looks like protein, not dna; give dna sequences"),
        ((dna, trained / "proteins.safetensors"), "this dataset is protein, but the model is for dna; give dna"),
        ((protein, READS), "this looks like dna, not protein; give protein sequences"),
        ((dna, empty), "SEQUENCES: there are too few sequences without ambiguity codes to draw pieces of 36 symbols"),
        ((dna, tmp_path / "none.fa"), "no such file or directory"),
        ((dna, READS, "--set", "shift=2"), "augmentation.shift must be off"),
        ((dna, READS, "--count", "3"), "--count must be"),
        ((dna, "--random", "composition"), "--random needs SEQUENCES"),
        ((dna, trained / "reads.safetensors", trained / "reads.safetensors"), "one dataset only"),
        ((trained / "reads.safetensors", READS), "this is a seqnet dataset, not a model"),
    ]
    for words, problem in cases:
        outcome = cli("distill", *words, "--threads", "1", "-o", fast)
        assert outcome.code == 1, words
        assert problem in outcome.err, outcome.err
        assert len([line for line in outcome.err.splitlines() if "error" in line]) == 1
        assert not fast.exists()


def test_fast_uses_the_fast_version_whose_labels_are_mostly_the_same(cli: Runner) -> None:
    fast, named, slow = (
        cli("predict", *words, READS, "--threads", "1").out.splitlines()
        for words in (("human-dna", "--fast"), ("human-dna-fast",), ("human-dna",))
    )
    assert fast == named
    assert fast != slow
    labels = [[row.split("\t")[1] for row in rows[1:]] for rows in (fast, slow)]
    same = sum(one == other for one, other in zip(*labels, strict=True)) / 4_000
    # The reads are simulated, and not of the kind that it was taught.
    assert same > 0.9


def test_a_model_without_a_fast_version_has_a_remedy(trained: Path, cli: Runner) -> None:
    for name in (str(trained / "dna.safetensors"), "solubility"):
        outcome = cli("predict", name, READS, "--fast")
        assert outcome.code == 1
        assert outcome.out == ""
        assert outcome.err == (
            f"seqnet: error: {name}: there is no fast version of this model; leave out --fast, or make a fast version "
            "with seqnet distill and give its path (human-dna has one)\n"
        )


@pytest.mark.parametrize("words", [(), ("human-dna",)])
def test_model_and_output_are_needed(words: tuple[str, ...], cli: Runner) -> None:
    outcome = cli("distill", *words)
    assert outcome.code == 2
    assert "missing" in outcome.err
