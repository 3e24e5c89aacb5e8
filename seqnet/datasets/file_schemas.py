"""Schemas of the descriptions of datasets, models and checkpoints, which are validated before they are used.

`check_description` checks types, bounds and whether related values match. Settings validate themselves (`configs`). The
code that uses tensors compares them with the description.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from seqnet.configs.calibration import CRITERIA
from seqnet.configs.networks import LONGEST_WINDOW
from seqnet.core.alphabets import ALPHABETS
from seqnet.core.errors import ContainerError
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
    wrong,
)

__all__ = ["check_description", "is_class_name"]

_MOST_CLASSES = 65_536
_MOST_MEMBERS = 1_000
_LONGEST_NAME = 1_000
_LONGEST_CARD_TEXT = 100_000

_CLASS = text(1, _LONGEST_NAME, shown=True)
_SHARE = finite_number(0, 1 + 1e-9)  # a sum of float64 may be slightly more than 1
_HASH = text(most=128)
_NO_NUMBER = text(choices=("nan", "inf", "-inf"))
_NUMBER = finite_number()


def is_class_name(name: str) -> bool:
    """Returns whether a text can be a class name: printable, not empty, and within the maximum length."""
    try:
        _CLASS("class", name)
    except SchemaError:
        return False
    return True


def _error_rate(place: str, value: Any) -> None:
    """Checks the confidences: tolerated error rate (as text) → minimum probability."""
    mapping(optional(_SHARE))(place, value)
    for name in value:
        try:
            rate = float(name)
        except ValueError:
            raise wrong(f"a name in {place}", name, "a number") from None
        _SHARE(f"a name in {place}", rate)


def _card(place: str, value: Any) -> None:
    """Checks a model card: texts of limited length that can be written as UTF-8, in lists and objects."""
    anything(place, value)
    record({})(place, value)
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list):
            left += one
        elif isinstance(one, str):
            _TEXT(place, one)


_TEXT = text(most=_LONGEST_CARD_TEXT)
_PROVENANCE = record({})
_SECTIONS = mapping(mapping(anything))
_CLASSES: Mapping[str, Validator] = {
    "alphabet": text(choices=tuple(ALPHABETS)),
    "classes": many(_CLASS, 1, _MOST_CLASSES, distinct=True),
    "positive": optional(whole(0, 1)),
    "provenance": _PROVENANCE,
}
_CALIBRATION = record(
    {
        "temperature": finite_number(1e-3, 1e3),
        "threshold": _SHARE,
        "confidences": _error_rate,
        "shares": many(finite_number(1e-12, 1), most=_MOST_CLASSES),
        "quality": mapping(_NUMBER),
    },
    {"changed": mapping(_SHARE), "criterion": optional(text(choices=CRITERIA)), "not_calibrated": text()},
)
_NOVELTY = record(
    {
        "shortest": whole(0),
        "longest": optional(whole(0)),
        "shares": many(_SHARE, most=100),
        "expected": many(finite_number(1e-6, 1), most=100),
        "covariance": many(many(_NUMBER, most=100), most=100),
        "bound": finite_number(0),
    }
)
_BASELINE = record(
    {"records": whole(0), "available": optional(whole(0)), "converged": flag, "strength": optional(finite_number(0))}
)
_MEMBER = record({"config": _SECTIONS, "weight": _SHARE})
_ROW = mapping(either(_NO_NUMBER, _NUMBER))
_SCHEMAS: Mapping[str, Validator] = {
    "dataset": record({**_CLASSES, "generators": mapping(text(1, 100)), "crop": optional(whole(1))}),
    "model": record(
        {
            **_CLASSES,
            "config": _SECTIONS,
            "window": whole(1, LONGEST_WINDOW),
            "metrics": mapping(_NUMBER),
            "members": whole(1, _MOST_MEMBERS),
            "calibration": _CALIBRATION,
            "card": _card,
        },
        {
            "novelty": optional(_NOVELTY),
            "parameters": whole(0),
            "baselines": mapping(_BASELINE),
            "mixture": many(_MEMBER, 2, _MOST_MEMBERS),
        },
    ),
    "checkpoint": record(
        {
            "config": _SECTIONS,
            "dataset": _HASH,
            "rows": many(_ROW, 1),
            "best_epoch": whole(1),
            "best_value": either(_NO_NUMBER, _NUMBER),
        }
    ),
}


def check_description(place: str, about: Mapping[str, Any], remedy: str) -> None:
    """Checks the description of a container.

    Args:
        place: the file.
        about: the description, with `kind`.
        remedy: advice in the error message if the description is not valid.

    Raises:
        ContainerError: a value is missing, has the wrong type, is outside its bounds, or does not match another value.
    """
    kind = about["kind"]
    try:
        _SCHEMAS[kind]("", dict(about))
        _TOGETHER[kind](about)
    except SchemaError as error:
        raise ContainerError(place, f"the description of the {kind} is damaged: {error}", remedy) from error


def _positive(about: Mapping[str, Any]) -> None:
    if about["positive"] is not None and len(about["classes"]) != 2:
        raise wrong("positive", about["positive"], "null, where there are not two classes")


def _dataset(about: Mapping[str, Any]) -> None:
    _positive(about)
    for name in about["generators"]:
        if name not in about["classes"]:
            raise wrong("a name in generators", name, "one of the classes")


def _model(about: Mapping[str, Any]) -> None:
    _positive(about)
    shares = about["calibration"]["shares"]
    if len(about["classes"]) < 2:
        raise wrong("classes", about["classes"], "two classes at least")
    if shares and (len(shares) != len(about["classes"]) or abs(sum(shares) - 1) > 1e-6):
        raise wrong("calibration.shares", shares, "a share for each class, which add up to 1")
    mixture = about.get("mixture")
    if mixture is not None and len(mixture) != about["members"]:
        raise wrong("mixture", len(mixture), f"one entry for each of the {about['members']} members")
    if mixture is not None and abs(sum(one["weight"] for one in mixture) - 1) > 1e-6:
        raise wrong("mixture", [one["weight"] for one in mixture], "weights that add up to 1")
    novelty = about.get("novelty")
    if novelty is not None:
        width = ALPHABETS[about["alphabet"]].size + 1
        columns = [novelty["shares"], novelty["expected"], novelty["covariance"], *novelty["covariance"]]
        if any(len(column) != width for column in columns):
            raise wrong("novelty", novelty, f"{width} shares, as the alphabet has symbols, and one of codes")
        if novelty["longest"] is not None and novelty["longest"] < novelty["shortest"]:
            raise wrong("novelty.longest", novelty["longest"], "no less than novelty.shortest")


def _checkpoint(about: Mapping[str, Any]) -> None:
    if about["best_epoch"] > len(about["rows"]):
        raise wrong("best_epoch", about["best_epoch"], f"one of the {len(about['rows'])} epochs")


_TOGETHER: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "dataset": _dataset,
    "model": _model,
    "checkpoint": _checkpoint,
}
