from __future__ import annotations

import json
from pathlib import Path

import pytest

from seqnet.audit import CHECKS, TAGS
from tests.cli.running import Runner
from tests.similarity.examples import mutated, random_strings

RESIDUES = "ARNDCQEGHILKMFPSTWYV"


@pytest.fixture
def leaky(tmp_path: Path, cli: Runner) -> Path:
    """A dataset in which every tenth protein is a near-copy of a protein of the other class."""
    strings = random_strings(200, 60, RESIDUES, seed=1)
    strings[100:110] = [mutated(string, [30], RESIDUES) for string in strings[:10]]
    path = tmp_path / "in.fa"
    path.write_text("".join(f">p{i} label={'ab'[i // 100]}\n{string}\n" for i, string in enumerate(strings)))
    assert cli("encode", path, "--label-regex", "label=(.)", "-o", tmp_path / "leaky.safetensors").code == 0
    return tmp_path / "leaky.safetensors"


def test_a_line_for_each_check(trained: Path, cli: Runner) -> None:
    outcome = cli("audit", trained / "proteins.safetensors")
    assert outcome.code == 0
    *lines, counts = outcome.out.splitlines()
    expected = [kind.title for kind in CHECKS.values() if not kind.alphabets or "protein" in kind.alphabets]
    assert [line[6:].split("  ")[0] for line in lines] == expected
    assert {line[:4] for line in lines} <= {"pass", "warn", "fail"}
    statuses = [line[:4] for line in lines]
    assert counts == ", ".join(f"{statuses.count(status)} {status}" for status in ("fail", "warn", "pass"))
    assert outcome.err == ""


def test_the_table_of_offenders(leaky: Path, tmp_path: Path, cli: Runner) -> None:
    output = tmp_path / "offenders.tsv"
    outcome = cli("audit", leaky, "-o", output)
    assert outcome.code == 0
    header, *rows = [line.split("\t") for line in output.read_text().splitlines()]
    assert header == ["check", "name", "split", "label", "other_name", "other_split", "other_label", "similarity"]
    assert outcome.err == f"wrote {output}, {len(rows)} rows\n"
    pairs = {(row[1], row[4]) for row in rows if row[0] == "near-contradictory"}
    assert pairs == {(f"p{i}", f"p{(i + 100) % 200}") for i in (*range(10), *range(100, 110))}
    for check, _, split, label, _, other_split, other_label, similarity in rows:
        assert similarity == f"{51 / 56:.4f}"
        assert label != other_label
        assert (split == other_split) == (check == "near-inside") or check == "near-contradictory"
    assert {row[0] for row in rows if row[2] == "train"} <= {"near-inside", "near-contradictory"}


def test_strict_fails_where_a_check_does(leaky: Path, cli: Runner) -> None:
    assert cli("audit", leaky).code == 0
    outcome = cli("audit", leaky, "--strict")
    assert outcome.code == 1
    assert "fail  contradictory near-duplicates" in outcome.out
    assert cli("audit", leaky, "--strict", "--near", "0.99").code == 0
    lenient = ("--contradictory-fail", "0.5", "--across-fail", "1", "--inside-fail", "1")
    assert cli("audit", leaky, "--strict", *lenient).code == 0


def test_json(leaky: Path, cli: Runner) -> None:
    found = json.loads(cli("audit", leaky, "--json", "--kmer", "4").out)
    assert (found["dataset"], found["records"], found["classes"]) == (str(leaky), 200, ["a", "b"])
    assert found["options"]["kmer"] == 4
    by_name = {check["name"]: check for check in found["checks"]}
    assert by_name["near-contradictory"]["status"] == "fail"
    assert by_name["near-contradictory"]["value"] == 0.1
    assert by_name["near-contradictory"]["offenders"] == 20
    assert by_name["length"]["offenders"] is None
    assert {f"tag-{name}" for name, tag in TAGS.items() if "protein" in tag.alphabets} <= set(by_name)


def test_similarity_splits_leave_nothing_across(leaky: Path, tmp_path: Path, cli: Runner) -> None:
    words = ("encode", leaky.parent / "in.fa", "--label-regex", "label=(.)", "--split-by", "similarity")
    outcome = cli(*words, "-o", tmp_path / "apart.safetensors")
    assert "190 clusters of records with 0.2 of their 5-mers in common, the largest of 2 (1.0%)" in outcome.out
    found = json.loads(cli("audit", tmp_path / "apart.safetensors", "--json", "--quick").out)
    by_name = {check["name"]: check for check in found["checks"]}
    assert by_name["near-across"]["value"] == 0
    assert by_name["near-contradictory"]["value"] == 0.1


def test_an_existing_table_is_refused_before_any_work(leaky: Path, tmp_path: Path, cli: Runner) -> None:
    output = tmp_path / "precious.tsv"
    output.write_text("precious")
    outcome = cli("audit", leaky, "-o", output)
    assert outcome.code == 1
    assert f"{output}: already exists" in outcome.err
    assert output.read_text() == "precious"
    assert cli("audit", leaky, "-o", output, "--force").code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--near", "0"), "--near must be more than 0, not 0.0"),
        (("--kmer", "20"), "--kmer must be 1 to 14 for protein, not 20"),
        (("--shortcut-warn", "0.4"), "--shortcut-warn must be at least 0.5, not 0.4"),
    ],
)
def test_settings_out_of_bounds(leaky: Path, cli: Runner, words: tuple[str, ...], message: str) -> None:
    outcome = cli("audit", leaky, *words)
    assert outcome.code == 1
    assert outcome.err == f"seqnet: error: {message}\n"


def test_other_content_than_a_dataset_is_refused(trained: Path, tmp_path: Path, cli: Runner) -> None:
    outcome = cli("audit", trained / "dna.safetensors")
    assert outcome.code == 1
    assert outcome.err.count("\n") == 1
    assert cli("audit", tmp_path / "nowhere").code == 1
