"""Which windows of long records are scored, and how scores are aggregated, for a model and the options of the user."""

from __future__ import annotations

from dataclasses import dataclass

from seqnet.configs.scanning import ScanOptions
from seqnet.configs.settings import MOST_RECORDS
from seqnet.core.errors import SettingError
from seqnet.models.bundles import Bundle
from seqnet.prediction.windows import Grid, grid_of

__all__ = ["WHOLE", "Scan", "scan_of"]

WHOLE = Grid(MOST_RECORDS, MOST_RECORDS)
"""Windows that no record is long enough for."""


@dataclass(frozen=True)
class Scan:
    """Which windows are scored, and how scores are aggregated.

    Attributes:
        grid: where windows are; `WHOLE` where records are predicted as a whole, as without windows.
        way: one of `AGGREGATES`.
        chosen: class whose probability is the score of a window; None if none is needed.
    """

    grid: Grid
    way: str
    chosen: int | None


def scan_of(bundle: Bundle, options: ScanOptions, name: str | None, *, mask: bool, track: bool) -> Scan:
    """Returns the scan that options ask for.

    Args:
        bundle: the model.
        options: windows, and how scores are aggregated.
        name: the chosen class; None for the positive class of two.
        mask: whether unknown symbols are treated as N or X.
        track: whether the scores of windows are written.

    Raises:
        SettingError: there is no such class, a class must be chosen, or windows are too short for the model.
    """
    if not (track or options.given):
        return Scan(WHOLE, "mean", bundle.positive)
    grid = grid_of(bundle, options.window, options.stride, mask=mask, softmask=options.softmask)
    way = options.aggregate or "mean"
    if name is not None and name not in bundle.classes:
        raise SettingError("class", name, choices=bundle.classes)
    if way == "noisy-or" and len(bundle.classes) > 2:
        raise SettingError("scan.aggregate", way, problem="noisy-or needs a model of two classes; use max or mean")
    chosen = bundle.positive if name is None else bundle.classes.index(name)
    if chosen is None and (track or way == "max"):
        names = ", ".join(bundle.classes)
        raise SettingError("class", None, problem=f"must be chosen with --class for this model: one of {names}")
    return Scan(grid, way, chosen)
