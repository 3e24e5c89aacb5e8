from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pysam
import pytest

from seqnet.core.errors import FormatError, TruncatedError
from seqnet.datasets.sources.content_checks import check_bam, check_token_arrays


def write_bam(path: Path, reads: int = 50) -> Path:
    header = {"HD": {"VN": "1.6"}, "SQ": [{"SN": "chr1", "LN": 1000}]}
    with pysam.AlignmentFile(str(path), "wb", header=header) as bam:
        for serial in range(reads):
            read = pysam.AlignedSegment(bam.header)
            read.query_name, read.query_sequence, read.flag = f"r{serial}", "ACGT" * 9, 4
            bam.write(read)
    return path


def test_a_whole_bam_passes(tmp_path: Path) -> None:
    check_bam(write_bam(tmp_path / "whole.bam"))


def test_a_bam_without_its_end_is_truncated(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "cut.bam")
    path.write_bytes(path.read_bytes()[:-28])
    with pytest.raises(TruncatedError, match="end-of-file marker"):
        check_bam(path)


@pytest.mark.parametrize("content", [b"", b"<html>", gzip.compress(b"")[:4]])
def test_other_bytes_are_not_a_bam(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.bam"
    path.write_bytes(content)
    with pytest.raises((FormatError, TruncatedError)):
        check_bam(path)


def test_blocks_around_other_data_are_not_a_bam(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    plain, path = tmp_path / "one.fasta", tmp_path / "fasta.bam"
    plain.write_text(">one\nACGT\n")
    pysam.tabix_compress(str(plain), str(path))
    with pytest.raises(FormatError, match="not a BAM file"):
        check_bam(path)
    assert capfd.readouterr() == ("", "")


def test_token_arrays_pass(tmp_path: Path) -> None:
    path = tmp_path / "tokens.npz"
    np.savez(path, positives=np.ones((3, 5), np.int64), negatives=np.ones((2, 5), np.int64))
    check_token_arrays(path)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"positives": np.ones((3, 5), np.int64)}, "no arrays"),
        ({"positives": np.ones((3, 5)), "negatives": np.ones((3, 5))}, "2-D float64"),
        ({"positives": np.ones(3, np.int64), "negatives": np.ones(3, np.int64)}, "1-D int64"),
        ({"positives": np.array([None], dtype=object), "negatives": np.ones(3)}, "can't be read"),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, arrays: dict[str, np.ndarray], words: str) -> None:
    path = tmp_path / "tokens.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    with pytest.raises(FormatError, match=words):
        check_token_arrays(path)


def test_a_changed_byte_in_an_array_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "tokens.npz"
    np.savez(path, positives=np.ones((30, 50), np.int64), negatives=np.ones((20, 50), np.int64))
    content = bytearray(path.read_bytes())
    content[2000] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(FormatError, match="can't be read"):
        check_token_arrays(path)


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x93NUMPY"])
def test_other_bytes_are_not_an_npz(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(FormatError, match="not an npz file"):
        check_token_arrays(path)
