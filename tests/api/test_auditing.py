from __future__ import annotations

import json
from pathlib import Path

import pytest

import seqnet
from seqnet.core.errors import OutputError, SettingError
from tests.api.conftest import cli as cli
from tests.api.conftest import page_of_program
from tests.cli.running import Runner
from tests.similarity.examples import mutated, random_strings

RESIDUES = "ARNDCQEGHILKMFPSTWYV"


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    """A dataset in which every tenth protein is a near-copy of a protein of the other class."""
    strings = random_strings(200, 60, RESIDUES, seed=1)
    strings[100:110] = [mutated(string, [30], RESIDUES) for string in strings[:10]]
    text = "".join(f">p{i} label={'ab'[i // 100]}\n{string}\n" for i, string in enumerate(strings))
    (tmp_path / "in.fa").write_text(text)
    seqnet.encode(tmp_path / "in.fa", tmp_path / "leaky.safetensors", label_regex="label=(.)")
    return tmp_path / "leaky.safetensors"


def test_an_audit_is_that_of_the_command(leaky: Path, tmp_path: Path, cli: Runner) -> None:
    found = seqnet.open_dataset(leaky).audit(near=0.7)
    assert found.to_json() == json.loads(cli("audit", leaky, "--near", "0.7", "--json").out)
    assert cli("audit", leaky, "--near", "0.7", "-o", tmp_path / "offenders.tsv").code == 0
    header, *rows = [line.split("\t") for line in (tmp_path / "offenders.tsv").read_text().splitlines()]
    assert list(found.offenders.columns) == header
    assert [list(row[:-1]) for row in found.offenders.itertuples(index=False)] == [row[:-1] for row in rows]
    found.write_offenders(tmp_path / "ours.tsv")
    assert (tmp_path / "ours.tsv").read_bytes() == (tmp_path / "offenders.tsv").read_bytes()
    assert found.lines() == cli("audit", leaky, "--near", "0.7").out.splitlines()
    statuses = found.checks.set_index("name")["status"]
    assert (found.passed, statuses["near-contradictory"]) == (False, "fail")
    assert repr(found).startswith("<seqnet.AuditResult: ")
    found.report(tmp_path / "audit.html")
    assert cli("audit", leaky, "--near", "0.7", "--report", tmp_path / "theirs.html").code == 0
    assert (tmp_path / "audit.html").read_text() == page_of_program(tmp_path / "theirs.html")
    with pytest.raises(OutputError, match="already exists; choose another name or pass force=True"):
        found.report(tmp_path / "audit.html")


def test_bounds_decide_and_names_are_checked(leaky: Path) -> None:
    data = seqnet.open_dataset(leaky)
    assert data.audit(contradictory_fail=0.5, across_fail=1, inside_fail=1, shortcut_fail=1).passed
    with pytest.raises(SettingError, match="there is no setting nea; did you mean near"):
        data.audit(nea=0.5)
    with pytest.raises(SettingError, match=r"near must be more than 0, not 0\.0"):
        data.audit(near=0)
