"""The search space: a TOML file with the sections of a run, each setting with a range or choices in place of a value.

[training]
learning_rate = { low = 1e-4, high = 1e-2, log = true }
batch_size = { choices = [64, 128, 256] }
"""

from __future__ import annotations

import math
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import islice, product
from pathlib import Path
from typing import Any

from seqnet.configs.run import RunConfig
from seqnet.configs.settings import Settings
from seqnet.core.errors import FormatError, SettingError
from seqnet.core.suggestions import did_you_mean, nearest

__all__ = ["Choices", "Domain", "Range", "Space", "lay_over", "make_space", "read_space"]

_FORMS = "give a range, { low = 1, high = 10 } with step or log = true, or { choices = [1, 2] }"
_REMARKS = ("description", "source")
# Setting → why it can't be searched for.
_FIXED = {
    "network.name": "networks have different settings; search each network separately, with --network",
    "training.monitor": "it is what trials are compared by: choose it with --set monitor=…",
    "training.seed": "it is the seed of the search: choose it with --seed",
}
# Maximum number of combinations that are tried to find out whether a value is possible.
_ENOUGH = 2000


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, both included; whole ones if these are.

    Attributes:
        low: the smallest.
        high: the largest.
        step: distance between those that are tried; None for any.
        log: whether a factor, not a difference, is equally likely everywhere.
    """

    low: int | float
    high: int | float
    step: int | float | None
    log: bool

    @property
    def corners(self) -> tuple[Any, ...]:
        """Example values for checks."""
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class Choices:
    """Plain values, lists where a setting is a list."""

    choices: tuple[Any, ...]

    @property
    def corners(self) -> tuple[Any, ...]:
        """All of them."""
        return self.choices


Domain = Range | Choices


@dataclass(frozen=True)
class Space:
    """What is searched.

    Attributes:
        domains: `section.setting` → its values, sorted by name.
    """

    domains: Mapping[str, Domain]

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Returns the space as plain values, which are equal for equivalent files."""
        plain = {key: asdict(domain) for key, domain in self.domains.items()}
        return {
            key: {name: list(value) if isinstance(value, tuple) else value for name, value in domain.items()}
            for key, domain in plain.items()
        }


def lay_over(base: RunConfig, settings: Mapping[str, Any]) -> RunConfig:
    """Returns the run with the values of `section.setting` in place of its own.

    Raises:
        SettingError: together they are not allowed.
    """
    values = base.to_dict()
    for key, value in settings.items():
        section, _, name = key.partition(".")
        values[section][name] = value
    return RunConfig.from_dict(values)


def read_space(path: Path, base: RunConfig) -> Space:
    """Returns the space of a TOML file, checked against the settings of the run that it varies.

    Raises:
        FormatError: it is not TOML, a setting is unknown, or its values are not allowed.
    """
    try:
        return make_space(tomllib.loads(path.read_text(encoding="utf-8")), base)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"this is not valid TOML ({error})", "correct it", path=str(path)) from None
    except FormatError as error:
        raise error.at(str(path)) from None


def make_space(content: Mapping[str, Any], base: RunConfig) -> Space:
    """Returns the space that sections describe, section → setting → its range or choices; see `read_space`.

    Raises:
        FormatError: a setting is unknown, or its values are not allowed.
    """
    try:
        domains = dict(sorted(_domains(content, base)))
        _check_effects(domains, base)
        _check_possible(domains, base)
    except SettingError as error:
        raise FormatError(error.problem, error.remedy) from None
    if not domains:
        raise FormatError("there is no setting to search", _FORMS)
    return Space(domains)


def _domains(content: Mapping[str, Any], base: RunConfig) -> typing.Iterator[tuple[str, Domain]]:
    sections = {name: getattr(base, name) for name in base.to_dict()}
    for section, entries in content.items():
        if section in _REMARKS:
            continue
        if section not in sections or not isinstance(entries, Mapping):
            raise FormatError(f"there is no section {section}", "use " + ", ".join(f"[{name}]" for name in sections))
        for name, entry in entries.items():
            yield f"{section}.{name}", _domain(f"{section}.{name}", entry, type(sections[section]), name)


