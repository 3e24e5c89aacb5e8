from __future__ import annotations

import pytest
import urllib3

from seqnet.datasets.sources.headers import content_length, content_range, sent_validator


def response(**headers: str) -> urllib3.HTTPResponse:
    return urllib3.HTTPResponse(headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bytes 5-9/10", (5, 10)),
        ("bytes 5-9/*", (5, None)),
        ("bytes */10", (None, 10)),
        ("lines 5-9/10", (None, None)),
        ("", (None, None)),
    ],
)
def test_a_range_is_first_byte_and_total(text: str, found: tuple[int | None, int | None]) -> None:
    assert content_range(response(Content_Range=text)) == found


def test_a_length_is_a_number() -> None:
    assert content_length(response(Content_Length="12")) == 12
    assert content_length(response(Content_Length="-1")) is None
    assert content_length(response()) is None


def test_a_weak_tag_is_not_a_validator() -> None:
    assert sent_validator(response(ETag='"a"', Last_Modified="then")) == '"a"'
    assert sent_validator(response(ETag='W/"a"', Last_Modified="then")) == "then"
    assert sent_validator(response()) is None
