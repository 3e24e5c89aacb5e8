from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pysam
import pytest

from seqnet.core.errors import OutputError
from seqnet.core.ragged import Ragged
from seqnet.prediction.tracks import ScoredWindows, TrackForm, interval_of, opened_track, track_form
from seqnet.prediction.windows import Grid

pybigtools = pytest.importorskip("pybigtools")

LABELS = ("noise", "signal", "uncertain")
SIZES = {"z": 1_000, "a": 500, "unused": 7}


def windows(names: list[str], starts: list[int], values: list[float]) -> ScoredWindows:
    known = list(dict.fromkeys(names))
    return ScoredWindows(
        Ragged.from_strings(known),
        np.array([known.index(name) for name in names], dtype=np.int64),
        np.array(starts, dtype=np.int64),
        np.array(values),
        np.array([2 if value == 0.5 else int(value > 0.5) for value in values], dtype=np.int64),
    )


PARTS = [
    windows(["z", "z"], [0, 10], [0.25, 1.0]),
    windows([], [], []),
    windows(["z", "a", "a"], [30, 0, 10], [0.5, 0.0, 0.123456]),
]


def written(path: Path, kind: str, grid: Grid, *, compress: bool = False) -> Path:
    with opened_track(path, TrackForm(kind, compress), grid, LABELS, SIZES) as track:
        for part in PARTS:
            track.write(part)
    return path


def test_the_name_sets_the_format() -> None:
    found = {name: track_form(Path(name)) for name in ("a.bedgraph", "a.bedGraph.gz", "a.bg", "x.bed", "x.bed.gz")}
    assert [(form.kind, form.compress) for form in found.values()] == [
        ("bedgraph", False),
        ("bedgraph", True),
        ("bedgraph", False),
        ("bed", False),
        ("bed", True),
    ]
    assert track_form(Path("a.bigWig")) == track_form(Path("a.bw")) == TrackForm("bigwig")
    for name in ("a.tsv", "bed", "a.bw.gz", "a"):
        with pytest.raises(OutputError, match="known format of tracks"):
            track_form(Path(name))


def test_bigwig_without_its_package_names_the_command(tmp_path: Path) -> None:
    program = (
        "import sys; from importlib.abc import MetaPathFinder\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'pybigtools' else find(name, *rest)\n"
        "from seqnet.cli.main import run\n"
        f"sys.exit(run(['predict', 'human-dna', '{tmp_path}/x.fa', '--track', 'a.bw']))"
    )
    (tmp_path / "x.fa").write_text(">x\nACGT\n")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "seqnet: error: a.bw: bigWig needs the package pybigtools, which is not installed; install it with pip install "
        "'seqnet[tracks]', or write .bedgraph\n"
    )


def test_values_are_at_the_window_or_in_its_middle() -> None:
    assert interval_of(Grid(10, 10)) == (0, 10)
    assert interval_of(Grid(10, 30)) == (0, 10)
    assert interval_of(Grid(36, 1)) == (17, 1)
    assert interval_of(Grid(11, 5)) == (3, 5)


def test_bedgraph(tmp_path: Path) -> None:
    lines = written(tmp_path / "t", "bedgraph", Grid(10, 10)).read_text().splitlines()
    assert lines == [
        "z\t0\t10\t0.250000",
        "z\t10\t20\t1.000000",
        "z\t30\t40\t0.500000",
        "a\t0\t10\t0.000000",
        "a\t10\t20\t0.123456",
    ]
    # Windows of 20 every 10 share half of their symbols; their values do not.
    middle = written(tmp_path / "m", "bedgraph", Grid(20, 10)).read_text().splitlines()
    assert middle[:2] == ["z\t5\t15\t0.250000", "z\t15\t25\t1.000000"]


def test_bed_has_the_windows_also_if_they_overlap(tmp_path: Path) -> None:
    lines = written(tmp_path / "t", "bed", Grid(20, 10)).read_text().splitlines()
    assert lines == [
        "z\t0\t20\tnoise\t250\t.\t0.250000",
        "z\t10\t30\tsignal\t1000\t.\t1.000000",
        "z\t30\t50\tuncertain\t500\t.\t0.500000",
        "a\t0\t20\tnoise\t0\t.\t0.000000",
        "a\t10\t30\tnoise\t123\t.\t0.123456",
    ]


def test_compressed_text_can_be_indexed(tmp_path: Path) -> None:
    path = written(tmp_path / "t.bed.gz", "bed", Grid(10, 10), compress=True)
    pysam.tabix_index(str(path), preset="bed")
    with pysam.TabixFile(str(path)) as found:
        assert [line.split("\t")[1] for line in found.fetch("z", 5, 35)] == ["0", "10", "30"]


def test_bigwig_has_the_values_of_the_bedgraph(tmp_path: Path) -> None:
    path = written(tmp_path / ".x.part", "bigwig", Grid(20, 10))
    (tmp_path / "x.bw").write_bytes(path.read_bytes())
    found = pybigtools.open(str(tmp_path / "x.bw"))
    assert found.chroms() == {"z": 1_000, "a": 500} | {name: size for name, size in found.chroms().items()}
    values = [(name, *row) for name in ("z", "a") for row in found.records(name)]
    text = [line.split("\t") for line in written(tmp_path / "t", "bedgraph", Grid(20, 10)).read_text().splitlines()]
    assert [(name, start, end) for name, start, end, _ in values] == [
        (name, int(start), int(end)) for name, start, end, _ in text
    ]
    np.testing.assert_allclose([row[3] for row in values], [float(row[3]) for row in text], atol=1e-6)


def test_a_bigwig_without_values_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"no window has a score, and a bigWig can't be empty"),
        opened_track(tmp_path / "x", TrackForm("bigwig"), Grid(10, 10), LABELS, SIZES) as track,
    ):
        track.write(PARTS[1])


def test_a_bigwig_that_can_not_be_written_is_one_error(tmp_path: Path) -> None:
    # As from a changed input: the values do not fit the length of the chromosome.
    with (
        pytest.raises(OutputError, match="the bigWig can't be written"),
        opened_track(tmp_path / "x", TrackForm("bigwig"), Grid(10, 10), LABELS, {"other": 5}) as track,
    ):
        track.write(PARTS[0])
