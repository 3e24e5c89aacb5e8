"""Validation of JSON values from files: type, bounds, length and depth, checked before a value is used.

A check takes a place (text for the message) and a value, and raises `SchemaError` if the value is not allowed. Checks
can be combined: `record({"window": whole(1, 100), "classes": many(text())})`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from seqnet.core.printable import printable, shortened

__all__ = [
    "SchemaError",
    "Validator",
    "anything",
    "either",
    "finite_number",
    "flag",
    "many",
    "mapping",
    "optional",
    "record",
    "text",
    "whole",
    "wrong",
]  # fmt: skip

Validator = Callable[[str, Any], None]

_DEEPEST = 32
"""Maximum nesting depth of lists and objects."""

_LONGEST = 10_000_000
"""Maximum characters of a text; a command line may name thousands of files."""

_LARGEST = 2**63 - 1
_LARGEST_NUMBER = 10**100  # a float64 can hold it; seeds may be of any size

# Python represents a byte of a path that is not UTF-8 as one of U+DC80 to U+DCFF.
_LONE = re.compile("[\ud800-\udfff]")
_LONE_AND_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")


class SchemaError(ValueError):
    """A value that is not allowed; the message says where it is, what it is, and what was expected."""


def wrong(place: str, value: Any, expected: str) -> SchemaError:
    """Returns the error for an unexpected value at a place."""
    if isinstance(value, dict | list) or (isinstance(value, int) and abs(value) > _LARGEST_NUMBER):
        shown = f"{_kind(value)}"
    else:
        shown = shortened(value)
    return SchemaError(f"{printable(place[:200])} is {shown}, expected {expected}")


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else "a number of many digits"


def whole(least: int = 0, most: int = _LARGEST) -> Validator:
    """Returns a check for a whole number from `least` to `most`."""

    def check(place: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            bounds = f"of at least {least:,}" if most == _LARGEST else f"from {least:,} to {most:,}"
            raise wrong(place, value, f"a whole number {bounds}")

    return check


def finite_number(least: float = -math.inf, most: float = math.inf) -> Validator:
    """Returns a check for a finite number from `least` to `most`."""
    bounds = "" if math.isinf(least) and math.isinf(most) else f" from {least:g} to {most:g}"

    def check(place: str, value: Any) -> None:
        right = isinstance(value, int | float) and not isinstance(value, bool)
        # Compare the value itself: an integer with many digits does not fit into a float.
        if not right or (isinstance(value, float) and not math.isfinite(value)) or not least <= value <= most:
            raise wrong(place, value, f"a finite number{bounds}")
        if abs(value) > _LARGEST_NUMBER and isinstance(value, int):
            raise wrong(place, value, f"a finite number{bounds}")

    return check


def flag(place: str, value: Any) -> None:
    """Checks that a value is true or false."""
    if not isinstance(value, bool):
        raise wrong(place, value, "true or false")


def text(
    least: int = 0,
    most: int = _LONGEST,
    *,
    choices: Collection[str] = (),
    shown: bool = False,
    path: bool = False,
) -> Validator:
    """Returns a check for a text.

    Args:
        least: minimum number of characters.
        most: maximum number of characters.
        choices: allowed texts; empty for any text.
        shown: whether all characters must be printable (no tabs, line ends or escapes).
        path: whether the text may be a path that is not UTF-8.
    """

    def check(place: str, value: Any) -> None:
        if not isinstance(value, str) or not least <= len(value) <= most:
            raise wrong(place, value, f"a text of {least:,} to {most:,} characters")
        if choices and value not in choices:
            raise wrong(place, value, "one of " + ", ".join(choices))
        if (_LONE_AND_NO_BYTE if path else _LONE).search(value):
            raise wrong(place, value, "a text that can be written as UTF-8")
        if shown and not value.isprintable():
            raise wrong(place, value, "a text without tabs, line ends and other control characters")

    return check


def optional(check: Validator) -> Validator:
    """Returns a check for null or a value that passes `check`."""

    def checked(place: str, value: Any) -> None:
        if value is not None:
            check(place, value)

    return checked


def either(*checks: Validator) -> Validator:
    """Returns a check for a value that passes one of `checks`; the error is that of the last one."""

    def checked(place: str, value: Any) -> None:
        for check in checks[:-1]:
            try:
                return check(place, value)
            except SchemaError:
                continue
        return checks[-1](place, value)

    return checked


def many(check: Validator, least: int = 0, most: int = 1_000_000, *, distinct: bool = False) -> Validator:
    """Returns a check for a list of `least` to `most` values that pass `check`; `distinct` forbids repeated texts."""

    def checked(place: str, value: Any) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise wrong(place, value, f"a list of {least:,} to {most:,} values")
        for index, item in enumerate(value):
            check(f"{place}[{index}]", item)
        if distinct and len(set(value)) < len(value):
            raise wrong(place, value, "a list of different values")

    return checked


def mapping(check: Validator, most: int = 100_000) -> Validator:
    """Returns a check for an object with any keys, at most `most`, whose values pass `check`."""
    key = text(most=1_000)

    def checked(place: str, value: Any) -> None:
        if not isinstance(value, dict) or len(value) > most:
            raise wrong(place, value, f"an object of at most {most:,} values")
        for name, item in value.items():
            key(f"a name in {place}", name)
            check(f"{place}.{name}", item)

    return checked


def record(fields: Mapping[str, Validator], absent: Mapping[str, Validator] | None = None) -> Validator:
    """Returns a check for an object that has `fields` and may have others.

    Args:
        fields: name → check of its value.
        absent: name → check of an optional field; other fields may have any value.
    """
    known = {**fields, **(absent or {})}

    def checked(place: str, value: Any) -> None:
        if not isinstance(value, dict):
            raise wrong(place, value, "an object")
        start = f"{place}." if place else ""
        for name in fields:
            if name not in value:
                raise SchemaError(f"{start}{name} is missing")
        for name, item in value.items():
            known.get(name, anything)(start + name if name in known else f"something in {place or 'it'}", item)

    return checked


def anything(place: str, value: Any, depth: int = 0, top: str | None = None) -> None:
    """Checks any JSON value: numbers must be finite, texts UTF-8 or paths, and nesting not too deep."""
    if isinstance(value, dict | list) and depth >= _DEEPEST:
        raise SchemaError(f"{printable((top or 'it')[:200])} is nested more than {_DEEPEST} deep")
    top = place if top is None else top
    if isinstance(value, str):
        _ANY_TEXT(place, value)
    elif isinstance(value, dict):
        for name, item in value.items():
            _ANY_TEXT(f"a name in {place or 'it'}", name)
            anything(f"{place}.{name[:40]}" if place else name[:40], item, depth + 1, top)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            anything(f"{place}[{index}]", item, depth + 1, top)
    elif value is not None and not isinstance(value, bool):
        _ANY_NUMBER(place, value)


_ANY_TEXT = text(path=True)
_ANY_NUMBER = finite_number()
