from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seqnet.api.sources import class_sources, paths
from seqnet.core.errors import SettingError
from seqnet.datasets.encoding import ClassSource


def test_one_path_or_several_as_text() -> None:
    assert paths("./-") == ["./-"]
    assert paths(Path("a") / "b") == ["a/b"]
    assert paths(["x", Path("y")]) == ["x", "y"]
    assert paths(()) == []


def test_classes_are_of_files_and_generators() -> None:
    found = class_sources({" a=b ": ["x.fa", Path("@uniform")], "random": "@uniform:5"})
    assert found == [
        ClassSource("a=b", path="x.fa"),
        ClassSource("a=b", path="@uniform"),
        ClassSource("random", generator="uniform", count=5),
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([("a", "x")], "expected class → file"),
        ({1: "x"}, "expected text as the name of a class"),
        ({"a": "@unifrm"}, "expected one of @uniform"),
        ({"a": [3]}, "setting path: 3 is not allowed; expected a path"),
    ],
)
def test_what_is_refused(given: Any, told: str) -> None:
    with pytest.raises(SettingError) as caught:
        class_sources(given)
    assert told in str(caught.value)
