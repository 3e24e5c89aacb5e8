from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.originals import Beginning
from seqnet.core.records import RecordBatch
from seqnet.readers import open_records
from seqnet.readers.originals import form_of

FASTQ = b"".join(b"@r%d/%d x y\nACGTAC\n+\nII!IIB\n" % (read // 2, read % 2 + 1) for read in range(20))
FASTA = b">a one\nACGT\nAC\n\n>b\n\n>c \xe9\nTTT\nT\n"


def batches_of(path: Path, size: int = 1 << 19, **options: str) -> list[RecordBatch]:
    with open_records(str(path), ReadOptions(originals=True, batch_bytes=size, **options)) as reader:  # type: ignore[arg-type]
        return list(reader)


def text_of(batches: list[RecordBatch]) -> bytes:
    return b"".join(batch.originals.entries.data.tobytes() for batch in batches if batch.originals is not None)


@pytest.mark.parametrize("size", [1, 30, 100, 1 << 19])
@pytest.mark.parametrize("text", [FASTQ, FASTA, FASTQ.replace(b"\n", b"\r\n"), FASTA.replace(b"\n", b"\r\n")])
@pytest.mark.parametrize("how", ["never", "always"])
def test_text_is_the_file_byte_by_byte(size: int, text: bytes, how: str, tmp_path: Path) -> None:
    path = tmp_path / "reads"
    path.write_bytes(text)
    assert text_of(batches_of(path, size, reader_process=how)) == text


def test_a_missing_line_end_is_added(tmp_path: Path) -> None:
    path = tmp_path / "reads"
    for text in (FASTQ, FASTA):
        path.write_bytes(text[:-1])
        assert text_of(batches_of(path)) == text


def test_a_record_that_is_read_piece_by_piece(tmp_path: Path) -> None:
    text = b">big one\n" + b"ACGTACGTAC\n" * 200_000 + b">next\nACGT\n"
    path = tmp_path / "big.fa"
    path.write_bytes(text)
    batches = batches_of(path, 1 << 16)
    assert text_of(batches) == text
    assert [len(batch) for batch in batches if len(batch)] == [1, 1]


@pytest.mark.parametrize("size", [1, 50, 130, 200])
def test_mates_are_in_one_batch(size: int, tmp_path: Path) -> None:
    path = tmp_path / "reads.fq.gz"
    path.write_bytes(gzip.compress(FASTQ))
    first, *batches = batches_of(path, size)
    assert first.originals is not None
    assert first.originals.beginning == Beginning("fastq", True)
    assert len(first) == 0
    for batch in batches:
        names = [name.partition("/")[0] for name in batch.names.text()]
        assert all(names.count(name) == 2 for name in names)


def test_other_formats_become_fasta(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,sequence\na\tb,ACGT\nc,\n")
    assert text_of(batches_of(path)) == b">a\\tb\nACGT\n>c\n\n"


@pytest.mark.parametrize(
    ("name", "form"),
    [("x.fq", "fastq"), ("x.fastq.gz", "fastq"), ("x.fa", "fasta"), ("fastq", "fasta"), ("-", "fasta")],
)
def test_the_name_of_an_empty_file_says_its_format(name: str, form: str) -> None:
    assert form_of("empty", name) == form
    assert form_of("sam", name) == "bam"
