from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, InputError
from seqnet.readers import FORMATS, open_records

from .examples import DATA, nothing, piped_stdin, read

FASTA = DATA / "wrapped.fa"
ALL = "fasta, sam, fastq, tokens, genbank, embl, swissprot, uniprot-xml, stockholm, clustal, phylip, nexus, 2bit, abi"
ALL += ", table"


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("wrapped.fa", "fasta"),
        ("wrapped.fa.bgz", "fasta"),
        ("wrapped.fa.zst", "fasta"),
        ("plain.fq", "fastq"),
        ("reverse.bam", "sam"),
        ("unaligned.sam", "sam"),
        ("proteins.tsv", "table"),
        ("proteins.csv", "table"),
        ("proteins.parquet", "table"),
        ("proteins.npz", "tokens"),
        ("genome.gb", "genbank"),
        ("sequential.phy", "phylip"),
        ("sanger.ab1", "abi"),
    ],
)
def test_the_format_is_found_by_content_whatever_the_name(name: str, format: str, tmp_path: Path) -> None:
    path = tmp_path / "in.doc"
    path.write_bytes((DATA / name).read_bytes())
    with open_records(str(path), ReadOptions()) as reader:
        assert (reader.path, reader.format) == (str(path), format)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("no_header.fa", "line 1: sequence text without a FASTA header; put a line such as >name"),
        ("late_header.fa", "line 1: FASTA without a header: there is text before the first '>'; put a line such as"),
        ("notes.txt", f"not a sequence file (tried {ALL}); convert it"),
        ("not_sequences.bin", f"not a sequence file (tried {ALL}); convert it"),
    ],
)
def test_other_content_than_a_sequence_file_is_refused(name: str, problem: str) -> None:
    with pytest.raises(FormatError) as caught:
        open_records(str(DATA / name), ReadOptions())
    assert str(caught.value).startswith(f"{DATA / name}: {problem}")


def test_other_content_in_a_compressed_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.gz"
    path.write_bytes(gzip.compress(bytes(100)))
    with pytest.raises(FormatError, match="not a sequence file within gzip"):
        open_records(str(path), ReadOptions())


def test_errors_of_stdin_name_it() -> None:
    with piped_stdin(b"ACGT\n"), pytest.raises(FormatError, match=r"^stdin: line 1: sequence text without"):
        open_records("-", ReadOptions())


def test_what_can_not_be_opened_is_left_to_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_records(str(tmp_path / "nowhere.fa"), ReadOptions())
    with pytest.raises(IsADirectoryError):
        open_records(str(tmp_path), ReadOptions())


def test_a_reader_is_iterated_once() -> None:
    with open_records(str(FASTA), ReadOptions()) as reader:
        assert sum(map(len, reader)) == 3
        with pytest.raises(RuntimeError, match="can be iterated once"):
            iter(reader)


@pytest.mark.parametrize("name", ["wrapped.fa", "wrapped.fa.bgz", "reverse.bam", "proteins.npz", "proteins.parquet"])
def test_a_reader_that_is_left_early_closes_its_files(name: str) -> None:
    descriptors = len(os.listdir("/proc/self/fd"))
    with open_records(str(DATA / name), ReadOptions(batch_bytes=1)) as reader:
        assert len(next(iter(reader))) > 0
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_a_pipe_that_is_left_early_is_let_go() -> None:
    with piped_stdin((DATA / "reverse.bam").read_bytes()), open_records("-", ReadOptions(batch_bytes=1)) as reader:
        assert len(next(iter(reader))) > 0


def test_a_failure_closes_the_file() -> None:
    def descriptors() -> int:
        for name in ("notes.txt", "truncated.fa.gz", "truncated.bam", "gap.npz", "ragged.tsv"):
            with pytest.raises(InputError):
                read(DATA / name)
        assert nothing(DATA / "empty.fa") == "the file is empty"
        return len(os.listdir("/proc/self/fd"))

    first = descriptors()  # also loads libraries, which keep files open
    assert descriptors() == first


def test_empty_files_are_empty_whatever_the_compression(tmp_path: Path) -> None:
    path = tmp_path / "in.fa"
    for content in (b"", b"\n \n", gzip.compress(b""), gzip.compress(b"\n")):
        path.write_bytes(content)
        # An option for alignments is no error if the file may have alignments.
        with open_records(str(path), ReadOptions(min_mapq=10)) as reader:
            assert (list(reader), reader.format) == ([], "empty")


def test_the_package_imports_no_file_library() -> None:
    heavy = ("torch", "Bio", "pysam", "pyarrow", "isal", "zstandard", "pandas")
    code = f"""
import sys
from seqnet.readers import open_records
from seqnet.configs.readers import ReadOptions
with open_records({str(FASTA)!r}, ReadOptions()) as reader:
    assert sum(map(len, reader)) == 3
print([name for name in {heavy} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_formats_of_the_table() -> None:
    assert ", ".join(FORMATS) == ALL
