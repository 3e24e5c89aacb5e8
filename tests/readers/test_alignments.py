from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import pysam
import pytest
from Bio.Data.IUPACData import ambiguous_dna_complement

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, SettingError, TruncatedError
from seqnet.readers import open_records
from seqnet.readers.alignments import FORMAT

from .examples import DATA, REAL, bgzip, columns, needs_real_data, nothing, piped_stdin, read, sam_text, samtools_fasta

COMPLEMENT = str.maketrans(ambiguous_dna_complement)
REVERSE = DATA / "reverse.bam"
PRIMARY = [
    "forward", "reverse", "ambiguous", "pair/1", "pair/2", "placed/1", "placed/2", "repeat", "split", "hidden",
    "lost/1", "lost/2",
]  # fmt: skip


def skipped(path: Path, options: ReadOptions) -> tuple[list[str], dict[str, int]]:
    """Returns the names of the records, and the counts of skipped reads."""
    with open_records(str(path), options) as reader:
        names = [name for batch in reader for name in batch.names.text()]
        return names, dict(reader.skipped)


@pytest.fixture
def unindexed(tmp_path: Path) -> Path:
    return Path(shutil.copy(REVERSE, tmp_path / "in.bam"))


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return Path(shutil.copy(DATA / "reference.fa", tmp_path / "reference.fa"))


@pytest.fixture
def cram(tmp_path: Path, reference: Path) -> Path:
    """The reads of reverse.bam as CRAM with an index, whose reference has been moved since."""
    path, made_with = tmp_path / "in.cram", Path(shutil.copy(reference, tmp_path / "made_with.fa"))
    with (
        pysam.AlignmentFile(str(REVERSE)) as source,
        pysam.AlignmentFile(str(path), "wc", template=source, reference_filename=str(made_with)) as target,
    ):
        for one in source.fetch(until_eof=True):
            target.write(one)
    pysam.index(str(path))
    made_with.unlink()
    (tmp_path / "made_with.fa.fai").unlink()
    return path


def sequenced() -> dict[str, list[str]]:
    """Returns the sequences of reverse.bam by name, worked out from its SAM text."""
    by_name: dict[str, list[str]] = {}
    for line in sam_text(REVERSE).splitlines():
        name, flag, _, _, _, _, _, _, _, symbols = line.split("\t")[:10]
        if not int(flag) & 0x900:
            symbols = "" if symbols == "*" else symbols
            name += {0: "", 0x40: "/1", 0x80: "/2"}[int(flag) & 0xC0]
            by_name.setdefault(name, []).append(symbols[::-1].translate(COMPLEMENT) if int(flag) & 16 else symbols)
    return by_name


def test_reads_are_as_they_were_sequenced() -> None:
    records = read(REVERSE)
    assert [name for name, _, _ in records] == PRIMARY
    assert dict(records_by_name(records)) == sequenced()
    assert ("ambiguous", "WSNBDHVKMRYACGT", "ambiguous") in records
    assert ("hidden", "", "hidden") in records


def records_by_name(records: list[tuple[str, str, str]]) -> dict[str, list[str]]:
    by_name: dict[str, list[str]] = {}
    for name, symbols, _ in records:
        by_name.setdefault(name, []).append(symbols)
    return by_name


def test_what_repeats_a_read_is_counted() -> None:
    names, counts = skipped(REVERSE, ReadOptions())
    assert names == PRIMARY
    assert counts == {"secondary": 1, "supplementary": 1}
    assert columns(REVERSE) == {}


def test_it_agrees_with_samtools(tmp_path: Path) -> None:
    expected = samtools_fasta(REVERSE, tmp_path / "reads.fa")
    assert [(name, symbols) for name, symbols, _ in read(REVERSE)] == expected


@pytest.mark.parametrize("minimum", [0, 1, 5, 6, 60, 61])
def test_mapping_quality_applies_to_mapped_reads_only(minimum: int) -> None:
    qualities = [60, 60, 30, 20, 20, 5, None, 0, 60, 60, None, None]
    names, counts = skipped(REVERSE, ReadOptions(min_mapq=minimum))
    expected = [name for name, quality in zip(PRIMARY, qualities, strict=True) if quality is None or quality >= minimum]
    assert names == expected
    assert counts.get("low mapping quality", 0) == 12 - len(expected)


