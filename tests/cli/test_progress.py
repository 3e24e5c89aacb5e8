"""Progress lines if standard error is not a terminal."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pysam
import pytest

from seqnet.cli import progress
from seqnet.cli.progress import Meter
from seqnet.configs.readers import ReadOptions
from seqnet.readers import open_records
from tests.building import random_strings

DATA = Path(__file__).parent.parent.parent / "data"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 0)


def clock(monkeypatch: pytest.MonkeyPatch, *seconds: float) -> None:
    ticks = iter(seconds)
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks))


def test_rate_and_time_left_follow_from_the_share(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock(monkeypatch, 0, 10, 400, 16_000)
    with Meter("predict", "records") as meter:
        meter.advance(5_000, share=0.25)
        meter.advance(7_000, share=0.5)
        meter.advance(4_000, share=0.8)
    assert capsys.readouterr().err.splitlines() == [
        "predict: 5,000 records, 500/s, 10 s, 30 s left",
        "predict: 12,000 records, 30/s, 7 min, 7 min left",
        "predict: 16,000 records, 1/s, 4.4 h, 67 min left",
    ]


def test_a_total_gives_the_share(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    clock(monkeypatch, 0, 20)
    with Meter("train", "batches", 400) as meter:
        meter.reach(100, note="loss 0.5")
    assert capsys.readouterr().err == "train: 100 of 400 batches, 5/s, loss 0.5, 20 s, 60 s left\n"


def test_what_was_done_before_is_not_a_measure_of_the_rate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock(monkeypatch, 0, 600, 601, 610, 700)
    with Meter("train", "batches", 400) as meter:
        meter.begin(100)
        meter.reach(100, note="epoch 2")
        meter.reach(120, note="epoch 2")
        # The epochs of another network start again from 1.
        meter.begin(10)
    assert capsys.readouterr().err.splitlines() == [
        "train: 100 of 400 batches, epoch 2, 10 min",
        "train: 120 of 400 batches, 2/s, epoch 2, 10 min, 2 min left",
    ]


def test_without_a_share_no_time_is_guessed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock(monkeypatch, 0, 20)
    with Meter("predict", "records") as meter:
        meter.advance(100)
    assert capsys.readouterr().err == "predict: 100 records, 5/s, 20 s\n"


@pytest.mark.parametrize("ending", ["fa", "fa.gz", "bam", "cram", "sam", "sam.gz"])
def test_readers_tell_how_much_of_a_file_has_passed(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"reads.{ending}"
    write(path, random_strings([50] * 30_000))
    size = path.stat().st_size
    with open_records(str(path), ReadOptions(batch_bytes=1 << 14)) as reader:
        passed = [reader.passed or 0 for _ in reader]
    assert passed == sorted(passed)
    assert len({step // (size // 5) for step in passed}) >= 4
    assert 0.9 * size <= passed[-1] <= size


def test_readers_report_no_share_if_it_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "reads.bam"
    write(path, random_strings([50] * 1000))
    with open_records(str(path), ReadOptions(region="chr1")) as reader:
        assert {reader.passed for _ in reader} == {None}


def write(path: Path, strings: list[str]) -> None:
    names = [f"read{number}" for number in range(len(strings))]
    if ".fa" in path.name:
        text = "".join(f">{name}\n{string}\n" for name, string in zip(names, strings, strict=True)).encode()
        path.write_bytes(gzip.compress(text, 1) if path.suffix == ".gz" else text)
        return
    if path.name.endswith(".sam.gz"):
        write(path.with_suffix(""), strings)
        path.write_bytes(gzip.compress(path.with_suffix("").read_bytes(), 1))
        return
    mode = {".sam": "w", ".bam": "wb", ".cram": "wc"}[path.suffix]
    header = {"HD": {"VN": "1.6"}, "SQ": [{"SN": "chr1", "LN": 1000}]}
    with pysam.AlignmentFile(str(path), mode, header=header) as file:
        for name, string in zip(names, strings, strict=True):
            read = pysam.AlignedSegment()
            read.query_name, read.query_sequence, read.flag = name, string, 4
            read.reference_id, read.reference_start = 0, 10  # position of the mate
            file.write(read)


@pytest.mark.parametrize("variable", ["", "1"])
def test_a_bar_has_no_colours_with_no_color(variable: str) -> None:
    pty = pytest.importorskip("pty", reason="this system has no terminals of this kind")
    code = (
        "import time\nfrom seqnet.cli.progress import Meter\n"
        "with Meter('predict', 'records', 10) as meter:\n    meter.reach(5)\n    time.sleep(0.3)"
    )
    ours, theirs = pty.openpty()
    environment = {**os.environ, "NO_COLOR": variable, "TERM": "xterm-256color", "COLUMNS": "80"}
    subprocess.run([sys.executable, "-c", code], stderr=theirs, env=environment, cwd=DATA.parent, check=True)
    os.close(theirs)
    shown = os.read(ours, 65536)
    os.close(ours)
    assert b"5 of 10 records" in shown
    # 30 to 49, or 38;5;N, are colours; 0 and 1 are not.
    assert bool(re.search(rb"\x1b\[(?:\d+;)*[34]\d", shown)) is not bool(variable)
