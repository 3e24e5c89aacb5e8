"""`python -m benchmarks.memory`: the most memory that a process takes for one record of 100 million bases.

    python -m benchmarks.memory [--smoke] [--bases N] [--seconds N] [--only WORD]

What is counted is the whole process, Python and PyTorch included: the peak of its resident memory, as Linux keeps it
(`VmHWM`). A prediction of such a record takes an hour. Its memory does not change while it is scored, so it is stopped.
"""

from __future__ import annotations

import argparse
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pysam
from numpy.typing import NDArray

from benchmarks.machine import describe_machine
from benchmarks.racing import RESULTS

__all__ = ["main"]

_BASES = 100_000_000
_LINE = 60
_PART = 60_000
"""Bases that are written at once, a multiple of 60."""
_TIMES_A_SECOND = 50

Writer = Callable[[Path, NDArray[np.uint8]], None]


class _Case(NamedTuple):
    """A command that is measured.

    Attributes:
        about: what its row says.
        name: of the input.
        words: the command, with `{input}` and `{folder}`.
        ends: whether it runs to its end.
    """

    about: str
    name: str
    words: str
    ends: bool


def _parts(bases: NDArray[np.uint8]) -> Iterator[tuple[int, bytes]]:
    for start in range(0, len(bases), _PART):
        yield start, bases[start : start + _PART].tobytes()


def _lines(part: bytes) -> list[bytes]:
    return [part[start : start + _LINE] for start in range(0, len(part), _LINE)]


def _groups(line: bytes) -> bytes:
    return b" ".join(line[start : start + 10] for start in range(0, len(line), 10)).lower()


def _fasta(path: Path, bases: NDArray[np.uint8]) -> None:
    with path.open("wb") as file:
        file.write(b">record\n")
        for _, part in _parts(bases):
            file.write(b"\n".join([*_lines(part), b""]))


def _fastq(path: Path, bases: NDArray[np.uint8]) -> None:
    path.write_bytes(b"@record\n%s\n+\n%s\n" % (bases.tobytes(), b"I" * len(bases)))


def _sam(path: Path, bases: NDArray[np.uint8]) -> None:
    qualities = b"I" * len(bases) if path.stem.endswith("qualities") else b"*"
    fields = (b"record", b"4", b"*", b"0", b"0", b"*", b"*", b"0", b"0", bases.tobytes(), qualities)
    path.write_bytes(b"@HD\tVN:1.6\n" + b"\t".join(fields) + b"\n")


def _bam(path: Path, bases: NDArray[np.uint8]) -> None:
    read = pysam.AlignedSegment()
    read.query_name, read.flag, read.query_sequence = "record", 4, bases.tobytes().decode()
    with pysam.AlignmentFile(str(path), "wb", header={"HD": {"VN": "1.6"}}) as file:
        file.write(read)


def _genbank(path: Path, bases: NDArray[np.uint8]) -> None:
    with path.open("wb") as file:
        file.write(b"LOCUS       RECORD %d bp    DNA     linear   UNK 01-JAN-1980\n" % len(bases))
        file.write(b"DEFINITION  record.\nACCESSION   RECORD\nVERSION     RECORD.1\n")
        file.write(b"FEATURES             Location/Qualifiers\n     source          1..%d\nORIGIN\n" % len(bases))
        for start, part in _parts(bases):
            for number, line in enumerate(_lines(part)):
                file.write(b"%9d %s\n" % (start + number * _LINE + 1, _groups(line)))
        file.write(b"//\n")


def _embl(path: Path, bases: NDArray[np.uint8]) -> None:
    with path.open("wb") as file:
        file.write(b"ID   RECORD; SV 1; linear; genomic DNA; STD; UNC; %d BP.\nXX\nAC   RECORD;\nXX\n" % len(bases))
        file.write(b"DE   record.\nXX\nSQ   Sequence %d BP;\n" % len(bases))
        for start, part in _parts(bases):
            for number, line in enumerate(_lines(part)):
                file.write(b"     %-65s %9d\n" % (_groups(line), start + number * _LINE + len(line)))
        file.write(b"//\n")


def _twobit(path: Path, bases: NDArray[np.uint8]) -> None:
    codes = np.searchsorted(np.frombuffer(b"ACGT", np.uint8), bases)
    four = np.array([2, 1, 3, 0], dtype=np.uint8)[codes].reshape(-1, 4)  # T, C, A, G are 0 to 3
    packed = (four << np.array([6, 4, 2, 0], dtype=np.uint8)).sum(axis=1, dtype=np.uint8)
    name = b"record"
    start = struct.pack("<IIIIB", 0x1A412743, 0, 1, 0, len(name)) + name
    place = len(start) + 4
    path.write_bytes(start + struct.pack("<IIIII", place, len(bases), 0, 0, 0) + packed.tobytes())


