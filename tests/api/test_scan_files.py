from __future__ import annotations

from pathlib import Path

import pytest

import seqnet
from seqnet.core.errors import OutputError, SettingError
from tests.api.conftest import cli as cli
from tests.api.conftest import page_of_program
from tests.building import make_bundle, random_strings
from tests.cli.running import Runner


@pytest.fixture
def model(tmp_path: Path) -> seqnet.Model:
    seqnet.Model(make_bundle(window=12)).save(tmp_path / "m.safetensors")
    return seqnet.load(tmp_path / "m.safetensors", device="cpu", threads=1)


@pytest.fixture
def contigs(tmp_path: Path) -> Path:
    path = tmp_path / "contigs.fa"
    strings = [*random_strings([100, 50, 12]), "acgtacgtacgt" * 3, "ACG"]
    path.write_text("".join(f">c{at}\n{string}\n" for at, string in enumerate(strings)))
    return path


def test_track_and_table_are_those_of_the_command(
    tmp_path: Path, model: seqnet.Model, contigs: Path, cli: Runner
) -> None:
    (tmp_path / "regions.bed").write_text("c0\t10\t60\nc1\t0\t40\n")
    cases = {
        "plain": ({"stride": 4, "target": "noise"}, ("--stride", "4", "--class", "noise")),
        "other": (
            {"aggregate": "max", "softmask": "skip", "unknown": "mask"},
            ("--aggregate", "max", "--softmask", "skip", "--unknown", "mask"),
        ),
        "area": ({"regions": tmp_path / "regions.bed"}, ("--regions", tmp_path / "regions.bed")),
    }
    for name, (options, words) in cases.items():
        ours, theirs = tmp_path / f"ours_{name}", tmp_path / f"theirs_{name}"
        counts = seqnet.scan_files(
            model,
            contigs,
            track=f"{ours}.bedgraph",
            table=f"{ours}.tsv",
            report=f"{ours}.html",
            **options,  # type: ignore[arg-type]
        )
        files = ("--track", f"{theirs}.bedgraph", "-o", f"{theirs}.tsv", "--report", f"{theirs}.html")
        assert (
            cli("predict", tmp_path / "m.safetensors", contigs, *files, "--device", "cpu", "--threads", 1, *words).code
            == 0
        )
        for ending in (".bedgraph", ".tsv"):
            assert Path(f"{ours}{ending}").read_bytes() == Path(f"{theirs}{ending}").read_bytes()
        assert Path(f"{ours}.html").read_text() == page_of_program(Path(f"{theirs}.html"))
        assert sum(counts.values()) == len(Path(f"{ours}.tsv").read_text().splitlines()) - 1


def test_what_does_not_fit_is_refused(tmp_path: Path, model: seqnet.Model, contigs: Path) -> None:
    with pytest.raises(SettingError, match="track is needed, or table"):
        seqnet.scan_files(model, contigs)
    with pytest.raises(OutputError):
        seqnet.scan_files(model, contigs, track=tmp_path / "x.txt")
    with pytest.raises(SettingError, match="regions needs one FASTA file"):
        seqnet.scan_files(model, [contigs, contigs], table=tmp_path / "x.tsv", regions="r.bed")
    with pytest.raises(SettingError, match="did you mean stride"):
        seqnet.scan_files(model, contigs, table=tmp_path / "x.tsv", strid=3)  # type: ignore[call-arg]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["contigs.fa", "m.safetensors"]
