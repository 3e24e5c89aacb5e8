"""Memory of whole processes, and their messages if there is too little."""

from __future__ import annotations

import gzip
import json
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from seqnet.configs.run import compose
from seqnet.models.bundles import write_bundle
from tests.building import make_bundle

READS = str(Path(__file__).parent.parent.parent / "data" / "simulated_reads.bam")
MODEL = "human-dna"
BASES = 24_000_000
LINE_BREAKS = 60_000_000
MB = 1_000_000
BATCHES = 60 * MB
"""Bytes that are processed at once, however long a record is."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sizes and limits of memory are those of Linux")

READING = "import sys; from seqnet.readers import open_records; from seqnet.configs.readers import ReadOptions\n"
COUNTING = READING + (
    "from seqnet.core.arrow import hide_pandas\n"
    "hide_pandas()\n"
    "records = symbols = 0\n"
    "for batch in open_records(sys.argv[1], ReadOptions()):\n"
    "    records, symbols = records + len(batch), symbols + len(batch.symbols.data)\n"
    "print(records, symbols)"
)


STARTER = """
import json, os, resource, sys
report, limits, *words = sys.argv[1:]
child = os.fork()
if not child:
    for kind, value in json.loads(limits).items():
        if value is not None:
            resource.setrlimit(int(kind), (value, value))
    os.execv(sys.executable, [sys.executable, *words])
_, status, usage = os.wait4(child, 0)
with open(report, "w") as file:
    json.dump([os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024], file)
"""
"""A small process that starts the tested one: the peak memory of a process includes that of its parent at the start."""


class Ended(NamedTuple):
    code: int
    out: str
    err: str
    peak: int  # bytes of memory, at most


def call(*words: str | Path, limit: int | None = None, files: int | None = None) -> Ended:
    """Runs Python with `words`, with limits of the address space and of open files."""

    limits = json.dumps({resource.RLIMIT_AS: limit, resource.RLIMIT_NOFILE: files})
    with tempfile.NamedTemporaryFile("r") as report:
        starter = [sys.executable, "-S", "-c", STARTER, report.name, limits]
        done = subprocess.run([*starter, *map(str, words)], capture_output=True, text=True, check=True, timeout=110)
        code, peak = json.load(report)
    return Ended(code, done.stdout, done.stderr, peak)


def seqnet(*words: str | Path, limit: int | None = None, files: int | None = None) -> Ended:
    return call("-m", "seqnet", *words, limit=limit, files=files)


@pytest.fixture(scope="module")
def at_rest() -> int:
    """Bytes of a process that has imported the readers."""
    return call("-c", READING).peak


def write_gzip(path: Path, *parts: bytes) -> Path:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for part in parts:
            file.write(part)
    return path


def bases(count: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(b"ACGT", dtype=np.uint8)[np.random.default_rng(0).integers(0, 4, count, dtype=np.uint8)]


def wrapped(count: int, width: int = 60) -> bytes:
    rows = bases(count).reshape(-1, width)
    return np.concatenate([rows, np.full((len(rows), 1), ord("\n"), np.uint8)], axis=1).tobytes()


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A FASTA of one record."""
    path = tmp_path_factory.mktemp("record") / "record.fa"
    path.write_bytes(b">chromosome\n" + wrapped(BASES))
    return path


def test_a_long_fasta_record_takes_two_bytes_a_base_to_read(record: Path, at_rest: int) -> None:
    done = call("-c", COUNTING, record)
    assert done.out.split() == ["1", str(BASES)], done.err
    assert done.peak - at_rest < 2 * BASES


