"""The input files that the pages' commands name."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
import pytest

from seqnet.cli.main import run
from tests.cli.running import PROTEINS, READS, ROOT
from tests.docs.command_blocks import commands

__all__ = ["page_folder"]

SHARED = ROOT.parent / "shared"
REAL_DATA = re.compile(r"\.\./shared/|human_mhc_")
"""What commands name that needs the real sequences."""


def page_folder(page: str, folder: Path) -> Path:
    """Returns the folder where a page's commands run: with `data/`, its inputs, and `../shared/` if it is there."""
    work = folder / "work"
    work.mkdir()
    (work / "data").symlink_to(ROOT / "data")
    if SHARED.is_dir():
        (folder / "shared").symlink_to(SHARED)
    words = " ".join(one.words for one in commands((ROOT / page).read_text(encoding="utf-8")) if one.why is None)
    if REAL_DATA.search(words) and not SHARED.is_dir():
        pytest.skip("needs the real sequences in ../shared/data")
    for name, make in INPUTS.items():
        first = re.search(rf"(-o |> )?(?<![\w./-]){re.escape(name)}(?![\w.])", words)
        if first and not first[1]:
            make(work / name)
    return work


def _sequences(count: int, length: int, motif: str = "", *, seed: int = 7) -> list[str]:
    rng = np.random.default_rng(seed)
    made = ["".join(rng.choice(list("ACGT"), length)) for _ in range(count)]
    starts = rng.integers(0, length - len(motif), count)
    return [one[:start] + motif + one[start + len(motif) :] for one, start in zip(made, starts, strict=True)]


def _fasta(path: Path) -> None:
    path.write_text("".join(f">read_{i}\n{one}\n" for i, one in enumerate(_sequences(200, 36), 1)))


def _packed_fasta(path: Path) -> None:
    _fasta(path)
    path.write_bytes(gzip.compress(path.read_bytes()))


def _fastq(path: Path) -> None:
    text = "".join(f"@read_{i}\n{one}\n+\n{'I' * 36}\n" for i, one in enumerate(_sequences(200, 36), 1))
    path.write_bytes(gzip.compress(text.encode()))


def _bam(path: Path) -> None:
    shutil.copy(READS, path)


def _many_reads(path: Path) -> None:
    with pysam.AlignmentFile(READS, check_sq=False) as bam:
        reads = [str(read.get_forward_sequence()) for read in bam]
    path.write_text("".join(f">read_{i}\n{one}\n" for i, one in enumerate(reads * 8, 1)))


def _proteins(path: Path) -> None:
    path.write_bytes(gzip.decompress(Path(PROTEINS).read_bytes()))


def _few_proteins(path: Path) -> None:
    path.write_text("".join(f">protein_{i}\nMKVLWLLDERFPQIHKTWYENDSL\n" for i in range(1, 4)))


def _labelled(path: Path, *, count: int = 400, seed: int = 7) -> None:
    rows = [(one, "bound") for one in _sequences(count, 60, "TGACGTCA", seed=seed)]
    rows += [(one, "free") for one in _sequences(count, 60, seed=seed + 50)]
    path.write_text("sequence,label\n" + "".join(f"{one},{label}\n" for one, label in rows))


def _held_out(path: Path) -> None:
    _labelled(path, count=40, seed=8 + len(path.name))


def _genome(path: Path) -> None:
    text = "".join(f">chr{i}\n{one}\n" for i, one in enumerate(_sequences(2, 60_000), 1))
    path.write_bytes(gzip.compress(text.encode()))


def _workflow(profiles: Path) -> None:
    work = profiles.parent.parent
    for name in ("config", "workflow"):
        (work / name).symlink_to(ROOT / name)


def _mhc(path: Path) -> None:
    path.write_bytes(gzip.decompress((SHARED / "data" / "human_mhc_hg002_h1.fa.gz").read_bytes()))


def _packed_mhc(path: Path) -> None:
    path.symlink_to(SHARED / "data" / path.name)


def _packed_table(path: Path) -> None:
    table = path.with_suffix("")
    _labelled(table, count=100, seed=len(path.name))
    path.write_bytes(gzip.compress(table.read_bytes()))


def _dataset(path: Path) -> None:
    words = ["encode", "--class", f"human={READS}", "--class", "random=@uniform", "--group-by", r"^sim:(\d*)\d{4}:"]
    assert run([*words, "-o", str(path)]) == 0


def _labelled_dataset(path: Path) -> None:
    table = path.with_suffix(".csv")
    _labelled(table)
    assert run(["encode", str(table), "--label-column", "label", "-o", str(path)]) == 0


def _protein_dataset(path: Path) -> None:
    assert run(["encode", PROTEINS, "--label-regex", r"label=(\S+)", "-o", str(path)]) == 0


def _model(path: Path) -> None:
    dataset = path.with_suffix(".for.safetensors")
    _labelled_dataset(dataset)
    assert run(["train", str(dataset), "--network", "cnn", "--set", "epochs=15", "-o", str(path)]) == 0


def _known_motifs(path: Path) -> None:
    rows = "\n".join(" ".join("0.97" if base == one else "0.01" for base in "ACGT") for one in "TGACGTCA")
    path.write_text(
        "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF MA0018.5 CREB1\n"
        f"letter-probability matrix: alength= 4 w= 8 nsites= 20 E= 0\n{rows}\n"
    )


def _search_space(path: Path) -> None:
    page = (ROOT / "docs" / "tuning.md").read_text(encoding="utf-8")
    path.write_text(page.split("```toml\n")[1].split("```")[0])


INPUTS: dict[str, Callable[[Path], None]] = {
    "JASPAR.meme": _known_motifs,
    "dev.csv": _held_out,
    "genome.fa.gz": _genome,
    "human_mhc_hg002_h1.fa": _mhc,
    "human_mhc_hg002_h1.fa.gz": _packed_mhc,
    "many.fa": _many_reads,
    "model.safetensors": _model,
    "more.fa": _fasta,
    "own.safetensors": _labelled_dataset,
    "proteins.fa": _few_proteins,
    "proteins.safetensors": _protein_dataset,
    "reads.bam": _bam,
    "reads.fa": _fasta,
    "reads.fa.gz": _packed_fasta,
    "reads.fq.gz": _fastq,
    "reads.safetensors": _dataset,
    "reads_1.fq.gz": _fastq,
    "reads_2.fq.gz": _fastq,
    "related.safetensors": _model,
    "sample.fasta": _proteins,
    "simulated_reads.bam": _bam,
    "sites.csv": _labelled,
    "workflow/profiles": _workflow,
    "space.toml": _search_space,
    "test.csv": _held_out,
    "tf_2.dev.csv.gz": _packed_table,
    "tf_2.test.csv.gz": _packed_table,
    "tf_2.train.csv.gz": _packed_table,
    "train.csv": _labelled,
}
"""Name of a file → what makes it. Only the files that a page's commands read are made."""
