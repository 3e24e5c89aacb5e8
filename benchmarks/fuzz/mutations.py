"""Samples with a few pieces changed, and values of a description with others in their place."""

from __future__ import annotations

import copy
import random
from typing import Any

from hypothesis import strategies as st

__all__ = ["changed", "mutated", "odd_value"]


def changed(value: Any, rng: random.Random) -> Any:
    """Returns a description with one to three values changed, removed or added, anywhere in it."""
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        place, key = _place(value, rng)
        if isinstance(place, dict) and rng.random() < 0.2:
            del place[key]
        else:
            place[key] = odd_value(place[key], rng)
    return value


def _place(value: Any, rng: random.Random) -> tuple[Any, Any]:
    """Returns a container in a value, and a key or index of it."""
    while True:
        key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        if not (isinstance(value[key], dict | list) and value[key]) or rng.random() < 0.1:
            return value, key
        value = value[key]


def odd_value(former: Any, rng: random.Random) -> Any:
    """Returns a value that may stand in place of another one."""
    values: list[Any] = [
        None, True, False, 0, -1, 1, 2, 10**9, 2**31, 2**63, -(2**63), 10**30, 0.5, -0.0, 1e-300, 1e300, "", "x",
        "\x00", "\ud800", "a\tb\nc", "é" * 1000, [], [None], {}, {"": 0}, [[]], [former] * 3, {"x": former}, "nan",
        "Infinity",
    ]  # fmt: skip
    if isinstance(former, int | float) and not isinstance(former, bool):
        values += [former + 1, former - 1, former * 10**6, -former, str(former), float(former)]
    if isinstance(former, str):
        values += [former * 2, former[:-1], former.upper(), former + "\u202e"]
    return rng.choice(values)


@st.composite
def mutated(draw: st.DrawFn, sample: bytes) -> bytes:
    """Returns data that is a sample with a few pieces changed, or anything at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=300))
    data = bytearray(sample)
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([0, 1, 1, 2, 4, 8, 100]))
        piece = draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from(
                    [b"\xff\xff\xff\xff", b"\0\0\0\x80", b"\t", b"\n", b"\r", b'"', b">", b"@", b"1e999", b"-1"]
                ),
                st.just(bytes(data[start : start + length]) * 3),
            )
        )
        data[start : start + length] = piece
    return bytes(data)