REGIONS = {
    "chrT": PRIMARY[:10],
    "chrT:1-10": [],
    "chrT:11-11": ["forward"],
    "chrT:30-31": ["forward", "reverse"],
    "chrT:150": ["pair/2", "placed/1", "placed/2", "repeat", "split", "hidden"],
    "chrT:201-201": ["placed/1", "placed/2"],
    "chrT:202-220": ["placed/1"],
    "chrT:0,451-1,000": ["split", "hidden"],
    "chrT:451-": ["split", "hidden"],
}


@pytest.mark.parametrize("region", list(REGIONS))
def test_a_region_is_the_same_with_and_without_an_index(
    region: str, unindexed: Path, cram: Path, reference: Path
) -> None:
    options = ReadOptions(region=region)
    with_reference = ReadOptions(region=region, reference=str(reference))
    if not REGIONS[region]:
        for path in (REVERSE, unindexed):
            assert skipped(path, options)[0] == []
        assert skipped(cram, with_reference)[0] == []
        return
    assert skipped(REVERSE, options)[0] == REGIONS[region]
    assert skipped(cram, with_reference)[0] == REGIONS[region]
    names, counts = skipped(unindexed, options)
    assert names == REGIONS[region]
    assert sum(counts.values()) == 14 - len(names)
    assert counts["outside region"] > 0
    with piped_stdin(REVERSE.read_bytes()):
        assert skipped(Path("-"), options)[0] == REGIONS[region]


def test_a_region_without_reads_is_reported() -> None:
    for process in ("never", "always"):
        assert nothing(REVERSE, region="chrT:590-600", reader_process=process) == "no read overlaps chrT:590-600"


def test_in_a_region_mapping_quality_applies_to_all() -> None:
    names, counts = skipped(REVERSE, ReadOptions(region="chrT:201-201", min_mapq=1))
    assert names == ["placed/1"]
    assert counts == {"low mapping quality": 1}


def test_when_nothing_is_left_the_reasons_are_given(unindexed: Path) -> None:
    assert nothing(unindexed, region="chrT:590-600") == "all of its records were skipped: 14 outside region"
    assert "1 low mapping quality" in (nothing(REVERSE, region="chrT:301-301", min_mapq=1) or "")


@pytest.mark.parametrize("region", ["chrT:50-5", "chrT:50-0", "chrT:50-49"])
def test_a_region_that_ends_before_it_starts_is_refused(region: str) -> None:
    with pytest.raises(SettingError, match="must be NAME:START-END with START at most END"):
        read(REVERSE, region=region)


@pytest.mark.parametrize("region", ["chrU", "chrT:x-y", "chrT:0-5", "chrT:-5", ":5", "chrU:1-5"])
def test_a_region_that_is_none_is_refused(region: str) -> None:
    with pytest.raises(SettingError, match=r"read\.region must be .* where NAME is a reference of the file \(chrT"):
        read(REVERSE, region=region)


def test_a_region_of_unaligned_reads_is_refused() -> None:
    with pytest.raises(SettingError, match=r"a reference of the file \(none\)"):
        read(DATA / "unaligned.sam", region="chrT")


def test_a_reference_may_have_a_colon_in_its_name(tmp_path: Path) -> None:
    path = tmp_path / "in.sam"
    path.write_text("@SQ\tSN:HLA:1-2\tLN:100\nr\t0\tHLA:1-2\t10\t60\t4M\t*\t0\t0\tACGT\t*\n")
    for region in ("HLA:1-2", "HLA:1-2:13-20"):
        assert [name for name, _, _ in read(path, region=region)] == ["r"]
    assert read(path, region="HLA:1-2:14-20") == []


def test_sam_text_holds_the_same_reads(tmp_path: Path) -> None:
    with pysam.AlignmentFile(str(REVERSE)) as file:
        text = str(file.header) + sam_text(REVERSE)
    path = tmp_path / "in.sam"
    for content in (text.encode(), gzip.compress(text.encode())):
        path.write_bytes(content)
        assert read(path) == read(REVERSE)


