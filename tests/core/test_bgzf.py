from __future__ import annotations

import gzip
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqnet.core.bgzf import BGZF_END, bgzf
from seqnet.readers.compression import find_compression


@given(data=st.binary(max_size=300), copies=st.integers(0, 700), compress=st.booleans())
@settings(max_examples=40)
def test_any_gzip_reader_reads_the_blocks(data: bytes, copies: int, compress: bool) -> None:
    packed = bgzf(data * copies, compress=compress) + BGZF_END
    assert gzip.decompress(packed) == data * copies
    assert find_compression(packed) == "bgzip"


@pytest.mark.parametrize("compress", [True, False])
def test_blocks_fit_their_field_of_16_bits_even_if_the_data_are_random(compress: bool) -> None:
    data = random.Random(1).randbytes(1 << 18)
    packed, at, sizes = bgzf(data, compress=compress), 0, []
    while at < len(packed):
        sizes.append(int.from_bytes(packed[at + 16 : at + 18], "little") + 1)
        at += sizes[-1]
    assert at == len(packed)
    assert gzip.decompress(packed) == data


def test_empty_data_is_not_a_block() -> None:
    assert bgzf(b"") == b""
