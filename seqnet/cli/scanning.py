"""`seqnet predict --track` and --aggregate: long sequences window by window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from seqnet.cli.options import READING, collect, settings_options
from seqnet.cli.paths import InputPath, OutputPath
from seqnet.cli.progress import Meter, say
from seqnet.cli.unused_options import refuse_unused
from seqnet.configs.scanning import ScanOptions
from seqnet.core.errors import OutputError, SettingError

if TYPE_CHECKING:
    from seqnet.prediction.inputs import PredictionInputs
    from seqnet.prediction.outputs import Output
    from seqnet.prediction.predictor import Predictor
    from seqnet.prediction.tally import Tally
    from seqnet.prediction.tracks import TrackForm

__all__ = ["ScanRequest", "Work", "add_scan_options", "scan_records", "show_windows"]

Function = TypeVar("Function", bound=Callable[..., Any])


def add_scan_options(function: Function) -> Function:
    """Adds the options for windows of long sequences."""
    decorators = (
        click.option(
            "--track",
            type=OutputPath("a track can't be written to standard output"),
            metavar="FILE",
            help="Also write the probability of a class for each window of long sequences to FILE; its name ends in "
            ".bedgraph, .bed (both also with .gz) or .bw. If --stride is less than --window, a value of .bedgraph and "
            ".bw is at the middle of its window, --stride symbols long; .bed has the windows themselves.",
        ),
        settings_options(ScanOptions, ("window", "stride")),
        click.option(
            "--class",
            "chosen",
            metavar="NAME",
            help="Class whose probability is the score of a window; needed for more than two classes.  "
            "[default: the positive class]",
        ),
        settings_options(ScanOptions, ("aggregate", "softmask")),
        click.option(
            "--regions",
            type=InputPath("text"),
            metavar="BED",
            help="Read only these regions of one FASTA file with an index (.fai), which is made if it is not there. "
            "Each region has a row; coordinates of the track are genomic.",
        ),
    )
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


@dataclass(frozen=True)
class ScanRequest:
    """What the options for windows ask for.

    Attributes:
        options: windows, and how their scores are aggregated.
        chosen: name of the class of the scores.
        track: file of the scores.
        form: format of this file.
        regions: a BED file.
    """

    options: ScanOptions
    chosen: str | None
    track: Path | None
    form: TrackForm | None
    regions: str | None

    @property
    def targets(self) -> list[Path]:
        """The files that are written beside the rows."""
        return [self.track] if self.track else []

    @classmethod
    def of(cls, values: dict[str, Any], inputs: Sequence[str], directory: Path | None) -> ScanRequest | None:
        """Returns what the options of the command ask for, and removes them; None if none of them is given.

        Raises:
            SettingError: they don't fit each other or the inputs.
            OutputError: the name of the track says no format, or bigWig can't be written.
        """
        track, chosen, regions = (values.pop(name) for name in ("track", "chosen", "regions"))
        options = collect(ScanOptions, values)
        if not (track or chosen or regions or options.given):
            return None
        if regions:
            refuse_unused(READING, "can't be combined with --regions, which reads FASTA")
        if not track and options.aggregate not in ("max", "noisy-or"):
            refuse_unused(["chosen"], "needs --track, --aggregate max or --aggregate noisy-or")
        if directory and track:
            raise click.UsageError("-O can't be combined with --track; give one input and -o")
        from seqnet.prediction.tracks import track_form

        if regions and (len(inputs) > 1 or inputs[0] == "-"):
            raise SettingError("regions", regions, problem="needs one FASTA file, not several or standard input")
        form = track_form(track) if track else None
        if form and form.kind == "bigwig" and "-" in inputs:
            problem = "bigWig needs the lengths of all sequences first, and standard input can be read only once"
            raise OutputError(str(track), problem, "write .bedgraph, or give a file")
        return cls(options, chosen, track, form, regions)


@dataclass(frozen=True)
class Work:
    """What a prediction needs, with windows or without.

    Attributes:
        predictor: the model.
        source: reads the inputs.
        share: returns how much of the inputs was read, if known.
        force: whether existing files are replaced.
        shown: whether the user sees progress.
    """

    predictor: Predictor
    source: PredictionInputs
    share: Callable[[], float | None]
    force: bool
    shown: bool


def scan_records(
    request: ScanRequest, work: Work, jobs: Sequence[tuple[Sequence[str], Sequence[Output]]]
) -> tuple[Tally, list[str]]:
    """Writes all outputs and the track, and returns the counts of records, and lines about the windows.

    Args:
        request: what the user requests.
        work: model and inputs.
        jobs: some inputs each, and what is written of their rows.

    Raises:
        SettingError: an output can't be made of windows or regions.
    """
    from seqnet.prediction.scan_inputs import scanned_records
    from seqnet.prediction.scan_output import ScanTally, TrackOutput, window_lines, write_scan
    from seqnet.prediction.scanning import Scanner
    from seqnet.prediction.scans import scan_of

    predictor, source, form = work.predictor, work.source, request.form
    _check_outputs(request, work)
    mask = predictor.options.unknown == "mask"
    scan = scan_of(predictor.bundle, request.options, request.chosen, mask=mask, track=form is not None)
    scanner, tally = Scanner(predictor, scan), ScanTally()
    with Meter("predict", "windows", shown=work.shown) as meter:

        def progress(windows: int, of_read: float) -> None:
            read = work.share()
            meter.advance(windows, share=None if read is None else read * of_read)

        threads, force = source.read.threads, work.force
        for paths, outputs in jobs:
            with scanned_records(source, paths, request.regions, form, say) as (records, sizes):
                track = TrackOutput(request.track, form, scan.grid, sizes) if request.track and form else None
                tally.add(write_scan(scanner, records, outputs, track, threads=threads, force=force, progress=progress))
    return tally.rows, window_lines(scan, tally, predictor.bundle.alphabet, track=request.track is not None)


def _check_outputs(request: ScanRequest, work: Work) -> None:
    """Refuses outputs that can't be made of windows or regions.

    Raises:
        SettingError: there is one.
    """
    if work.predictor.embed:
        others = "--track, --window, --stride, --class, --aggregate, --softmask or --regions"
        raise SettingError("embeddings", None, problem=f"can't be combined with {others}")
    if request.regions and work.source.read.originals:
        problem = "can't be combined with --split-by-class, --annotate or --kept: a region is not a record of the file"
        raise SettingError("regions", request.regions, problem=problem)


def show_windows(lines: Sequence[str]) -> None:
    """Says what `scan_records` has returned of the windows."""
    for line in lines:
        say(line)
