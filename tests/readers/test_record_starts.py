"""Where records start, found from the middle of a text."""

from __future__ import annotations

import random

import pytest

from seqnet.readers.record_starts import BamStarts, FastaStarts, FastqStarts, UnknownStartError


def test_fasta() -> None:
    starts = FastaStarts.at_start()
    assert [starts.last(piece) for piece in (b">a\nAC\n>b\nA", b"C", b"C\n", b">c\nA", b">x\n")] == [
        6,
        None,
        None,
        0,
        None,
    ]
    unknown = FastaStarts.guess(b">", False)
    assert unknown.last(b"x\n>a") == 2
    with pytest.raises(UnknownStartError):
        FastaStarts.guess(b">", False).last(b">b\nAC")


def test_fastq_is_not_misled_by_qualities() -> None:
    rng = random.Random(1)
    records = [b"@r%d\n%s\n+\n@%s\n" % (at, b"ACGT" * 5, bytes(rng.choices(b"@+I", k=19))) for at in range(40)]
    text = b"".join(records)
    bounds = [text.find(b"@r%d\n" % at) for at in range(40)]
    for cut in range(3, 300):
        window = text[cut:]
        try:
            found = FastqStarts.guess(window, True).last(window)
        except UnknownStartError:
            continue
        assert found is not None
        assert cut + found == bounds[-1]


def test_fastq_that_may_start_anywhere_is_unknown() -> None:
    for window in (b"no line end", b"x\n@a\nAC\n+\n", b"@\n" * 40, b""):
        with pytest.raises(UnknownStartError):
            FastqStarts.guess(window, True)


def test_a_bam_without_records_is_unknown() -> None:
    for window in (b"", b"\0" * 1000, b"ACGT" * 1000, random.Random(1).randbytes(5000)):
        with pytest.raises(UnknownStartError):
            BamStarts.guess(window, True)


def test_bam_sizes_are_followed_over_any_cut() -> None:
    sizes = [5, 0, 300, 7, 1000]
    text = b"".join(size.to_bytes(4, "little") + bytes(size) for size in sizes)
    ends = [sum(4 + size for size in sizes[: count + 1]) for count in range(len(sizes))]
    for step in (1, 3, 10, 400, 5000):
        starts, found = BamStarts.at_start(), []
        for place in range(0, len(text), step):
            if (offset := starts.last(text[place : place + step])) is not None:
                found.append(place + offset)
        expected = sorted({max(end for end in ends if end <= place) for place in range(step, len(text) + step, step)
                           if any(place - step < end <= place for end in ends)})  # fmt: skip
        assert found == expected
