from __future__ import annotations

from struct import Struct

import pytest

import seqnet
from seqnet.prediction.bam_headers import is_sorted_by_position, with_program

REFERENCES = b"\1\0\0\0\5\0\0\0chr1\0\xe8\3\0\0"
LENGTH = Struct("<i")


def header(text: bytes) -> bytes:
    return b"BAM\1" + LENGTH.pack(len(text)) + text + REFERENCES


def text_of(found: bytes) -> bytes:
    (length,) = LENGTH.unpack_from(found, 4)
    assert found[8 + length :] == REFERENCES
    return found[8 : 8 + length]


PROGRAM = f"PN:seqnet\tVN:{seqnet.__version__}\tCL:seqnet predict a b\n"


@pytest.mark.parametrize(
    ("before", "added"),
    [
        ("", f"@PG\tID:seqnet\t{PROGRAM}"),
        ("@HD\tVN:1.6", f"\n@PG\tID:seqnet\t{PROGRAM}"),
        ("@HD\tVN:1.6\n\0\0", f"@PG\tID:seqnet\t{PROGRAM}"),
        ("@PG\tID:bwa\n@PG\tID:st\tPP:bwa\n", f"@PG\tID:seqnet\t{PROGRAM}".replace("\tVN", "\tPP:st\tVN")),
        (
            "@PG\tID:seqnet\n@PG\tID:b\n",
            f"@PG\tID:seqnet.1\t{PROGRAM}".replace("\tVN", "\tPP:seqnet\tVN")
            + f"@PG\tID:seqnet.2\t{PROGRAM}".replace("\tVN", "\tPP:b\tVN"),
        ),
    ],
)
def test_each_chain_of_programs_gets_a_line(before: str, added: str) -> None:
    found = text_of(with_program(header(before.encode()), "seqnet predict a\tb"))
    assert found.decode() == before.rstrip("\0") + added


def test_the_order_of_alignments() -> None:
    assert is_sorted_by_position(header(b"@HD\tVN:1.6\tSO:coordinate\n"))
    assert not is_sorted_by_position(header(b"@HD\tVN:1.6\tSO:queryname\n@CO\tSO:coordinate\n"))
    assert not is_sorted_by_position(header(b""))
