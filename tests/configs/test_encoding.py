from __future__ import annotations

import pytest

from seqnet.configs.encoding import EncodeOptions
from seqnet.core.errors import SettingError


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("alphabet", "dnb", "one of auto, dna, rna, protein"),
        ("unknown", "ignore", "one of error, skip, mask"),
        ("window", 0, "at least 1"),
        ("stride", 0, "at least 1"),
        ("limit", 0, "at least 1"),
        ("seed", -1, "at least 0"),
        ("length", 36, 'text, such as "36"'),
    ],
)
def test_what_can_not_be_is_refused(name: str, value: object, expected: str) -> None:
    with pytest.raises(SettingError) as caught:
        EncodeOptions.from_dict({name: value})
    assert (caught.value.name, caught.value.value, caught.value.expected) == (f"encode.{name}", value, expected)


@pytest.mark.parametrize(("name", "needed"), [("held_out", "--crop"), ("stride", "--window")])
def test_an_option_without_the_one_that_it_refines_is_refused(name: str, needed: str) -> None:
    with pytest.raises(SettingError, match=f"needs {needed}"):
        EncodeOptions.from_dict({name: 12})
    assert getattr(EncodeOptions.from_dict({name: 12, needed.removeprefix("--"): 20}), name) == 12
