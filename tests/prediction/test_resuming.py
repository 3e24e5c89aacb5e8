"""Predictions that are killed and resumed have the bytes of a run that nobody kills."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seqnet.core.errors import OutputError
from seqnet.core.outputs import remove_stale
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.resuming import write_resumable
from seqnet.prediction.shard_files import ShardOutput
from seqnet.prediction.tally import Tally
from seqnet.prediction.writers import TableOutput, format_of
from seqnet.readers.parts import Shard
from tests.prediction.shards import READ, make_inputs, make_predictor, shard_output, write_shard, write_whole

ROOT = Path(__file__).parent.parent.parent


def resume(folder: Path, target: Path, shard: Shard | None = None, run: str = "r") -> tuple[Tally, list[int]]:
    predictor, paths = make_predictor(folder), [str(folder / "a.fa"), str(folder / "b.fa.gz")]
    source = PredictionInputs(READ, predictor.expected_alphabet, shard=shard)
    output: TableOutput | ShardOutput = TableOutput(target, *format_of(target))
    if shard is not None:
        output = shard_output(predictor, source, paths, target, shard)
    resumed: list[int] = []
    tally = write_resumable(predictor, source, paths, output, {"run": run}, resumed=resumed.append)
    assert source.records.total() == tally.counts.total()
    return tally, resumed


def journals(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.startswith("."))


def killed(folder: Path, target: Path, lines: int, shard: str) -> None:
    """Starts a process that writes the target, and kills it when its journal has some lines."""
    words = (
        "import sys; from pathlib import Path; from tests.prediction.test_resuming import resume; "
        "from seqnet.readers.parts import Shard; folder, target, shard = sys.argv[1:]; "
        "resume(Path(folder), Path(target), Shard.parse(shard) if shard else None)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", words, str(folder), str(target), shard],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    end = time.monotonic() + 100
    while process.poll() is None and time.monotonic() < end:
        if any(path.read_bytes().count(b"\n") >= lines for path in journals(folder)[1:]):
            break
        time.sleep(0.002)
    process.kill()
    process.wait()


@pytest.mark.parametrize(("ending", "shard"), [("tsv.gz", ""), ("parquet", ""), ("tsv", "2/3")])
def test_a_killed_run_continues(tmp_path: Path, ending: str, shard: str) -> None:
    predictor, paths = make_predictor(tmp_path), make_inputs(tmp_path, 6000)
    whole, target = tmp_path / f"whole.{ending}", tmp_path / f"x.{ending}"
    part = Shard.parse(shard) if shard else None
    expected = write_shard(predictor, paths, whole, part) if part else write_whole(predictor, paths, whole)
    killed(tmp_path, target, 6, shard)
    assert not target.exists()
    assert len(journals(tmp_path)) == 2
    tally, resumed = resume(tmp_path, target, part)
    assert len(resumed) == 1
    assert 0 < resumed[0] < tally.counts.total()
    assert tally.counts == expected.counts
    assert target.read_bytes() == whole.read_bytes()
    assert not journals(tmp_path)
    if shard:
        assert Path(f"{target}.shard.json").read_text() == Path(f"{whole}.shard.json").read_text()


def interrupted(folder: Path, target: Path, after: int) -> None:
    """Writes some batches in this process, and ends with an error."""
    predictor, paths = make_predictor(folder), make_inputs(folder)
    source = PredictionInputs(READ, predictor.expected_alphabet)
    calls: list[int] = []

    def progress(records: int) -> None:
        calls.append(records)
        if len(calls) == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_resumable(predictor, source, paths, TableOutput(target, *format_of(target)), {"run": "r"}, progress)


@pytest.mark.parametrize("ending", ["tsv", "jsonl.gz", "parquet"])
def test_what_is_damaged_after_a_run_is_made_again(tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"x.{ending}"
    for damage in (b"cut", b"flip", b"more", b"journal", b"half", b"nothing"):
        interrupted(tmp_path, target, 5)
        write_whole(make_predictor(tmp_path), make_inputs(tmp_path), whole := tmp_path / f"whole.{ending}")
        data, journal = journals(tmp_path)
        content, lines = data.read_bytes(), journal.read_bytes()
        assert lines.count(b"\n") == 7
        if damage == b"cut":
            data.write_bytes(content[: len(content) // 2])
        elif damage == b"flip":
            data.write_bytes(content[:-5] + bytes([content[-5] ^ 1]) + content[-4:])
        elif damage == b"more":
            data.write_bytes(content + b"\0" * 100)
        elif damage == b"journal":
            journal.write_bytes(b"\n".join(lines.split(b"\n")[:4]) + b"\n{\n")
        elif damage == b"half":
            journal.write_bytes(lines[:20])
        tally, resumed = resume(tmp_path, target)
        assert target.read_bytes() == whole.read_bytes()
        assert resumed == [] if damage == b"half" else resumed[0] < tally.counts.total()
        for path in (target, whole):
            path.unlink()


def test_an_unfinished_run_of_another_kind_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "x.tsv"
    interrupted(tmp_path, target, 2)
    before = [path.read_bytes() for path in journals(tmp_path)]
    with pytest.raises(OutputError, match=r"x.tsv: the unfinished run differs in: run; remove .*part to start again"):
        resume(tmp_path, target, run="other")
    assert [path.read_bytes() for path in journals(tmp_path)] == before
    # A run that does not resume removes it as the stale file that it is.
    assert len(remove_stale([target])) == 2
    assert not journals(tmp_path)
