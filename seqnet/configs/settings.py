"""How a setting is written down: default, help and bounds in one place, checked when it is made.

A class of settings is a frozen dataclass that derives from `Settings` and whose fields are made with `setting`. It
checks itself on construction, and goes to and from plain dictionaries (TOML, JSON). Command-line options and the
reference page are made from the same fields.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

from seqnet.core.errors import SettingError, UnknownSettingError

__all__ = ["LARGEST_SEED", "MOST_RECORDS", "Needs", "Settings", "convert", "setting", "setting_of"]

LARGEST_SEED = 10**100
MOST_RECORDS = 10**12
"""Largest seed, and largest number of records or symbols that a setting may ask for: no file has more."""


class Needs(NamedTuple):
    """What another setting of the section must be, so that a setting has an effect.

    Attributes:
        name: the other setting.
        values: the values with which there is an effect; empty for any number above `above`.
        above: number that the other setting must be greater than, or that the length of its list must be.
    """

    name: str
    values: tuple[Any, ...] = ()
    above: float = 0

    def met(self, value: Any) -> bool:
        """Returns whether the other setting has such a value."""
        if self.values:
            return value in self.values
        return bool((len(value) if isinstance(value, tuple) else value) > self.above)

    def text(self, section: str, value: Any) -> str:
        """Returns what the other setting must be, such as `network.layers above 1`."""
        if self.values:
            shown = (str(one).lower() if isinstance(one, bool) else str(one) for one in self.values)
            return f"{section}.{self.name} = {' or '.join(shown)}"
        return (
            f"{section}.{self.name} with a layer"
            if isinstance(value, tuple)
            else (f"{section}.{self.name} above {self.above:g}")
        )


def setting(
    default: Any,
    help: str,
    *,
    minimum: float | None = None,
    above: float | None = None,
    maximum: float | None = None,
    below: float | None = None,
    choices: Sequence[str] = (),
    input: bool = False,
    most: int | None = None,
    needs: Sequence[Needs] = (),
    formerly: str = "",
) -> Any:
    """Returns a dataclass field that carries its help and bounds.

    Args:
        default: value when none is given; a tuple where it is a list.
        help: one line, unit included.
        minimum: smallest allowed value.
        above: value that it must be greater than.
        maximum: largest allowed value.
        below: value that it must be less than.
        choices: the allowed words; empty for any.
        input: whether it is, or may be, the path of a file that is read.
        most: largest number of values in a list.
        needs: other settings of the section, of which one must be as described, or this setting has no effect.
        formerly: its name in files of older versions.
    """
    bounds = {"minimum": minimum, "above": above, "maximum": maximum, "below": below, "most": most}
    metadata = {"help": help, "choices": tuple(choices), "input": input, "needs": tuple(needs)} | {
        key: value for key, value in bounds.items() if value is not None
    }
    return dataclasses.field(default=default, metadata=metadata | {"formerly": formerly})


def setting_of(kind: type[Settings], name: str) -> Any:
    """Returns a dataclass field with the default, help and bounds of a setting of another class."""
    (found,) = [field for field in dataclasses.fields(kind) if field.name == name]
    return dataclasses.field(default=found.default, metadata=found.metadata)


_BOUNDS: Mapping[str, tuple[str, typing.Callable[[float, float], bool]]] = {
    "minimum": ("at least", lambda value, bound: value >= bound),
    "above": ("more than", lambda value, bound: value > bound),
    "maximum": ("at most", lambda value, bound: value <= bound),
    "below": ("less than", lambda value, bound: value < bound),
}


_KINDS: Mapping[Any, str] = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def convert(name: str, value: Any, kind: Any) -> Any:
    """Returns `value` as the annotated type `kind`: numbers widen to finite floats, lists freeze to tuples.

    Raises:
        SettingError: the value is of another type.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        for option in arguments:
            try:
                return convert(name, value, option)
            except SettingError:
                continue
        raise SettingError(name, value, _expected(arguments, value))
    if origin is tuple:
        if isinstance(value, str) or not isinstance(value, Sequence):
            example = '["a", "b"]' if arguments[0] is str else "[1, 2]"
            raise SettingError(name, value, f"a list, such as {example}")
        return tuple(convert(f"{name}[{index}]", item, arguments[0]) for index, item in enumerate(value))
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            value = float(value)
        except OverflowError:
            raise SettingError(name, value, problem="must be a finite number; this one has too many digits") from None
    if kind is float and isinstance(value, float) and not math.isfinite(value):
        raise SettingError(name, value, "a finite number")
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise SettingError(name, value, _expected((kind,), value))
    return value


