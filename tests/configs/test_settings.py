from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, get_type_hints

import pytest

from seqnet.configs.encoders import EncoderConfig
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.evaluation import EvaluationOptions
from seqnet.configs.networks import network_config
from seqnet.configs.readers import ReadOptions
from seqnet.configs.settings import Settings, convert, setting
from seqnet.configs.training import AugmentationConfig, TrainingConfig
from seqnet.core.errors import SettingError


@dataclass(frozen=True)
class Example(Settings):
    section = "example"

    count: int = setting(2, "how many", minimum=1, maximum=9)
    share: float = setting(0.5, "how much", above=0, below=1)
    kind: str = setting("soft", "which", choices=("soft", "hard"))
    widths: tuple[int, ...] = setting((4,), "how wide", minimum=1)
    names: tuple[str, ...] = setting((), "for whom")
    limit: int | None = setting(None, "at most", minimum=3)
    title: str | None = setting(None, "what it is called")
    loud: bool = setting(False, "whether it is loud")


def message(**values: Any) -> str:
    with pytest.raises(SettingError) as caught:
        Example.from_dict(values, prefix="example.")
    return str(caught.value)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"count": 0}, "example.count must be at least 1, not 0"),
        ({"count": 10}, "example.count must be at most 9, not 10"),
        ({"share": 0}, "example.share must be more than 0, not 0.0"),
        ({"share": 1.0}, "example.share must be less than 1, not 1.0"),
        ({"share": float("nan")}, "example.share must be a finite number, not nan"),
        ({"kind": "loud"}, "example.kind must be one of soft, hard, not 'loud'"),
        ({"widths": [4, 0]}, "example.widths must be at least 1, not [4, 0]"),
        ({"limit": 2}, "example.limit must be at least 3, not 2"),
        ({"count": 2.0}, "example.count must be a whole number, not 2.0"),
        ({"count": True}, "example.count must be a whole number, not true"),
        ({"count": "2"}, "example.count must be a whole number, not '2'"),
        ({"share": "0.5"}, "example.share must be a number, not '0.5'"),
        ({"share": True}, "example.share must be a number, not true"),
        ({"loud": 1}, "example.loud must be true or false, not 1"),
        ({"limit": "3"}, "example.limit must be a whole number, not '3'"),
        ({"limit": True}, "example.limit must be a whole number, not true"),
        ({"widths": 4}, "example.widths must be a list, such as [1, 2], not 4"),
        ({"widths": "44"}, "example.widths must be a list, such as [1, 2], not '44'"),
        ({"names": "b"}, """example.names must be a list, such as ["a", "b"], not 'b'"""),
        ({"widths": [4, "5"]}, "example.widths[1] must be a whole number, not '5'"),
        (
            {"cuont": 1},
            "there is no setting example.cuont; did you mean example.count?",
        ),
        (
            {"xyz": 1},
            "there is no setting example.xyz; use one of count, share, kind, widths, names, limit, title, loud",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_and_bound(values: dict[str, Any], line: str) -> None:
    assert message(**values) == line


def test_the_bounds_themselves() -> None:
    assert (Example(count=1).count, Example(count=9).count) == (1, 9)
    assert Example(limit=3).limit == 3
    assert Example(share=1e-300).share == 1e-300


def test_values_are_frozen_and_of_the_type_that_is_written_down() -> None:
    example = Example.from_dict({"widths": [1, 2], "share": 1e-1})
    assert example.widths == (1, 2)
    assert hash(example) == hash(Example(widths=(1, 2), share=0.1))
    with pytest.raises(AttributeError):
        example.count = 3  # type: ignore[misc]
    whole = convert("rate", 1, float)
    assert (whole, type(whole)) == (1.0, float)


def test_plain_values_and_back() -> None:
    plain = Example(widths=(1, 2), title="x").to_dict()
    assert plain == {
        "count": 2,
        "share": 0.5,
        "kind": "soft",
        "widths": [1, 2],
        "names": [],
        "limit": None,
        "title": "x",
        "loud": False,
    }
    assert Example.from_dict(plain) == Example(widths=(1, 2), title="x")


ALL = [EncodeOptions(), ReadOptions(), EvaluationOptions(), EncoderConfig(), TrainingConfig(), AugmentationConfig()]
ALL += [network_config({"name": name}) for name in ("dense", "cnn", "parallel", "recurrent", "hybrid")]


@pytest.mark.parametrize("settings", ALL, ids=[type(one).__name__ for one in ALL])
def test_every_setting_of_the_program_explains_itself_and_goes_there_and_back(settings: Settings) -> None:
    for field in fields(settings):
        text = field.metadata["help"]
        assert text
        assert "\n" not in text
        assert not text.endswith(".")
    assert type(settings).from_dict(settings.to_dict()) == settings
    assert settings.section


def all_settings(kind: type[Settings] = Settings) -> Iterator[type[Settings]]:
    for one in kind.__subclasses__():
        if one.__module__.startswith("seqnet."):
            yield one
        yield from all_settings(one)


def test_every_number_has_bounds_on_both_sides_and_every_list_of_them_a_length() -> None:
    kinds = set(all_settings())
    assert len(kinds) > 10
    for kind in kinds:
        for name, hint in get_type_hints(kind).items():
            about: Mapping[str, Any] = {field.name: field.metadata for field in fields(kind)}.get(name, {})
            if about and any(word in str(hint) for word in ("int", "float")) and "str" not in str(hint):
                assert about.keys() & {"minimum", "above"}, name
                assert about.keys() & {"maximum", "below"}, name
                assert "tuple" not in str(hint) or "most" in about, name


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400])
def test_numbers_are_finite(value: float) -> None:
    with pytest.raises(SettingError, match="must be a finite number"):
        TrainingConfig(learning_rate=value)
