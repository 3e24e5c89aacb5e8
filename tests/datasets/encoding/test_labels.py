from __future__ import annotations

import pytest

from seqnet.core.errors import LabelError
from seqnet.datasets.encoding.labels import LabelCodes, check_not_measured, label_warnings


class Numbered(dict[str, int]):
    def __missing__(self, name: str) -> int:
        self[name] = len(self)
        return self[name]


def test_blanks_are_removed_and_missing_words_are_not_a_class() -> None:
    classes = Numbered()
    codes = LabelCodes(classes)
    assert [codes[text] for text in ("a ", "a", "NaN", "", " b\u00a0", "A", "n/a", "  ")] == [
        0,
        0,
        -1,
        -1,
        1,
        2,
        -1,
        -1,
    ]
    assert classes == {"a": 0, "b": 1, "A": 2}


@pytest.mark.parametrize(
    "labels",
    [
        {f"{number / 7:.4f}": 1 for number in range(59)},
        {f"{number / 7:.4f}": 100 for number in range(11)},
        {f"1e-{number}": 2 for number in range(11)},
        {str(number): 4 for number in range(30)},
    ],
)
def test_measurements_are_not_classes(labels: dict[str, int]) -> None:
    with pytest.raises(LabelError) as caught:
        check_not_measured("x.csv: column y", labels)
    assert str(caught.value).startswith(
        f"x.csv: column y: its labels are {len(labels)} different numbers in {sum(labels.values()):,} records; "
    )


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {"0": 5, "1": 5},
        {"0.0": 1, "0.5": 1, "1.0": 1},
        {str(number): 5 for number in range(30)},
        {f"{number / 7:.4f}": 1 for number in range(59)} | {"high": 1},
        {f"1_{number}": 1 for number in range(59)},
    ],
)
def test_numbers_of_classes_are_classes(labels: dict[str, int]) -> None:
    check_not_measured("x", labels)


@pytest.mark.parametrize(
    ("labels", "warning"),
    [
        (
            {"SOLUBLE": 4, "soluble": 6, "insoluble": 2},
            "only in spelling: SOLUBLE (4) and soluble (6); use one",
        ),
        ({"not  soluble": 4, "Not soluble": 6}, "only in spelling: Not soluble (6) and not  soluble (4)"),
        ({"0": 4, "0.0": 6, "1": 9}, "only in spelling: 0 (4) and 0.0 (6)"),
        (
            {"a": 1, "b": 1, "a;b": 2, "b;a": 3, "c": 9},
            "2 classes seem to be several labels in one cell: a;b, b;a; each",
        ),
        ({"a, b": 1, "b": 1, "c": 9}, "1 class seems to be several labels in one cell: a, b; each"),
        ({"x|y": 1, "y|x": 1}, "2 classes seem to be several labels in one cell: x|y, y|x; each"),
        ({f"r{number}": 1 for number in range(11)}, "11 records have 11 different labels; check --label-column"),
    ],
)
def test_what_looks_like_a_mistake_is_reported(labels: dict[str, int], warning: str) -> None:
    (line,) = label_warnings(labels)
    assert warning in line


@pytest.mark.parametrize("labels", [{"a": 5, "b": 5}, {"A/B": 5, "C": 5}, {"a,b": 1, "c,d": 2}, {"0": 1, "1": 1}, {}])
def test_what_looks_sound_is_not(labels: dict[str, int]) -> None:
    assert label_warnings(labels) == []