def test_a_long_fastq_record_takes_two_bytes_a_base_to_read(tmp_path: Path, at_rest: int) -> None:
    text = bases(BASES).tobytes()
    (tmp_path / "x.fq").write_bytes(b"@read\n" + text + b"\n+\n" + text + b"\n")
    done = call("-c", COUNTING, tmp_path / "x.fq")
    assert done.out.split() == ["1", str(BASES)], done.err
    assert done.peak - at_rest < 2 * BASES


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["gb", "embl"])
def test_a_long_annotated_record_takes_four_bytes_a_base_to_read(tmp_path: Path, at_rest: int, ending: str) -> None:
    count = BASES // 2
    rows = wrapped(count).lower().split()
    if ending == "gb":
        start = f"LOCUS       X {count} bp    DNA     linear   UNK 01-JAN-1980\nACCESSION   X\nORIGIN\n"
        lines = (b"%9d %s\n" % (number * 60 + 1, row) for number, row in enumerate(rows))
    else:
        start = f"ID   X; SV 1; linear; genomic DNA; STD; UNC; {count} BP.\nAC   X;\nSQ   Sequence {count} BP;\n"
        lines = (b"     %s %9d\n" % (row, number * 60) for number, row in enumerate(rows, 1))
    path = tmp_path / f"x.{ending}"
    path.write_bytes(start.encode() + b"".join(lines) + b"//\n")
    done = call("-c", COUNTING, path)
    assert done.out.split() == ["1", str(count)], done.err
    assert done.peak - at_rest < 4 * count


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (b">a\nACGT\n", b">b\nAC\n", "2 6"),
        (b"@a\nACGT\n+\nIIII\n", b"", "1 4"),
        (b"id\tsequence\na\tACGT\n", b"b\tAC\n", "2 6"),
    ],
    ids=["fasta", "fastq", "table"],
)
def test_any_number_of_line_breaks_takes_little_memory(
    tmp_path: Path, at_rest: int, start: bytes, end: bytes, found: str
) -> None:
    path = write_gzip(tmp_path / "x.gz", start, b"\n" * LINE_BREAKS, end)
    done = call("-c", COUNTING, path)
    assert done.out.strip() == found, done.err
    assert done.peak - at_rest < 100 * MB


def test_a_file_that_begins_with_line_breaks_is_refused(tmp_path: Path) -> None:
    path = write_gzip(tmp_path / "x.gz", b"\n" * LINE_BREAKS, b">a\nACGT\n")
    done = call("-m", "seqnet", "predict", MODEL, path)
    assert (done.code, done.out) == (1, "")
    reported = "it begins with more than 65,536 blanks and line breaks; remove these, where a sequence file follows"
    assert done.err == f"seqnet: error: {path}: {reported}\n"
    assert done.peak < 600 * MB


@pytest.mark.parametrize("mark", [">", "@"])
def test_a_header_of_many_megabytes_is_refused(tmp_path: Path, at_rest: int, mark: str) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(mark.encode() + b"x" * LINE_BREAKS + b"\nACGT\n")
    done = call("-c", COUNTING, path)
    assert done.err.endswith(
        f"{path}: line 1: a header line is longer than 4,194,304 bytes; get the file again, or shorten the header\n"
    )
    assert done.peak - at_rest < 60 * MB


@pytest.mark.slow
def test_windows_of_a_long_record_take_six_bytes_a_base(record: Path, tmp_path: Path, at_rest: int) -> None:
    words = ["--class", f"a={record}", "--class", "b=@uniform", "--window", "1000"]
    done = seqnet("encode", *words, "-o", tmp_path / "d.safetensors")
    assert done.code == 0, done.err
    small = seqnet("encode", "--class", f"a={READS}", "--class", "b=@uniform", "-o", tmp_path / "e.safetensors")
    assert done.peak - small.peak < 6 * BASES + BATCHES