def _domain(key: str, entry: Any, kind: type[Settings], name: str) -> Domain:
    """Returns the values of one entry."""
    hints = typing.get_type_hints(kind)
    known = list(kind().to_dict())
    if name in (renamed := kind.former_names()):
        raise FormatError(f"{key}: there is no such setting", f"it is now called {renamed[name]}")
    if name not in known:
        near = did_you_mean(nearest(name, known)) or "use one of " + ", ".join(known)
        raise FormatError(f"{key}: there is no such setting", near)
    if key in _FIXED:
        raise FormatError(f"{key} can't be searched for", _FIXED[key])
    if not isinstance(entry, Mapping):
        raise FormatError(f"{key}: {entry!r} is a single value", f"{_FORMS}; use --set for one value in all trials")
    if set(entry) == {"choices"}:
        return _choices(key, entry["choices"], kind, name)
    if {"low", "high"} <= set(entry) <= {"low", "high", "step", "log"}:
        return _range(key, entry, kind, name, hints[name])
    raise FormatError(f"{key}: {', '.join(entry) or 'nothing'} is neither a range nor choices", _FORMS)


def _choices(key: str, values: Any, kind: type[Settings], name: str) -> Choices:
    if not isinstance(values, list):
        raise FormatError(f"{key}: choices = {values!r} is not a list", _FORMS)
    checked = [kind.check(name, value) for value in values]
    if len(set(checked)) < max(2, len(checked)):
        raise FormatError(f"{key}: choices = {values!r} are not two or more different values", _FORMS)
    return Choices(tuple(list(value) if isinstance(value, tuple) else value for value in checked))


def _range(key: str, entry: Mapping[str, Any], kind: type[Settings], name: str, hint: Any) -> Range:
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if not {int, float} & set(options):
        raise FormatError(f"{key} is not a number and has no range", "give { choices = […] }")
    low, high = (kind.check(name, entry[bound]) for bound in ("low", "high"))
    if low >= high:
        raise FormatError(f"{key}: low = {low!r} is not less than high = {high!r}", "give the smaller one first")
    step, log = entry.get("step"), entry.get("log", False)
    if not isinstance(log, bool):
        raise FormatError(f"{key}: log = {log!r} is not true or false", _FORMS)
    if log and (step is not None or low <= 0):
        problem = "has a step, too" if step is not None else f"needs low = {low!r} above 0"
        raise FormatError(f"{key}: log = true {problem}", "remove one of them")
    if step is not None:
        _check_step(key, low, high, step)
    return Range(low, high, step, log)


def _check_step(key: str, low: int | float, high: int | float, step: Any) -> None:
    allowed = (int,) if isinstance(low, int) else (int, float)
    if isinstance(step, bool) or not isinstance(step, allowed) or not step > 0:
        words = "a whole number above 0" if allowed == (int,) else "a number above 0"
        raise FormatError(f"{key}: step = {step!r} is not allowed", f"give {words}")
    count = (high - low) / step
    if not math.isclose(count, round(count), abs_tol=1e-9) or round(count) < 1:
        raise FormatError(f"{key}: steps of {step!r} do not lead from {low!r} to {high!r}", "change one of the three")


def _check_effects(domains: Mapping[str, Domain], base: RunConfig) -> None:
    """Checks that every searched setting has an effect in some trial.

    Raises:
        SettingError: one has no effect.
    """
    for key in domains:
        section, _, name = key.partition(".")
        settings: Settings = getattr(base, section)
        if not any(f"{section}.{need.name}" in domains for need in settings.unmet(name)):
            settings.check_effect([name])


def _check_possible(domains: Mapping[str, Domain], base: RunConfig) -> None:
    """Checks that every value is allowed with some values of the other settings.

    Raises:
        FormatError: one is never allowed.
    """
    for key, domain in domains.items():
        section = key.partition(".")[0]
        others = {other: found for other, found in domains.items() if other != key and other.startswith(f"{section}.")}
        for value in domain.corners:
            combinations = product(*(found.corners for found in others.values()))
            refusal = None
            for tried, combination in enumerate(islice(combinations, _ENOUGH + 1)):
                try:
                    lay_over(base, {key: value, **dict(zip(others, combination, strict=True))})
                except SettingError as error:
                    refusal = refusal or error
                    if tried < _ENOUGH:
                        continue
                refusal = None
                break
            if refusal:
                raise FormatError(
                    f"{key}: {value!r} fails with all values of the other settings ({refusal})", "remove it"
                )
