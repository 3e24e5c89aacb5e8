"""Windows of the records of files, as `seqnet predict --track` and `--aggregate` score them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Unpack

from seqnet.api.file_runs import FileRun
from seqnet.api.keywords import PredictFileKeywords, as_path, check_keywords, settings_from
from seqnet.api.models import Model
from seqnet.api.python_words import python_words
from seqnet.api.tables import Paths, as_paths, check_model, report_path, table_output
from seqnet.configs.scanning import ScanOptions
from seqnet.core.errors import SettingError
from seqnet.prediction.scan_runs import ScanRequest, scan_records

__all__ = ["scan_files"]

_OF_SCANS = ("window", "stride", "aggregate", "softmask")


class ScanFileKeywords(PredictFileKeywords, total=False):
    """Keyword arguments of `scan_files`: see `ScanOptions`, and those of `Model.predict_file`."""

    window: int
    stride: int
    aggregate: str
    softmask: str


def scan_files(
    model: Model,
    inputs: Paths,
    *,
    track: str | os.PathLike[str] | None = None,
    table: str | os.PathLike[str] | None = None,
    target: str | None = None,
    regions: str | os.PathLike[str] | None = None,
    report: str | os.PathLike[str] | None = None,
    force: bool = False,
    **options: Unpack[ScanFileKeywords],
) -> Mapping[str, int]:
    """Scores the windows of the records of files, and returns status → number of records.

    Args:
        model: a trained model.
        inputs: a file or several, as in `Model.predict_file`.
        track: the probability of a class for each window, .bedgraph, .bed (both also with .gz) or .bw.
        table: a row for each record, made of its windows; its name ends as that of `predict_table`.
        target: the class of the track and of `aggregate`; None for the positive class.
        regions: BED file of the regions of a FASTA to scan.
        report: HTML file of a report, as `predict_table` writes it.
        force: whether existing files are replaced.
        **options: window, stride, aggregate and softmask, as in `seqnet predict`, and those of `Model.predict_file`.

    Raises:
        SettingError: no file is named, there is no such option, or its value is not allowed.
        OutputError: a file exists, is an input, or can't be written.
        SeqnetError: an input can't be read.
        OSError: an input is not there.
    """
    with python_words():
        check_model(model)
        if track is None and table is None:
            raise SettingError("track", None, problem="is needed, or table")
        check_keywords(options, list(ScanFileKeywords.__annotations__))
        paths, place = list(map(str, as_paths(inputs, "inputs"))), None if track is None else as_path(track, "track")
        area, windows = None if regions is None else str(as_path(regions, "regions")), _windows(options)
        request = ScanRequest.of(windows, target, place, area, paths)
        others = {name: value for name, value in options.items() if name not in _OF_SCANS}
        if others.get("expected_fraction") == "auto":
            raise SettingError("expected_fraction", "auto", "a mapping of class to fraction, such as {'human': 0.1}")
        run, rows = FileRun.of(model, paths, others), table_output(table)
        with run.at_work(), run.reported(report_path(report), run.predictor, [(paths, rows)]) as jobs:
            return scan_records(request, run.predictor, run.source, jobs, force=force)[0].by_status()


def _windows(options: Mapping[str, Any]) -> ScanOptions:
    """Returns the windows that keyword arguments ask for."""
    return settings_from(
        ScanOptions, {name: value for name, value in options.items() if name in _OF_SCANS}, list(_OF_SCANS)
    )
