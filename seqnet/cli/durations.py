"""The type of options that are durations."""

from __future__ import annotations

from typing import Any

import click

from seqnet.core.durations import seconds_of
from seqnet.core.errors import SettingError

__all__ = ["Duration"]


class Duration(click.ParamType):  # type: ignore[type-arg]  # older versions of click refuse an argument
    """A duration such as 90s, 10m or 2h, as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """See `click.ParamType`."""
        try:
            return seconds_of("time", value)
        except SettingError:
            self.fail(f"{value!r} is not a duration; use a number and a unit, such as 90s, 10m or 2h", param, ctx)
