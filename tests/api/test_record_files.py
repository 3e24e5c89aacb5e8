from __future__ import annotations

from pathlib import Path

import pytest

import seqnet
from seqnet.core.errors import OutputError, SettingError
from tests.api.conftest import cli as cli
from tests.api.conftest import folder_bytes, page_of_program
from tests.building import make_bundle, random_strings
from tests.cli.running import READS, Runner


@pytest.fixture
def model(tmp_path: Path) -> seqnet.Model:
    seqnet.Model(make_bundle(window=36)).save(tmp_path / "m.safetensors")
    return seqnet.load(tmp_path / "m.safetensors", device="cpu", threads=1)


@pytest.fixture
def reads(tmp_path: Path) -> Path:
    path = tmp_path / "reads.fq"
    strings = [*random_strings([36] * 60), "", "AC!T"]
    path.write_text("".join(f"@r{at}\n{string}\n+\n{'I' * len(string)}\n" for at, string in enumerate(strings)))
    return path


def same(folder: Path, ours: str, theirs: str) -> None:
    assert folder_bytes(folder / ours) == folder_bytes(folder / theirs)


def test_the_files_are_those_of_the_command(tmp_path: Path, model: seqnet.Model, reads: Path, cli: Runner) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    counts = seqnet.write_records(
        model, reads, split_by_class=tmp_path / "ours_split", keep="signal", kept=tmp_path / "ours" / "kept.fq",
        embeddings=tmp_path / "ours" / "e.npz", table=tmp_path / "ours" / "t.tsv", min_probability=0.5,
        report=tmp_path / "ours.html",
    )  # fmt: skip
    folder = tmp_path / "theirs"
    outcome = cli(
        "predict", tmp_path / "m.safetensors", reads, "--split-by-class", tmp_path / "theirs_split", "--keep", "signal",
        "--kept", folder / "kept.fq", "--embeddings", folder / "e.npz", "-o", folder / "t.tsv", "--min-probability",
        "0.5", "--device", "cpu", "--threads", "1", "--report", tmp_path / "theirs.html",
    )  # fmt: skip
    assert outcome.code == 0
    same(tmp_path, "ours", "theirs")
    same(tmp_path, "ours_split", "theirs_split")
    theirs = page_of_program(tmp_path / "theirs.html", ("--unknown mask", "unknown=&#34;mask&#34;"))
    assert (tmp_path / "ours.html").read_text() == theirs
    assert counts == {"ok": 60, "empty": 1, "invalid_symbol": 1}


def test_alignments_get_tags(tmp_path: Path, model: seqnet.Model) -> None:
    import pysam

    counts = seqnet.write_records(model, READS, annotate=tmp_path / "tagged.bam")
    with pysam.AlignmentFile(str(tmp_path / "tagged.bam"), check_sq=False) as file:
        assert sum(read.has_tag("sl") for read in file) == sum(counts.values())


def test_what_does_not_fit_is_refused(tmp_path: Path, model: seqnet.Model, reads: Path) -> None:
    with pytest.raises(SettingError, match="split_by_class is needed, or annotate, kept or embeddings"):
        seqnet.write_records(model, reads)
    with pytest.raises(SettingError, match="keep and kept need each other"):
        seqnet.write_records(model, reads, keep="signal")
    with pytest.raises(SettingError, match="pairs must be one of together, files, separate"):
        seqnet.write_records(model, reads, kept=tmp_path / "k.fq", keep=["signal"], pairs="all")
    with pytest.raises(SettingError, match="model must be a model that"):
        seqnet.write_records("m", reads, kept=tmp_path / "k.fq", keep=["signal"])  # type: ignore[arg-type]
    with pytest.raises(OutputError):
        seqnet.write_records(model, reads, kept=reads, keep=["signal"], force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.safetensors", "reads.fq"]