def test_sam_without_references_or_header(tmp_path: Path) -> None:
    assert read(DATA / "unaligned.sam") == [(f"u{number}", "ACGTN", f"u{number}") for number in range(3)]
    path = tmp_path / "in.sam"
    path.write_text("".join((DATA / "unaligned.sam").read_text().splitlines(keepends=True)[1:]))
    assert read(path) == read(DATA / "unaligned.sam")


UNLISTED = (
    "a\t0\tchrT\t11\t60\t4M\t*\t0\t0\tACGT\tIIII\n"
    "b\t16\tchrU\t31\t0\t4M\t=\t40\t9\tAACC\t*\tNM:i:0\n"
    "p\t99\tchrT\t101\t20\t2S2M\tchrU\t151\t0\tGATT\tIIII\n"
    "p\t147\tchrU\t151\t20\t4M\tchrT\t101\t0\tTTTG\t*\n"
    "s\t256\tchrT\t1\t60\t4M\t*\t0\t0\tACGT\t*\n"
    "u\t4\t*\t0\t0\t*\t*\t0\t0\t*\t*\n"
)


@pytest.mark.parametrize("header", ["", "@HD\tVN:1.6\n@PG\tID:x\n"])
def test_sam_that_does_not_list_its_references(header: str, tmp_path: Path) -> None:
    path, listed = tmp_path / "in.sam", tmp_path / "listed.sam"
    path.write_text(header + UNLISTED)
    listed.write_text("@SQ\tSN:chrT\tLN:999\n@SQ\tSN:chrU\tLN:999\n" + UNLISTED)
    assert read(path) == read(listed)
    assert [record[:2] for record in read(path)] == [
        ("a", "ACGT"), ("b", "GGTT"), ("p/1", "GATT"), ("p/2", "CAAA"), ("u", ""),
    ]  # fmt: skip
    assert skipped(path, ReadOptions(min_mapq=30)) == skipped(listed, ReadOptions(min_mapq=30))
    with piped_stdin(gzip.compress(path.read_bytes())):
        assert read("-") == read(listed)
    with pytest.raises(SettingError, match=r"a reference of the file \(none\)"):
        read(path, region="chrT")
    path.write_text(header + UNLISTED + "r\t0\tchrT\n")
    with pytest.raises(FormatError, match="a line is not valid SAM"):
        read(path)


