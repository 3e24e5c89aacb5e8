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
