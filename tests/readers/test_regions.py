from __future__ import annotations

import gzip
import os
from pathlib import Path

import pysam
import pytest

from seqnet.core.errors import FormatError, OutputError
from seqnet.readers.regions import IndexedFasta, Region, check_order, read_regions

SIZES = {"one": 20, "two": 8}
TEXT = ">one first\nACGTACGTAC\nGTTTTTTTTT\n>two\nGGGGCCCC\n"


@pytest.fixture
def fasta(tmp_path: Path) -> Path:
    path = tmp_path / "x.fa"
    path.write_text(TEXT)
    return path


def bed(folder: Path, text: str) -> str:
    path = folder / "r.bed"
    path.write_text(text)
    return str(path)


def test_the_lines_of_a_bed_file(tmp_path: Path) -> None:
    text = "track name=x\n# comment\none\t0\t20\tname\t0\t+\n\ntwo 3 5\r\n"
    assert read_regions(bed(tmp_path, text), SIZES) == [Region("one", 0, 20, 3), Region("two", 3, 5, 5)]
    (tmp_path / "r.bed.gz").write_bytes(gzip.compress(text.encode()))
    assert len(read_regions(str(tmp_path / "r.bed.gz"), SIZES)) == 2


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("one\t5", "fewer than 3 columns"),
        ("one\tx\t7", "start and end must be whole numbers"),
        ("one\t-1\t7", "start and end must be whole numbers"),
        ("one\t7\t7", "start 7 is not before end 7"),
        ("three\t0\t7", "the FASTA has no sequence three; use its names: one, two"),
        ("two\t0\t9", "end 9 is beyond the end of two, which has 8 symbols"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, problem: str) -> None:
    path = bed(tmp_path, f"one\t0\t5\n{line}\n")
    with pytest.raises(FormatError) as error:
        read_regions(path, SIZES)
    place, *rest = error.value.describe()
    assert place == f"{path}: line 2"
    assert problem in "; ".join(rest)


def test_a_file_without_regions_is_refused(tmp_path: Path) -> None:
    for text in ("", "# nothing\n"):
        with pytest.raises(FormatError, match="the file has no regions"):
            read_regions(bed(tmp_path, text), SIZES)


def test_regions_of_a_bedgraph_are_in_order() -> None:
    fine = [Region("two", 0, 5, 1), Region("two", 5, 8, 2), Region("one", 0, 3, 3)]
    check_order("r.bed", fine)
    for last in (Region("one", 2, 9, 4), Region("two", 7, 8, 4)):
        with pytest.raises(FormatError, match="overlaps an earlier one, or is not in order") as error:
            check_order("r.bed", [*fine, last])
        assert error.value.line == 4


def test_regions_become_records_and_the_index_that_of_samtools(fasta: Path, tmp_path: Path) -> None:
    regions = [Region("two", 3, 5, 1), Region("one", 8, 20, 2), Region("one", 0, 1, 3)]
    with IndexedFasta(str(fasta)) as found:
        assert (found.made, found.sizes) == (True, SIZES)
        parts = list(found.batches(regions, 10))
    assert [len(lines) for lines, _ in parts] == [2, 1]
    records = [
        (name, text) for _, one in parts for name, text in zip(one.names.text(), one.symbols.text(), strict=True)
    ]
    assert records == [("two:4-5", "GC"), ("one:9-20", "ACGTTTTTTTTT"), ("one:1-1", "A")]
    made = Path(f"{fasta}.fai").read_bytes()
    pysam.faidx(str(fasta))
    assert Path(f"{fasta}.fai").read_bytes() == made
    with IndexedFasta(str(fasta)) as found:
        assert not found.made
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.fa", "x.fa.fai"]


def test_a_file_of_bgzip_is_indexed_and_one_of_gzip_refused(fasta: Path, tmp_path: Path) -> None:
    packed = tmp_path / "x.fa.gz"
    pysam.tabix_compress(str(fasta), str(packed))
    with IndexedFasta(str(packed)) as found:
        ((_, batch),) = found.batches([Region("two", 2, 6, 1)], 10)
    assert batch.symbols.text() == ["GGCC"]
    assert Path(f"{packed}.gzi").exists()
    plain = tmp_path / "y.fa.gz"
    plain.write_bytes(gzip.compress(TEXT.encode()))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(FormatError, match="compressed with bgzip; this one can't be indexed"):
        IndexedFasta(str(plain))
    assert sorted(tmp_path.iterdir()) == before


def test_other_files_than_fasta_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("hello\n")
    with pytest.raises(FormatError, match="--regions needs a FASTA file"):
        IndexedFasta(str(path))
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(FileNotFoundError):
        IndexedFasta(str(tmp_path / "absent.fa"))


def test_an_index_that_is_older_than_the_file_is_refused(fasta: Path) -> None:
    IndexedFasta(str(fasta)).__exit__(None, None, None)
    os.utime(f"{fasta}.fai", (1, 1))
    with pytest.raises(FormatError, match=r"x\.fa\.fai is older than the file"):
        IndexedFasta(str(fasta))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_can_not_be_written_is_one_error(fasta: Path) -> None:
    fasta.parent.chmod(0o555)
    try:
        with pytest.raises(OutputError, match="make the index elsewhere"):
            IndexedFasta(str(fasta))
    finally:
        fasta.parent.chmod(0o755)
