"""The input files that the pages' commands name."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np

from seqnet.cli.main import run
from tests.cli.running import PROTEINS, READS, ROOT

__all__ = ["page_folder"]

SHARED = ROOT.parent / "shared"


def page_folder(page: str, folder: Path) -> Path:
    """Returns the folder where a page's commands run, with `data/`, `../shared/` and the page's inputs."""
    work = folder / "work"
    work.mkdir()
    (work / "data").symlink_to(ROOT / "data")
    if SHARED.is_dir():
        (folder / "shared").symlink_to(SHARED)
    for name, make in INPUTS.items():
        if name in (ROOT / page).read_text(encoding="utf-8"):
            make(work / name)
    return work


def _sequences(count: int, length: int, motif: str = "") -> list[str]:
    rng = np.random.default_rng(7)
    made = ["".join(rng.choice(list("ACGT"), length)) for _ in range(count)]
    starts = rng.integers(0, length - len(motif), count)
    return [one[:start] + motif + one[start + len(motif) :] for one, start in zip(made, starts, strict=True)]


def _fasta(path: Path) -> None:
    path.write_text("".join(f">read_{i}\n{one}\n" for i, one in enumerate(_sequences(200, 36), 1)))


def _fastq(path: Path) -> None:
    text = "".join(f"@read_{i}\n{one}\n+\n{'I' * 36}\n" for i, one in enumerate(_sequences(200, 36), 1))
    path.write_bytes(gzip.compress(text.encode()))


def _labelled(path: Path) -> None:
    rows = [(one, "bound") for one in _sequences(400, 60, "TGACGTCA")] + [(one, "free") for one in _sequences(400, 60)]
    path.write_text("sequence,label\n" + "".join(f"{one},{label}\n" for one, label in rows))


def _genome(path: Path) -> None:
    text = "".join(f">chr{i}\n{one}\n" for i, one in enumerate(_sequences(2, 60_000), 1))
    path.write_bytes(gzip.compress(text.encode()))


def _workflow(configuration: Path) -> None:
    work = configuration.parent.parent
    for name in ("config", "workflow"):
        (work / name).symlink_to(ROOT / name)


def _dataset(path: Path) -> None:
    words = ["encode", "--class", f"human={READS}", "--class", "random=@uniform", "--group-by", r"^sim:(\d*)\d{4}:"]
    assert run([*words, "-o", str(path)]) == 0


def _protein_dataset(path: Path) -> None:
    assert run(["encode", PROTEINS, "--label-regex", r"label=(\S+)", "-o", str(path)]) == 0


INPUTS: dict[str, Callable[[Path], None]] = {
    "reads.fa": _fasta,
    "reads.fq.gz": _fastq,
    "sites.csv": _labelled,
    "genome.fa.gz": _genome,
    "config/config.yaml": _workflow,
}
"""Name of a file → what makes it. Only the files that a page mentions are made."""