@pytest.mark.slow
def test_very_many_windows_take_twelve_bytes_each(tmp_path: Path) -> None:
    records, length = (6, 24), 1_000_000
    text = bases(length).tobytes()
    peaks = []
    for count in records:
        (tmp_path / "x.fa").write_bytes(b"".join(b">r%d\n%s\n" % (number, text) for number in range(count)))
        words = ["--class", f"a={tmp_path / 'x.fa'}", "--class", "b=@uniform", "--window", "36", "--stride", "18"]
        done = seqnet("encode", *words, "--force", "-o", tmp_path / "d.safetensors")
        assert done.code == 0, done.err
        peaks.append(done.peak)
    windows = 2 * (records[1] - records[0]) * (length // 18 - 1)
    assert peaks[1] - peaks[0] < 12 * windows


@pytest.mark.parametrize("ending", ["sam", "bam"])
def test_a_long_read_takes_two_bytes_a_base_to_read(tmp_path: Path, at_rest: int, ending: str) -> None:
    import pysam

    path = tmp_path / f"x.{ending}"
    line = b"r\t4\t*\t0\t0\t*\t*\t0\t0\t%s\t*" % bases(BASES).tobytes()
    if ending == "sam":
        path.write_bytes(b"@HD\tVN:1.6\n" + line + b"\n")
    else:
        header = pysam.AlignmentHeader.from_dict({"HD": {"VN": "1.6"}})
        with pysam.AlignmentFile(str(path), "wb0", header=header) as file:
            file.write(pysam.AlignedSegment.fromstring(line.decode(), header))
    done = call("-c", COUNTING, path)
    assert done.out.split() == ["1", str(BASES)], done.err
    assert done.peak - at_rest < 2 * BASES + BATCHES // 3


@pytest.mark.slow
def test_a_long_record_takes_six_bytes_a_base_to_shuffle(tmp_path: Path) -> None:
    count = BASES // 2
    (tmp_path / "x.fa").write_bytes(b">x\n" + wrapped(count))
    words = ["--class", f"a={tmp_path / 'x.fa'}", "--class", "b=@dinucleotide"]
    done = seqnet("encode", *words, "-o", tmp_path / "d.safetensors")
    assert done.code == 0, done.err
    small = seqnet("encode", "--class", f"a={READS}", "--class", "b=@dinucleotide", "-o", tmp_path / "e.safetensors")
    assert done.peak - small.peak < 6 * count + BATCHES


def test_very_long_reads_of_a_sam_are_held_one_by_one(tmp_path: Path, at_rest: int) -> None:
    text = bases(BASES // 12).tobytes()
    with (tmp_path / "x.sam").open("wb") as file:
        file.write(b"@HD\tVN:1.6\n")
        for number in range(60):
            file.write(b"r%d\t4\t*\t0\t0\t*\t*\t0\t0\t%s\t*\n" % (number, text))
    done = call("-c", COUNTING, tmp_path / "x.sam")
    assert done.out.split() == ["60", str(60 * len(text))], done.err
    assert done.peak - at_rest < BATCHES


@pytest.mark.slow
def test_generated_sequences_of_long_records_are_made_some_at_a_time(tmp_path: Path) -> None:
    text = wrapped(BASES // 12, width=50)
    with (tmp_path / "x.fa").open("wb") as file:
        for number in range(60):
            file.write(b">r%d\n" % number + text)
    words = ["--class", f"a={tmp_path / 'x.fa'}", "--class", "b=@uniform"]
    done = seqnet("encode", *words, "-o", tmp_path / "d.safetensors")
    assert done.code == 0, done.err
    small = seqnet("encode", "--class", f"a={READS}", "--class", "b=@uniform", "-o", tmp_path / "e.safetensors")
    assert done.peak - small.peak < 2 * BATCHES  # of 240 million symbols


@pytest.mark.slow
def test_a_long_record_takes_six_bytes_a_base_to_predict(tmp_path: Path) -> None:
    count = BASES // 4
    (tmp_path / "long.fa").write_bytes(b">long\n" + wrapped(count))
    (tmp_path / "short.fa").write_bytes(b">short\n" + wrapped(60))
    model = tmp_path / "m.safetensors"
    made = seqnet("encode", "--class", f"a={READS}", "--class", "b=@uniform", "-o", tmp_path / "d.safetensors")
    assert made.code == 0, made.err
    made = seqnet(
        "train", tmp_path / "d.safetensors", "--preset", "dense", "--set", "epochs=1", "--set", "window=36",
        "--set", "baseline_records=0", "-o", model,
    )  # fmt: skip
    assert made.code == 0, made.err
    short = seqnet("predict", model, tmp_path / "short.fa")
    long = seqnet("predict", model, tmp_path / "long.fa")
    assert (short.code, long.code) == (0, 0), long.err
    assert long.out.splitlines()[1].startswith("long\t")
    assert long.peak - short.peak < 6 * count + BATCHES


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["bedgraph", "bw"])
def test_a_track_of_a_long_record_takes_three_bytes_a_base(record: Path, tmp_path: Path, ending: str) -> None:
    (tmp_path / "short.fa").write_bytes(b">short\n" + wrapped(60_000))
    model = tmp_path / "m.safetensors"
    write_bundle(model, make_bundle(compose("dna-cnn"), window=36))
    words = ("--threads", "2", "--track", tmp_path / f"t.{ending}", "--force")
    short = seqnet("predict", model, tmp_path / "short.fa", *words)
    long = seqnet("predict", model, record, *words)
    assert (short.code, long.code) == (0, 0), long.err
    assert f"{BASES // 36:,} windows of 36 bases" in long.err
    assert long.peak - short.peak < 3 * BASES + 2 * BATCHES  # one for each thread


@pytest.mark.parametrize(
    ("command", "limit"),
    [
        *(("predict", limit * MB) for limit in (200, 716, 900, 1_200, 3_000)),
        *(("inspect", limit * MB) for limit in (500, 1_200)),
        *(("encode", limit * MB) for limit in (100, 900)),
    ],
)
def test_a_limit_of_memory_gives_a_result_or_one_line(tmp_path: Path, command: str, limit: int) -> None:
    (tmp_path / "x.fa").write_bytes(b">x\n" + wrapped(60))
    words: dict[str, list[str | Path]] = {
        "predict": ["predict", MODEL, tmp_path / "x.fa"],
        "inspect": ["inspect", MODEL],
        "encode": ["encode", "--class", f"a={READS}", "--class", "b=@uniform", "-o", tmp_path / "d.safetensors"],
    }
    done = seqnet(*words[command], limit=limit)
    if done.code == 0:
        assert limit > 300 * MB
        assert len(done.out) > 50
    else:
        assert limit < 1_200 * MB
        assert done.code == 1
        assert done.err.startswith(f"seqnet: error: {command}: there is too little memory: the limit is {limit // MB}")
        assert done.err.count("\n") == 1
        assert "ulimit -v" in done.err


@pytest.mark.slow
@pytest.mark.parametrize("more", range(0, 160, 40))
def test_with_little_more_memory_than_is_needed_nothing_is_tried_for_ever(tmp_path: Path, more: int) -> None:
    needed = re.search(r"it needs ([\d,]+) MB", seqnet("predict", MODEL, READS, limit=700 * MB).err)
    assert needed
    limit = (int(needed[1].replace(",", "")) + 1 + more) * MB
    done = seqnet("predict", MODEL, READS, "--threads", "2", "-o", tmp_path / "out.tsv", limit=limit)
    if done.code == 0:
        assert "4,000 records" in done.err
    else:
        assert (done.code, done.err.count("\n")) == (1, 1), done.err
        assert "there is too little memory" in done.err
        assert list(tmp_path.iterdir()) == []


def test_few_open_files_give_a_result_or_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.fa").write_bytes(b">x\n" + wrapped(60))
    done = seqnet("predict", MODEL, tmp_path / "x.fa", files=20)
    assert done.code == 0 or (done.code == 1 and done.err.count("\n") == 1), done.err
