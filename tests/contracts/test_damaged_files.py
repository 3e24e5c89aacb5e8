"""Damaged files of formats that are parsed by record: one line, and never half a record without a word."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from seqnet.core.errors import FormatError, InputError, TruncatedError
from tests.readers.examples import DATA, Record, read

ENDED = ["genome.gb", "contig_only.gb", "genome.embl", "proteins.dat", "proteins.xml", "family.sto", "matrix.nex"]
"""What says where it ends, so that a file that was cut is known to be."""
COUNTED = ["interleaved.phy", "sequential.phy", "little.2bit", "big.2bit"]
OTHERS = ["alignment.aln", "sanger.ab1"]
FLIPS = 40


def cuts(name: str) -> Iterator[tuple[int, bytes]]:
    content = (DATA / name).read_bytes()
    for length in range(1, len(content), 37):
        yield length, content[:length]


def read_or_told(path: Path, content: bytes) -> list[Record] | str:
    """Returns the records, or the line that says what is wrong; anything else fails."""
    path.write_bytes(content)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found: list[Record] | str = read(path, gaps="remove", feature=None)
        except InputError as error:
            found = str(error)
            assert found.startswith(f"{path}: ")
            assert "\n" not in found
    assert caught == []
    return found


@pytest.mark.parametrize("name", [*ENDED, *COUNTED])
def test_what_was_cut_has_whole_records_or_is_reported(name: str, tmp_path: Path) -> None:
    whole, reported = read(DATA / name), 0
    for length, content in cuts(name):
        found = read_or_told(tmp_path / "in", content)
        reported += isinstance(found, str)
        # Cut between two records, it is a whole file of the first ones.
        assert isinstance(found, str) or found == whole[: len(found)], length
    assert reported > len(list(cuts(name))) // 2


@pytest.mark.parametrize("name", OTHERS)
def test_what_was_cut_and_can_not_tell_raises_nothing_else(name: str, tmp_path: Path) -> None:
    assert sum(isinstance(read_or_told(tmp_path / "in", content), str) for _, content in cuts(name)) > 3


@pytest.mark.parametrize("name", [*ENDED, *COUNTED, *OTHERS])
def test_flipped_bytes_raise_nothing_else(name: str, tmp_path: Path) -> None:
    random, content = Random(name), (DATA / name).read_bytes()
    reported = 0
    for _ in range(FLIPS):
        damaged = bytearray(content)
        damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
        reported += isinstance(read_or_told(tmp_path / "in", bytes(damaged)), str)
    assert 0 < reported < FLIPS


def test_a_cut_record_is_a_truncated_file(tmp_path: Path) -> None:
    path = tmp_path / "in"
    for name in ("genome.gb", "genome.embl", "proteins.dat", "proteins.xml", "family.sto"):
        content = (DATA / name).read_bytes()
        path.write_bytes(content[: len(content) - 30])
        with pytest.raises(TruncatedError, match="ends"):
            read(path)


def test_a_record_that_does_not_begin_as_it_should_is_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "in"
    for name, begin in (("genome.gb", b"LOCUS"), ("genome.embl", b"ID   "), ("proteins.dat", b"ID   ")):
        content = (DATA / name).read_bytes()
        second = content.index(begin, content.index(b"\n//"))
        path.write_bytes(content[:second] + b"X" + content[second + 1 :])
        line = content.count(b"\n", 0, second) + 1
        with pytest.raises(FormatError, match=f"line {line}: a record of .* begins with"):
            read(path)