@pytest.mark.parametrize("line", ["r\t0\tchrU\t10\t60\t4M\t*\t0\t0\tACGT\tII\n", "hello\n", "r\t0\n"])
def test_a_line_that_is_not_sam_is_an_error(tmp_path: Path, line: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "in.sam"
    path.write_text("@SQ\tSN:chrT\tLN:100\n" + line)
    with pytest.raises(FormatError, match="a line is not valid SAM"):
        read(path)
    assert capfd.readouterr() == ("", "")


def test_cram_with_its_reference(cram: Path, reference: Path) -> None:
    assert read(cram, reference=str(reference)) == read(REVERSE)
    with piped_stdin(cram.read_bytes()):
        assert read("-", reference=str(reference)) == read(REVERSE)


def test_cram_without_its_reference_names_what_is_missing(
    cram: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.fa"
    other.write_text(">chrU\nACGT\n")
    with pytest.raises(FormatError, match="give the FASTA that it was compressed against"):
        read(cram)
    with pytest.raises(FormatError, match="give the FASTA that it was compressed against"):
        read(cram, reference=str(other))
    with pytest.raises(FileNotFoundError, match=r"nowhere\.fa"):
        read(cram, reference=str(tmp_path / "nowhere.fa"))
    assert capfd.readouterr() == ("", "")


def test_a_reference_that_is_unusable_where_it_is(
    cram: Path, reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tmp_path / "reference.fa.gz"
    packed.write_bytes(gzip.compress(reference.read_bytes()))
    with pytest.raises(FormatError, match=r"reference\.fa\.gz: the reference is compressed with gzip.*plain or bgzip"):
        read(cram, reference=str(packed))
    packed.write_bytes(bgzip(reference.read_bytes()))
    folder = tmp_path / "shared"
    folder.mkdir()
    for path in (reference, packed):
        path = Path(shutil.move(path, folder / path.name))
        folder.chmod(0o555)
        # For root, all folders are writable.
        with monkeypatch.context() as patch:
            patch.setattr(os, "access", lambda *_: False)
            assert read(cram, reference=str(path)) == read(REVERSE)
        assert list(folder.iterdir()) == [path]
        folder.chmod(0o755)
        path.unlink()


def test_names_in_latin_1_are_read_by_htslib_as_by_columns(tmp_path: Path) -> None:
    rows = b"x\xe9\t65\tc\t1\t60\t4M\t*\t0\t0\tACGT\t*\n\xc3\xa9\t129\tc\t1\t60\t4M\t*\t0\t0\tACGT\t*\n"
    (tmp_path / "in.sam").write_bytes(b"@SQ\tSN:c\tLN:100\n" + rows)
    pysam.samtools.view("-b", "-o", str(tmp_path / "in.bam"), str(tmp_path / "in.sam"), catch_stdout=False)
    for options in ({}, {"region": "c"}):
        for name in ("in.sam", "in.bam"):
            assert [name for name, _, _ in read(tmp_path / name, **options)] == ["xé/1", "é/2"]


def test_the_names_of_mates_are_the_same_by_every_way(cram: Path, reference: Path, unindexed: Path) -> None:
    expected = [name for name in PRIMARY if not name.startswith("lost")]
    for path, more in ((REVERSE, {}), (unindexed, {}), (cram, {"reference": str(reference)})):
        assert [name for name, _, _ in read(path, region="chrT", **more)] == expected


def test_mates_are_marked_where_the_flags_say_which_they_are(tmp_path: Path) -> None:
    flags = {"a": 0x41, "b": 0x81, "c": 0xC1, "d": 0x1, "e": 0x40, "f": 0x80, "g/1": 0x41, "h/1": 0x81, "1": 0x41}
    path = tmp_path / "in.sam"
    rows = (f"{name}\t{flag | 4}\t*\t0\t0\t*\t*\t0\t0\tACGT\t*\n" for name, flag in flags.items())
    path.write_text("@HD\tVN:1.6\n" + "".join(rows))
    expected = ["a/1", "b/2", "c", "d", "e", "f", "g/1", "h/1/2", "1/1"]
    assert [name for name, _, _ in read(path)] == expected


def test_cram_that_is_cut(cram: Path, reference: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content = cram.read_bytes()
    for length in (30, len(content) // 2, len(content) - 38, len(content) - 1):
        cram.write_bytes(content[:length])
        with pytest.raises(TruncatedError, match="the end-of-file marker is missing"):
            read(cram, reference=str(reference))
        with piped_stdin(content[:length]), pytest.raises(TruncatedError):
            read("-", reference=str(reference))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("file", ["truncated.bam", "no_end_marker.bam"])
@pytest.mark.parametrize("region", [None, "chrT"])
def test_bam_that_is_cut(file: str, region: str | None, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TruncatedError, match="the end-of-file marker is missing"):
        read(DATA / file, region=region)
    with piped_stdin((DATA / file).read_bytes()), pytest.raises(TruncatedError):
        read("-", region=region)
    assert capfd.readouterr() == ("", "")


def test_bam_of_which_any_part_is_missing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content = REVERSE.read_bytes()
    path = tmp_path / "in.bam"
    for length in range(18, len(content), 31):
        path.write_bytes(content[:length])
        with pytest.raises(TruncatedError):
            read(path)
        with piped_stdin(content[:length]), pytest.raises(TruncatedError):
            read("-")
    assert capfd.readouterr() == ("", "")


def test_threads_read_the_same(cram: Path, reference: Path) -> None:
    one, three = (read(cram, threads=count, reference=str(reference)) for count in (1, 3))
    assert one == three == read(REVERSE)


@pytest.mark.parametrize("part", [0.3, 0.8])
def test_a_large_bam_that_is_cut_in_a_pipe(tmp_path: Path, part: float, capfd: pytest.CaptureFixture[str]) -> None:
    """A header, and reads, that are longer than the part that detection reads."""
    names = {"SQ": [{"SN": f"scaffold_{number}_{number * 7919 % 65536}", "LN": 1000} for number in range(20_000)]}
    path = tmp_path / "in.bam"
    with pysam.AlignmentFile(str(path), "wb", header=names) as file:
        for number in range(30_000):
            one = pysam.AlignedSegment(file.header)
            one.query_name, one.flag, one.query_sequence = f"r{number * 7919}", 4, "ACGT"
            file.write(one)
    content = path.read_bytes()
    with piped_stdin(content):
        assert len(read("-")) == 30_000
    with piped_stdin(content[: int(part * len(content))]), pytest.raises(TruncatedError):
        read("-")
    assert capfd.readouterr() == ("", "")


def test_a_damaged_bam(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(FormatError, match="the bgzip data are damaged"):
        read(DATA / "damaged.bam")
    with pytest.raises(FormatError, match="the BAM data are damaged"):
        read(DATA / "damaged.bam", region="chrT:1-500")
    with piped_stdin((DATA / "damaged.bam").read_bytes()), pytest.raises(FormatError):
        read("-")
    assert capfd.readouterr() == ("", "")


def test_a_bam_in_other_wrappings(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bare = gzip.decompress(REVERSE.read_bytes())
    path = tmp_path / "in.bam"
    for content in (bare, gzip.compress(bare)):
        path.write_bytes(content)
        assert read(path) == read(REVERSE)
    path.write_bytes(bare[:-5])
    with pytest.raises(TruncatedError, match="ends within a read"):
        read(path)
    path.write_bytes(b"BAM\1" + b"\xff" * 100)
    with pytest.raises(FormatError, match="the BAM header is damaged"):
        read(path)
    assert capfd.readouterr() == ("", "")


def test_no_reads_are_an_empty_input() -> None:
    assert nothing(DATA / "header_only.bam") == "the file has no records"


def test_batches_follow_their_size_also_where_all_reads_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "in.sam"
    lines = (f"r{number}\t4\t*\t0\t0\t*\t*\t0\t0\t{'ACGTA' * 20}\t*\n" for number in range(4000))
    path.write_text("@HD\tVN:1.6\n" + "".join(lines))
    with open_records(str(path), ReadOptions(batch_bytes=20_000)) as reader:
        sizes = [len(batch.symbols.data) for batch in reader]
    assert sum(sizes) == 400_000
    assert max(sizes) < 4 * 20_000


@pytest.mark.parametrize("head", [b"@HD read\nACGT\n+\nIIII\n", b"@r1\n", b"a\tb\tc\n", b">r1\n", b"r1\t0\tchr\t1\n"])
def test_other_text_than_sam_is_refused(head: bytes) -> None:
    assert not FORMAT.recognises(head)


@pytest.mark.real_data
@needs_real_data
def test_real_reads_agree_with_samtools(tmp_path: Path) -> None:
    path = REAL / "na12878_chr22.bam"
    expected = samtools_fasta(path, tmp_path / "reads.fa")
    # samtools puts the first mate first where mates follow each other.
    assert sorted((name, symbols) for name, symbols, _ in read(path)) == sorted(expected)


@pytest.mark.real_data
@needs_real_data
def test_real_reads_are_in_file_order() -> None:
    path = REAL / "na12878_chr22.bam"
    with pysam.AlignmentFile(str(path)) as file:
        primary = [one for one in file.fetch(until_eof=True) if not one.flag & 0x900]
    marks = {0x40: "/1", 0x80: "/2"}
    names = [f"{one.query_name}{marks[one.flag & 0xC0]}" for one in primary]
    assert [record[0] for record in read(path)] == names
    assert [record[1] for record in read(path)] == [one.get_forward_sequence() for one in primary]


@pytest.mark.real_data
@needs_real_data
def test_real_reads_in_a_region_without_index_agree_with_one(tmp_path: Path) -> None:
    path = Path(shutil.copy(REAL / "na12878_chr22.bam", tmp_path / "in.bam"))
    without = read(path, region="q:1,000-2,000")
    pysam.index(str(path))
    assert read(path, region="q:1,000-2,000") == without
    assert 0 < len(without) < 3333


def test_a_cram_of_an_unknown_version_is_one_line(cram: Path, reference: Path) -> None:
    content = bytearray(cram.read_bytes())
    content[4] ^= 1 << 5  # the major version
    cram.write_bytes(content)
    with pytest.raises(
        FormatError, match=r"in\.cram: it is damaged, or in a version of its format that htslib does not support"
    ):
        read(cram, reference=str(reference))
