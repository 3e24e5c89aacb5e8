from __future__ import annotations

import pytest

from seqnet.core.errors import LabelError, SettingError
from seqnet.datasets.encoding.class_sources import ClassSource, check_known, generators_of, order_classes

FILE, GENERATED = ClassSource("human", path="reads.bam"), ClassSource("random", generator="uniform", count=5)


def test_a_source_is_a_file_or_a_generator() -> None:
    assert ClassSource.parse("human=reads.bam") == FILE
    assert ClassSource.parse(" random =@uniform:5") == GENERATED
    assert ClassSource.parse("a=b=c.fa") == ClassSource("a", path="b=c.fa")
    assert generators_of([FILE, GENERATED]) == {"random": "uniform"}


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("reads.bam", "class must be NAME=FILE or NAME=@GENERATOR, not 'reads.bam'"),
        ("=reads.bam", "class must be NAME=FILE"),
        (
            "a=@unifrom",
            "class must be one of @uniform, @composition, @dinucleotide, not '@unifrom'; did you mean",
        ),
        ("a=@uniform:0", "class must be @uniform or @uniform:COUNT, with a whole number above 0, not 'a=@uniform:0'"),
        ("a=@uniform:", "class must be @uniform or @uniform:COUNT"),
    ],
)
def test_invalid_sources_are_refused(text: str, reported: str) -> None:
    with pytest.raises(SettingError) as caught:
        ClassSource.parse(text)
    assert str(caught.value).startswith(reported)


def test_named_classes_come_first_and_the_first_of_them_is_positive() -> None:
    assert order_classes([FILE, GENERATED], {"human": 3}, None) == (["human", "random"], 0)
    assert order_classes([FILE, GENERATED], {"human": 3}, " random ") == (["human", "random"], 1)
    unnamed = ClassSource(None, path="x")
    assert order_classes([unnamed], {"b": 1, "a": 1}, None) == (["a", "b"], 1)
    assert order_classes([unnamed], {"b": 1, "a": 1, "c": 1}, None) == (["a", "b", "c"], None)


@pytest.mark.parametrize(
    ("sources", "found", "positive", "reported"),
    [
        ([FILE, GENERATED], {}, None, "class human: it has no records"),
        ([GENERATED, FILE], {"human": 1, "random": 1}, None, "class random: it has a file and a generator"),
        ([GENERATED, GENERATED, FILE], {"human": 1}, None, "class random: it has two generators"),
        ([FILE], {"human": 1}, None, "class human: it is the only class; add a second one"),
        ([FILE, GENERATED], {"human": 1}, "x", "positive must be one of human, random, not 'x'"),
        ([FILE], {"human": 1, "a": 1, "b": 1}, "a", "positive needs two classes; there are 3"),
        ([FILE], {"human": 1, "a\tb": 1}, None, "class 'a\\tb': its name has a tab or another control character"),
    ],
)
def test_classes_that_can_not_be_are_refused(
    sources: list[ClassSource], found: dict[str, int], positive: str | None, reported: str
) -> None:
    with pytest.raises((LabelError, SettingError)) as caught:
        order_classes(sources, found, positive)
    assert str(caught.value).startswith(reported)


def test_a_class_that_a_model_does_not_have_gets_the_nearest_one() -> None:
    check_known("x.csv", ["human"], ["human", "random"])
    with pytest.raises(
        LabelError, match=r"x\.csv: the model has no class humn; its classes are human, random; did you"
    ):
        check_known("x.csv", ["humn"], ["human", "random"])
