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
    ("given", "reported"),
    [
        ([("a", "x")], "classes must be a mapping of class to file"),
        ({1: "x"}, "classes must be named by text, not 1"),
        (
            {"a": "@unifrm"},
            "must be one of @uniform, @composition, @dinucleotide, not '@unifrm'; did you mean @uniform?",
        ),
        ({"a": [3]}, "path must be text or a pathlib.Path, not 3"),
    ],
)
def test_invalid_input_is_refused(given: Any, reported: str) -> None:
    with pytest.raises(SettingError) as caught:
        class_sources(given)
    assert reported in str(caught.value)
