from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.bgzf import BGZF_END
from seqnet.core.errors import FormatError, TruncatedError
from seqnet.readers.compression import COMPRESSIONS, decompress, find_compression
from seqnet.readers.replay import ReplayedBytes

from .examples import COMPRESS

NAMES = list(COMPRESSIONS)
TEXT = bytes(range(33, 127)) * 40


def plain(content: bytes, name: str) -> bytes:
    return b"".join(decompress(ReplayedBytes(io.BytesIO(content)), name))


def test_every_compression_has_an_example() -> None:
    assert set(COMPRESS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@given(content=st.binary(max_size=300))
def test_round_trip(name: str, content: bytes) -> None:
    stored = COMPRESS[name](content)
    assert find_compression(stored) == name
    assert plain(stored, name) == content


@pytest.mark.parametrize("name", NAMES)
def test_several_members_are_one_text(name: str) -> None:
    compress = COMPRESS[name]
    assert plain(compress(TEXT) + compress(b"") + compress(b"end"), name) == TEXT + b"end"


@pytest.mark.parametrize("name", [name for name in NAMES if name != "bgzip"])
def test_what_is_larger_than_a_chunk(name: str) -> None:
    noise = b"".join((number * 2654435761 % 2**32).to_bytes(4, "little") for number in range(80_000))
    stored = COMPRESS[name](noise)
    assert len(stored) > 3 * 65536
    assert plain(stored, name) == noise


@pytest.mark.parametrize("name", NAMES)
def test_every_cut_is_noticed(name: str) -> None:
    compress = COMPRESS[name]
    stored = compress(b"one") + compress(b"two")
    first = len(compress(b"one"))
    for length in range(1, len(stored)):
        if length == first:
            continue  # the remaining part is complete
        with pytest.raises(TruncatedError):
            plain(stored[:length], name)


def test_bgzip_without_its_end_marker_is_truncated_at_a_block() -> None:
    stored = COMPRESS["bgzip"](TEXT).removesuffix(BGZF_END)
    with pytest.raises(TruncatedError, match="the bgzip end marker is missing"):
        plain(stored, "bgzip")


@pytest.mark.parametrize("name", NAMES)
def test_bytes_after_the_last_member_are_damage(name: str) -> None:
    with pytest.raises((FormatError, TruncatedError)):
        plain(COMPRESS[name](TEXT) + b"more", name)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "zstd"])
def test_a_wrong_byte_is_noticed_or_does_not_matter(name: str) -> None:
    stored = COMPRESS[name](TEXT)
    errors = 0
    for position in range(0, len(stored), 3):
        damaged = stored[:position] + bytes([stored[position] ^ 0xFF]) + stored[position + 1 :]
        try:
            assert plain(damaged, name) == TEXT
        except (FormatError, TruncatedError):
            errors += 1
    assert errors > len(stored) // 3 // 2


@pytest.mark.parametrize("name", ["gzip", "xz"])
def test_zero_padding_after_a_member_is_not_damage(name: str) -> None:
    assert plain(COMPRESS[name](b"one") + bytes(8) + COMPRESS[name](b"two") + bytes(512), name) == b"onetwo"


def test_skippable_frames_of_zstd_hold_nothing() -> None:
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00note"
    stored = skippable + zstandard.compress(b"text") + skippable
    assert find_compression(stored) == "zstd"
    assert plain(stored, "zstd") == b"text"


@pytest.mark.parametrize("content", [b"", b"\x1f", b">r1\nACGT\n", b"BZh is no name\n", b"PK\x03\x04"])
def test_what_is_not_compressed_is_not_taken_for_it(content: bytes) -> None:
    assert find_compression(content) is None


def test_lack_of_memory_is_not_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        eof = False
        unused_data = b""
        needs_input = True

        def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
            raise MemoryError

    start: Callable[[], Full] = Full
    row = COMPRESSIONS["gzip"]
    changed = type(row)(row.magic, start, row.padded)
    monkeypatch.setitem(sys.modules["seqnet.readers.compression"].COMPRESSIONS, "gzip", changed)
    with pytest.raises(MemoryError):
        plain(b"\x1f\x8b", "gzip")
