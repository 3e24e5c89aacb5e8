"""Windows of the records of files, as `seqnet predict --track` and `--aggregate` score them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Unpack

from seqnet.api.files import pysam_kept
from seqnet.api.keywords import PredictFileKeywords, as_path, check_keywords, read_options, settings_from
from seqnet.api.models import Model
from seqnet.api.python_words import python_words
from seqnet.api.tables import Paths, as_paths, check_model, status_counts, table_output
from seqnet.api.warn import warn_of_other_alphabet
from seqnet.configs.scanning import ScanOptions
from seqnet.core.errors import OutputError, SettingError
from seqnet.core.outputs import reading
from seqnet.nn.devices import computing
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.scan_inputs import scanned_records
from seqnet.prediction.scan_output import TrackOutput, write_scan
from seqnet.prediction.scanning import Scanner
from seqnet.prediction.scans import scan_of
from seqnet.prediction.tracks import TrackForm, track_form

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
        place = None if track is None else as_path(track, "track")
        area = None if regions is None else str(as_path(regions, "regions"))
        wanted = _WantedScan(place, track_form(place) if place else None, table, target, area)
        return _written(model, list(map(str, as_paths(inputs, "inputs"))), wanted, options, force=force)


class _WantedScan(NamedTuple):
    """What is written, and of what: track, its format, table, class and regions; see `scan_files`."""

    track: Path | None
    form: TrackForm | None
    table: str | os.PathLike[str] | None
    target: str | None
    regions: str | None


def _written(
    model: Model, paths: list[str], wanted: _WantedScan, options: Mapping[str, Any], *, force: bool
) -> Mapping[str, int]:
    """Writes track and table, and returns status → number of records."""
    form = wanted.form
    _check_inputs(paths, wanted.regions, form)
    of_scan: Any = {name: value for name, value in options.items() if name in _OF_SCANS}
    others: Any = {name: value for name, value in options.items() if name not in _OF_SCANS}
    windows = settings_from(ScanOptions, of_scan, list(_OF_SCANS))
    read, decide = read_options(others, model.precision, model.threads)
    if decide.automatic:
        raise SettingError("expected_fraction", "auto", "a mapping of class to fraction, such as {'human': 0.1}")
    predictor = model.predictor(decide)
    source = PredictionInputs(read, predictor.expected_alphabet)
    mask = decide.unknown == "mask"
    scan = scan_of(model.bundle, windows, wanted.target, mask=mask, track=form is not None)
    rows = table_output(wanted.table)
    device = model.bundle.classifier.device
    with (
        reading(paths),
        pysam_kept(),
        computing(model.threads, device),
        scanned_records(source, paths, wanted.regions, form, lambda line: None) as (records, sizes),
    ):
        output = TrackOutput(wanted.track, form, scan.grid, sizes) if wanted.track and form else None
        tally = write_scan(Scanner(predictor, scan), records, rows, output, threads=model.threads, force=force)
    warn_of_other_alphabet(source)
    return status_counts(tally.rows.counts)


def _check_inputs(paths: list[str], regions: str | None, form: TrackForm | None) -> None:
    """Refuses inputs that regions, or a track, can't be made of.

    Raises:
        SettingError: there are several files, or standard input, for regions.
        OutputError: bigWig would be made of standard input.
    """
    if regions is not None and (len(paths) > 1 or paths[0] == "-"):
        raise SettingError("regions", regions, problem="needs one FASTA file, not several or standard input")
    if form and form.kind == "bigwig" and "-" in paths:
        raise OutputError("track", "bigWig needs files, which can be read twice", "write .bedgraph, or give a file")
