"""Contracts of every reader in the table of formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import TruncatedError
from seqnet.core.records import RecordBatch
from seqnet.readers import FORMATS, open_records
from tests.readers.examples import COMPRESS, DATA, nothing, piped_stdin, read, read_batch

EXAMPLES = {
    "fasta": ["wrapped.fa", "dos.fa", "lowercase.fa", "empty_records.fa"],
    "sam": ["reverse.bam", "unaligned.sam"],
    "fastq": ["plain.fq", "dos.fq"],
    "tokens": ["proteins.npz"],
    "genbank": ["genome.gb", "contig_only.gb"],
    "embl": ["genome.embl"],
    "swissprot": ["proteins.dat"],
    "uniprot-xml": ["proteins.xml"],
    "stockholm": ["family.sto"],
    "clustal": ["alignment.aln"],
    "phylip": ["interleaved.phy", "sequential.phy"],
    "nexus": ["matrix.nex"],
    "2bit": ["little.2bit", "big.2bit"],
    "abi": ["sanger.ab1"],
    "table": ["proteins.tsv", "proteins.csv", "proteins.xlsx", "proteins.parquet"],
}
# A valid file of each format without records.
EMPTY = {
    "fasta": b"\n",
    "sam": (DATA / "header_only.bam").read_bytes(),
    "fastq": b"\n",
    "tokens": b"PK\x05\x06" + bytes(18),
    "genbank": b"\n",
    "embl": b"\n",
    "swissprot": b"\n",
    "uniprot-xml": b'<uniprot xmlns="http://uniprot.org/uniprot"></uniprot>',
    "stockholm": b"# STOCKHOLM 1.0\n//\n",
    "clustal": b"CLUSTAL W (1.83) multiple sequence alignment\n\n",
    "phylip": b"0 0\n",
    "nexus": b"#NEXUS\n",
    "2bit": bytes.fromhex("4327411a") + bytes(12),
    "abi": b"\n",
    "table": b"id\tsequence\n",
}

every_format = pytest.mark.parametrize("format", list(FORMATS))
every_example = pytest.mark.parametrize(
    ("format", "name"), [(format, name) for format, names in EXAMPLES.items() for name in names]
)
every_compression = pytest.mark.parametrize("compression", list(COMPRESS))


def same(batch: RecordBatch, other: RecordBatch) -> bool:
    keys = list(batch.columns)
    return keys == list(other.columns) and all(
        one.text() == two.text()
        for one, two in [
            (batch.names, other.names),
            (batch.symbols, other.symbols),
            (batch.headers, other.headers),
            *((batch.columns[key], other.columns[key]) for key in keys),
        ]
    )


def test_every_format_has_examples() -> None:
    assert list(EXAMPLES) == list(EMPTY) == list(FORMATS)


@every_example
def test_it_recognises_its_own_and_no_other_does(format: str, name: str) -> None:
    head = (DATA / name).read_bytes()
    if name == "reverse.bam":
        head = b"BAM\1"  # a BAM is a gzip file, and detection uses the decompressed content
    assert next(other for other in FORMATS if FORMATS.load(other).recognises(head)) == format


@every_example
def test_the_records_are_the_same_at_any_batch_size(format: str, name: str) -> None:
    whole = read_batch(DATA / name)
    for size in (1, 2, 3, 5, 8, 13, 21, 34, 55):
        assert same(read_batch(DATA / name, batch_bytes=size), whole)


@every_example
def test_columns_are_as_long_as_each_other(format: str, name: str) -> None:
    with open_records(str(DATA / name), ReadOptions(batch_bytes=10)) as reader:
        assert reader.format == format
        for batch in reader:
            assert len(batch) > 0
            assert len(batch) == len(batch.symbols) == len(batch.headers)
            for column in (batch.names, batch.symbols, batch.headers, *batch.columns.values()):
                assert len(column) == len(batch)
                assert column.offsets[0] == 0
                assert column.offsets[-1] == len(column.data)


@every_example
def test_stdin_is_read_as_the_file_is(format: str, name: str) -> None:
    with piped_stdin((DATA / name).read_bytes()):
        assert same(read_batch("-"), read_batch(DATA / name))


@every_example
@every_compression
def test_it_may_be_compressed(format: str, name: str, compression: str, tmp_path: Path) -> None:
    if name == "reverse.bam":
        pytest.skip("a BAM is compressed already")
    path = tmp_path / "in"
    path.write_bytes(COMPRESS[compression]((DATA / name).read_bytes()))
    assert same(read_batch(path), read_batch(DATA / name))
    with piped_stdin(path.read_bytes()):
        assert same(read_batch("-"), read_batch(DATA / name))


@every_example
@every_compression
def test_compressed_data_that_end_too_early_are_truncated(
    format: str, name: str, compression: str, tmp_path: Path
) -> None:
    stored = (DATA / name).read_bytes() if name == "reverse.bam" else COMPRESS[compression]((DATA / name).read_bytes())
    path = tmp_path / "in"
    for length in (len(stored) // 2, len(stored) - 1):
        path.write_bytes(stored[:length])
        with pytest.raises(TruncatedError) as caught:
            read(path)
        assert caught.value.path == str(path)


@every_format
@pytest.mark.parametrize("compression", [None, *COMPRESS])
def test_a_sound_file_may_hold_no_records(format: str, compression: str | None, tmp_path: Path) -> None:
    if format == "sam" and compression:
        pytest.skip("a BAM is compressed already")
    path = tmp_path / "in"
    path.write_bytes(COMPRESS[compression](EMPTY[format]) if compression else EMPTY[format])
    expected = "the file is empty" if EMPTY[format] == b"\n" else "the file has no records"
    for process in ("never", "always"):
        assert nothing(path, reader_process=process) == expected
    with piped_stdin(path.read_bytes()):
        assert nothing("-") == expected
    assert read(path) == []


@every_example
def test_it_is_closed_when_it_is_left_early(format: str, name: str) -> None:
    with open_records(str(DATA / name), ReadOptions(batch_bytes=1)) as reader:
        batches = iter(reader)
        next(batches)
    assert next(batches, None) is None