def _expected(kinds: Sequence[Any], value: Any) -> str:
    """Returns what a value of none of the kinds must be."""
    if str in kinds and type(value) in (int, float):
        return f'text, such as "{value}"'
    return " or ".join(_KINDS[kind] for kind in kinds if kind in _KINDS) or "none"


_hints: dict[type, dict[str, Any]] = {}


def _kinds_of(settings: type) -> Mapping[str, Any]:
    """Returns name → annotated type of each field; to find these takes longer than to check a value."""
    if settings not in _hints:
        _hints[settings] = typing.get_type_hints(settings)
    return _hints[settings]


@dataclasses.dataclass(frozen=True)
class Settings:
    """Base of all settings: checks every field against its type, bounds and choices when it is made."""

    section: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Converts and checks every field.

        Raises:
            SettingError: a value is of the wrong type, outside its bounds or not one of the choices.
        """
        kinds = _kinds_of(type(self))
        for field in dataclasses.fields(self):
            value = self._checked(field, kinds[field.name], getattr(self, field.name))
            object.__setattr__(self, field.name, value)

    @classmethod
    def check(cls, name: str, value: Any) -> Any:
        """Returns the value of one setting, converted and checked by itself, whatever the others are.

        Raises:
            SettingError: it is unknown, of the wrong type, outside its bounds or not one of the choices.
        """
        by_name = {field.name: field for field in dataclasses.fields(cls)}
        if name not in by_name:
            raise UnknownSettingError(f"{cls.section}.{name}", value, list(by_name))
        return cls._checked(by_name[name], _kinds_of(cls)[name], value)

    @classmethod
    def _checked(cls, field: dataclasses.Field[Any], kind: Any, value: Any) -> Any:
        name = f"{cls.section}.{field.name}" if cls.section else field.name
        value = convert(name, value, kind)
        if value is not None:
            cls._check(name, value, field.metadata)
        return value

    @staticmethod
    def _check(name: str, value: Any, metadata: Mapping[str, Any]) -> None:
        if isinstance(value, tuple) and len(value) > metadata.get("most", len(value)):
            raise SettingError(
                name, value, problem=f"must have at most {metadata['most']:,} values, not {len(value):,}"
            )
        for item in value if isinstance(value, tuple) else (value,):
            for key, (words, holds) in _BOUNDS.items():
                if key in metadata and isinstance(item, int | float) and not holds(item, metadata[key]):
                    raise SettingError(
                        name, list(value) if isinstance(value, tuple) else value, f"{words} {metadata[key]:g}"
                    )
        if metadata.get("choices") and value not in metadata["choices"]:
            raise SettingError(name, value, choices=metadata["choices"])

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], prefix: str = "") -> Self:
        """Returns the settings with `values` in place of defaults.

        Raises:
            SettingError: a name is unknown, or a value is wrong.
        """
        known, renamed = [field.name for field in dataclasses.fields(cls)], cls.former_names()
        for name in values:
            if name in renamed:
                raise UnknownSettingError(f"{prefix}{name}", values[name], known, now=f"{prefix}{renamed[name]}")
            if name not in known:
                raise UnknownSettingError(f"{prefix}{name}", values[name], known)
        return cls(**values)

    @classmethod
    def former_names(cls) -> dict[str, str]:
        """Returns former name → name of each setting that was renamed."""
        fields = dataclasses.fields(cls)
        return {field.metadata["formerly"]: field.name for field in fields if field.metadata["formerly"]}

    def unmet(self, name: str) -> tuple[Needs, ...]:
        """Returns what a setting needs to have an effect; nothing where it has one."""
        fields = {field.name: field for field in dataclasses.fields(self)}
        needs = tuple(need for need in fields[name].metadata["needs"] if need.name in fields)
        return () if any(need.met(getattr(self, need.name)) for need in needs) else needs

    def check_effect(self, names: Iterable[str]) -> None:
        """Checks that each of the named settings has an effect with the values of the others.

        Raises:
            SettingError: one has none.
        """
        for name in names:
            if unmet := self.unmet(name):
                texts = (need.text(self.section, getattr(self, need.name)) for need in unmet)
                problem = f"has no effect: it needs {' or '.join(texts)}"
                raise SettingError(f"{self.section}.{name}", getattr(self, name), problem=problem)

    def to_dict(self) -> dict[str, Any]:
        """Returns all settings as plain values, lists for tuples."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
