from __future__ import annotations

from typing import Any

import pytest

from seqnet.core.schema import (
    SchemaError,
    Validator,
    anything,
    either,
    finite_number,
    flag,
    many,
    mapping,
    optional,
    record,
    text,
    whole,
)


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (whole(0, 5), 5),
        (finite_number(0, 1), 0.5),
        (finite_number(), 10**99),
        (flag, False),
        (text(1, 3), "abc"),
        (text(path=True), "a\udce9"),
        (optional(whole()), None),
        (either(whole(), text()), "a"),
        (many(whole(), 1, 2), [1, 2]),
        (mapping(whole()), {"a": 1}),
        (record({"a": whole()}), {"a": 1, "other": [None, {"b": 0.5}]}),
        (anything, {"a": [1, True, None, "x"]}),
    ],
)
def test_what_is_allowed(check: Validator, value: Any) -> None:
    check("x", value)


@pytest.mark.parametrize(
    ("check", "value", "reported"),
    [
        (whole(0, 5), 6, "x is 6, expected a whole number from 0 to 5"),
        (whole(1), 0, "x is 0, expected a whole number of at least 1"),
        (whole(), True, "x is true, expected a whole number"),
        (finite_number(0, 1), float("nan"), "x is nan, expected a finite number from 0 to 1"),
        (finite_number(), 10**101, "x is a number of many digits, expected a finite number"),
        (flag, 1, "x is 1, expected true or false"),
        (text(1, 3), "abcd", "x is 'abcd', expected a text of 1 to 3 characters"),
        (text(choices=("a", "b")), "c", "x is 'c', expected one of a, b"),
        (text(), "\udce9", "expected a text that can be written as UTF-8"),
        (text(shown=True), "a\tb", "expected a text without tabs, line ends and other control characters"),
        (either(whole(), text()), None, "x is null, expected a text"),
        (many(whole(), 1, 2), [], "x is a list, expected a list of 1 to 2 values"),
        (many(whole()), [1, "a"], "x[1] is 'a', expected a whole number"),
        (many(text(), distinct=True), ["a", "a"], "x is a list, expected a list of different values"),
        (mapping(whole()), {"a": None}, "x.a is null"),
        (mapping(whole(), most=1), {"a": 1, "b": 1}, "x is an object, expected an object of at most 1 values"),
        (record({"a": whole()}), {}, "x.a is missing"),
        (record({"a": whole()}, {"b": flag}), {"a": 1, "b": 2}, "x.b is 2, expected true or false"),
        (anything, [float("inf")], "x[0] is inf, expected a finite number"),
    ],
)
def test_what_is_not_allowed_is_reported_with_its_place(check: Validator, value: Any, reported: str) -> None:
    with pytest.raises(SchemaError) as caught:
        check("x", value)
    assert reported.replace("null", "none") in str(caught.value)


def test_nesting_has_an_end() -> None:
    value: Any = 1
    for _ in range(32):
        value = [value]
    anything("x", value)
    with pytest.raises(SchemaError, match="x is nested more than 32 deep"):
        anything("x", [value])
