"""A run of predictions window by window: what is scanned of the inputs, and the track and the outputs of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqnet.configs.scanning import ScanOptions
from seqnet.core.errors import OutputError, SettingError
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.jobs import Job
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.scan_inputs import scanned_records
from seqnet.prediction.scan_output import ScanTally, TrackOutput, window_lines, write_scan
from seqnet.prediction.scanning import Scanner
from seqnet.prediction.scans import scan_of
from seqnet.prediction.tally import Tally
from seqnet.prediction.tracks import TrackForm, track_form

__all__ = ["ScanRequest", "scan_records"]


@dataclass(frozen=True)
class ScanRequest:
    """What is scanned, and where the scores of windows go.

    Attributes:
        options: windows, and how their scores are aggregated.
        chosen: name of the class of the scores; None for the positive class.
        track: file of the scores; None for none.
        form: format of this file.
        regions: a BED file; None for whole records.
    """

    options: ScanOptions
    chosen: str | None
    track: Path | None
    form: TrackForm | None
    regions: str | None

    @classmethod
    def of(
        cls, options: ScanOptions, chosen: str | None, track: Path | None, regions: str | None, inputs: Sequence[str]
    ) -> ScanRequest:
        """Returns the request.

        Raises:
            SettingError: regions are of several files, or of standard input.
            OutputError: the name of the track says no format, or bigWig can't be written.
        """
        if regions is not None and (len(inputs) > 1 or inputs[0] == "-"):
            raise SettingError("regions", regions, problem="needs one FASTA file, not several or standard input")
        form = track_form(track) if track else None
        if form and form.kind == "bigwig" and "-" in inputs:
            problem = "bigWig needs the lengths of all sequences first, and standard input can be read only once"
            raise OutputError(str(track), problem, "write .bedgraph, or give a file")
        return cls(options, chosen, track, form, regions)


def scan_records(
    request: ScanRequest,
    predictor: Predictor,
    source: PredictionInputs,
    jobs: Sequence[Job],
    progress: Callable[[int, float], object] = lambda windows, share: None,
    *,
    note: Callable[[str], object] = lambda line: None,
    force: bool = False,
) -> tuple[Tally, list[str]]:
    """Writes all outputs and the track, and returns the counts of records, and lines about the windows.

    Args:
        request: what is scanned.
        predictor: the model.
        source: reads the inputs.
        jobs: some inputs each, and what is written of their rows.
        progress: called with the number of further windows, and how much of what was read is done.
        note: called with a line about an index that is made.
        force: whether existing files are replaced.

    Raises:
        SettingError: an output can't be made of windows or regions.
        SeqnetError, OSError: see `write_predictions`.
    """
    form = request.form
    _check_outputs(request, predictor, source)
    mask = predictor.options.unknown == "mask"
    scan = scan_of(predictor.bundle, request.options, request.chosen, mask=mask, track=form is not None)
    scanner, tally, threads = Scanner(predictor, scan), ScanTally(), source.read.threads
    for paths, outputs in jobs:
        with scanned_records(source, paths, request.regions, form, note) as (records, sizes):
            track = TrackOutput(request.track, form, scan.grid, sizes) if request.track and form else None
            tally.add(write_scan(scanner, records, outputs, track, threads=threads, force=force, progress=progress))
    return tally.rows, window_lines(scan, tally, predictor.bundle.alphabet, track=request.track is not None)


def _check_outputs(request: ScanRequest, predictor: Predictor, source: PredictionInputs) -> None:
    """Refuses outputs that can't be made of windows or regions.

    Raises:
        SettingError: there is one.
    """
    if predictor.embed:
        others = "--track, --window, --stride, --class, --aggregate, --softmask or --regions"
        raise SettingError("embeddings", None, problem=f"can't be combined with {others}")
    if request.regions and source.read.originals:
        problem = "can't be combined with --split-by-class, --annotate or --kept: a region is not a record of the file"
        raise SettingError("regions", request.regions, problem=problem)
