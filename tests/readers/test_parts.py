"""The parts of a file have the records and the batches of the whole file, each exactly once."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from pathlib import Path

import pysam
import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.bgzf import BGZF_END, bgzf
from seqnet.core.errors import FormatError, InputError, SettingError
from seqnet.readers import open_records
from seqnet.readers.parts import Shard, shard_parts

Batches = list[list[tuple[str, str]]]
DATA = Path(__file__).parent.parent / "data"
BLOCK = 700
"""Bytes of text in a block of bgzip, so that small files have many."""


def batches(path: Path, options: ReadOptions) -> tuple[Batches, Counter[str]]:
    with open_records(str(path), options) as reader:
        found = [list(zip(one.names.text(), one.symbols.text(), strict=True)) for one in reader]
        return [one for one in found if one], Counter(reader.skipped)


def in_shards(paths: list[Path], count: int, options: ReadOptions) -> tuple[list[Batches], Counter[str]]:
    shards, skipped = [], Counter[str]()
    for number in range(1, count + 1):
        own: Batches = []
        for part in shard_parts([str(path) for path in paths], Shard(number, count)):
            found, left_out = batches(Path(part.path), part.options(options))
            own += found
            skipped += left_out
        shards.append(own)
    return shards, skipped


def check(paths: list[Path], options: ReadOptions, counts: tuple[int, ...] = (1, 2, 3, 7)) -> list[Batches]:
    whole: Batches = []
    skipped: Counter[str] = Counter()
    for path in paths:
        found, left_out = batches(path, options)
        whole += found
        skipped += left_out
    shards: list[Batches] = []
    for count in counts:
        shards, left_out = in_shards(paths, count, options)
        assert [batch for shard in shards for batch in shard] == whole
        assert left_out == skipped
    return shards


def fasta(rng: random.Random, records: int) -> bytes:
    texts = []
    for number in range(records):
        length = rng.choice([0, 5, 40, 120, 3000])
        symbols = "".join(rng.choices("ACGT", k=length))
        lines = [symbols[start : start + 60] for start in range(0, length, 60)] if number % 2 else [symbols]
        texts.append("\n".join([f">r{number} a>b", *lines]) + "\n")
    return "".join(texts).encode()


def fastq(rng: random.Random, records: int) -> bytes:
    texts = []
    for number in range(records):
        length = rng.choice([1, 36, 100, 151])
        qualities = rng.choice("@+I") + "".join(rng.choices("@+!IF", k=length - 1))
        texts.append(f"@r{number}\n{''.join(rng.choices('ACGTN', k=length))}\n+\n{qualities}\n")
    return "".join(texts).encode()


def bgzip(text: bytes) -> bytes:
    return b"".join(bgzf(text[start : start + BLOCK]) for start in range(0, len(text), BLOCK)) + BGZF_END


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("text", [fasta, fastq])
@pytest.mark.parametrize("packed", [bytes, bgzip, gzip.compress])
def test_shards_of_text_have_the_batches_of_the_file(tmp_path: Path, seed: int, text, packed) -> None:  # type: ignore[no-untyped-def]
    rng = random.Random(seed)
    path = tmp_path / "x"
    path.write_bytes(packed(b"\n\n" * (seed == 1) + text(rng, 60)))
    size = rng.choice([300, 1000, 2500])
    shards = check([path], ReadOptions(batch_bytes=size))
    if packed is not gzip.compress:
        assert sum(bool(shard) for shard in shards) > 1


@pytest.mark.parametrize("text", [fasta, fastq])
def test_cuts_at_every_byte(tmp_path: Path, text) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "x"
    path.write_bytes(text(random.Random(5), 7)[:2000])
    path.write_bytes(path.read_bytes()[: path.read_bytes().rfind(b"@r" if text is fastq else b">r")])
    options = ReadOptions(batch_bytes=37)
    whole, _ = batches(path, options)
    for cut in range(0, path.stat().st_size, 3):
        first = ReadOptions(batch_bytes=37, part_end=cut)
        rest = ReadOptions(batch_bytes=37, part_start=cut)
        assert (batches(path, first)[0] if cut else []) + batches(path, rest)[0] == whole


def write_bam(path: Path, records: int) -> Path:
    rng = random.Random(3)
    with pysam.AlignmentFile(str(path), "wb", header={"SQ": [{"SN": "chrT", "LN": 10_000}]}) as file:
        for number in range(records):
            length = rng.choice([0, 1, 36, 151, 2000])
            one = pysam.AlignedSegment(file.header)
            one.query_name, one.flag = f"r{number}", rng.choice([0, 4, 16, 256])
            one.query_sequence = "".join(rng.choices("ACGT", k=length)) or None
            if length:
                one.query_qualities = pysam.qualitystring_to_array("I" * length)
            one.set_tag("XZ", "y" * rng.randrange(200))
            file.write(one)
    return path


@pytest.mark.parametrize("size", [400, 4000])
def test_shards_of_a_bam_have_the_batches_of_the_file(tmp_path: Path, size: int) -> None:
    path = write_bam(tmp_path / "x.bam", 1200)
    shards = check([path], ReadOptions(batch_bytes=size))
    assert sum(bool(shard) for shard in shards) > 3
    # Blocks that end anywhere, also within a record.
    odd = tmp_path / "odd.bam"
    odd.write_bytes(bgzip(gzip.decompress(path.read_bytes())))
    check([odd], ReadOptions(batch_bytes=size), (5,))


@pytest.mark.parametrize("name", ["unaligned.sam", "proteins.tsv", "proteins.parquet", "big.2bit", "family.sto"])
def test_shards_of_other_formats_have_the_batches_of_the_file(name: str) -> None:
    options = ReadOptions(batch_bytes=1, gaps="remove")
    shards = check([DATA / name], options, (2, 3))
    assert sum(bool(shard) for shard in shards) > 1


def test_shards_go_over_all_files_in_order(tmp_path: Path) -> None:
    rng = random.Random(2)
    paths = [tmp_path / name for name in ("a.fa", "none.fa", "b.fq.gz", "c.bam", "last.fa")]
    paths[0].write_bytes(fasta(rng, 40))
    paths[1].write_bytes(b"")
    paths[2].write_bytes(gzip.compress(fastq(rng, 200)))
    write_bam(paths[3], 300)
    paths[4].write_bytes(b"")
    shards = check(paths, ReadOptions(batch_bytes=500), (1, 2, 3, 11, 40))
    assert len(shards) == 40
    parts = [part.path for number in range(1, 4) for part in shard_parts([str(one) for one in paths], Shard(number, 3))]
    assert [parts.count(str(path)) for path in (paths[1], paths[4])] == [1, 1]


def test_the_rest_of_a_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.fa"
    text = fasta(random.Random(1), 400)
    path.write_bytes(text)
    options = [
        part.options(ReadOptions(batch_bytes=1000))
        for number in (1, 4)
        for part in shard_parts([str(path)], Shard(number, 4))
    ]
    expected = [batches(path, one)[0] for one in options]
    assert all(expected)
    # Between the first and the last quarter, what would be an error.
    middle = slice(len(text) * 2 // 5, len(text) * 3 // 5)
    path.write_bytes(text[: middle.start] + b"\n;" * ((middle.stop - middle.start) // 2) + text[middle.stop :])
    assert [batches(path, one)[0] for one in options] == expected


@pytest.mark.parametrize("packed", [bytes, bgzip])
def test_shards_have_equal_numbers_of_stored_bytes(tmp_path: Path, packed) -> None:  # type: ignore[no-untyped-def]
    # Of records of one length, those of a shard say how many bytes it has.
    path, count = tmp_path / "x.fa", 120_000
    bases = "".join(random.Random(4).choices("ACGT", k=36))
    path.write_bytes(packed("".join(f">{number:06}\n{bases}\n" for number in range(count)).encode()))
    shards, _ = in_shards([path], 3, ReadOptions())
    shares = [sum(map(len, shard)) / count for shard in shards]
    assert sum(shares) == 1
    assert shares == pytest.approx([1 / 3] * 3, abs=(1 << 19) / path.stat().st_size)


def test_a_damaged_record_is_an_error_in_one_shard(tmp_path: Path) -> None:
    good, bad = fastq(random.Random(1), 200), b"@bad\nACGT\n+\nIII\n"
    path = tmp_path / "x.fq"
    path.write_bytes(good + bad + good)
    failed = []
    for number in range(1, 5):
        (part,) = shard_parts([str(path)], Shard(number, 4))
        try:
            batches(path, part.options(ReadOptions(batch_bytes=1000)))
        except FormatError as error:
            failed.append(error.line)
    assert failed == [4 * 200 + 4]


@pytest.mark.parametrize("text", ["0/4", "5/4", "a/b", "1", "", "1/0", "-1/2", "1/2/3", "²/3", "1/" + "9" * 5000])
def test_a_wrong_shard_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="I/N with I from 1 to N"):
        Shard.parse(text)


def test_a_stream_has_no_shards() -> None:
    with pytest.raises(InputError, match="stdin: shards need files"):
        shard_parts(["-"], Shard(1, 2))