_WRITERS: dict[str, Writer] = {
    ".fa": _fasta, ".fq": _fastq, ".sam": _sam, ".bam": _bam, ".gb": _genbank, ".embl": _embl, ".2bit": _twobit,
}  # fmt: skip
_INPUTS = {
    "FASTA": "record.fa",
    "FASTQ": "record.fq",
    "SAM": "record.sam",
    "SAM with qualities": "qualities.sam",
    "BAM": "record.bam",
    "GenBank": "record.gb",
    "EMBL": "record.embl",
    "2bit": "record.2bit",
}
_PREDICT = "predict human-dna {input} --threads 1 -o {folder}/out.tsv --force"
_ENCODE = "encode --class a={input} --threads 1 -o {folder}/d.safetensors --force"
_CASES = (
    *(_Case(about, name, _PREDICT, False) for about, name in _INPUTS.items()),
    _Case("FASTA", "record.fa", _PREDICT + " --window 36 --track {folder}/t.bedgraph", False),
    *(_Case(about, name, _ENCODE + " --class b=@uniform --window 36", True) for about, name in _INPUTS.items()),
    _Case("FASTA", "record.fa", _ENCODE + " --class b=@dinucleotide", True),
)


def _peak(words: list[str], seconds: float | None) -> float:
    """Returns the most megabytes that a command took, until its end or for some seconds of processor time.

    Raises:
        RuntimeError: the command failed.
    """
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen([sys.executable, "-m", "seqnet", *words], stdout=subprocess.DEVNULL, stderr=said)
        peak = 0.0
        while process.poll() is None and (seconds is None or _processor_seconds(process.pid) < seconds):
            peak = _most_so_far(process.pid) or peak
            time.sleep(1 / _TIMES_A_SECOND)
        if process.poll() is None:
            process.terminate()
            process.wait()
        elif process.returncode:
            said.seek(0)
            raise RuntimeError(f"seqnet {' '.join(words)}\n{said.read()}")
    return peak


def _processor_seconds(process: int) -> float:
    """Returns the processor time of a process so far; infinite if it has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("inf")
    user, system = fields[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _most_so_far(process: int) -> float | None:
    """Returns the megabytes that a process took at most so far; None if it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return None
    lines = dict(line.split(":", 1) for line in status.splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024 / 1e6 if "VmHWM" in lines else None


def main(cases: list[_Case], bases: int, seconds: float) -> list[str]:
    """Measures commands, and returns the lines of a table."""
    rng = np.random.default_rng(1)
    drawn = np.frombuffer(b"ACGT", dtype=np.uint8)[rng.integers(0, 4, bases, dtype=np.uint8)]
    rows = ["| record | command | most memory, MB |", "|---|---|---|"]
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        for case in cases:
            path = Path(folder) / case.name
            if not path.exists():
                _WRITERS[path.suffix](path, drawn)
            words = [word.format(input=path, folder=folder) for word in case.words.split()]
            peak = _peak(words, None if case.ends else seconds)
            shown = case.words.format(input=case.name, folder=".").replace("./", "").replace(" --force", "")
            rows.append(f"| {case.about} | `{shown}` | {peak:.0f} |")
            print(rows[-1], flush=True)
    return rows


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="a small record, to see that it runs")
    parser.add_argument("--bases", type=int, default=_BASES, help="length of the record, a multiple of 60")
    parser.add_argument("--seconds", type=float, default=25, help="processor time after which a prediction is stopped")
    parser.add_argument("--only", default="", help="only the rows that have this word")
    options = parser.parse_args()
    bases, seconds = (_PART, 3.0) if options.smoke else (options.bases, options.seconds)
    cases = [case for case in _CASES if options.only in f"{case.about} {case.words}"]
    rows = main(cases, bases, seconds)
    if options.smoke or options.only:
        return
    head = [
        "# Memory of one record",
        "",
        *describe_machine(1),
        "",
        f"Made by `python -m benchmarks.memory`: one record of {bases:,} bases. The peak of the resident memory of the",
        f"whole process. Predictions were stopped after {seconds:.0f} s of processor time, while the record was",
        "scored; `encode` ran to its end.",
        "",
    ]
    (RESULTS / "memory.md").write_text("\n".join([*head, *rows]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _main()
