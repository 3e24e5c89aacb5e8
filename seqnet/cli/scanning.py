"""`seqnet predict --track` and --aggregate: long sequences window by window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from seqnet.cli.options import READING, collect, settings_options
from seqnet.cli.paths import InputPath, OutputPath
from seqnet.cli.progress import say
from seqnet.cli.unused_options import refuse_unused
from seqnet.configs.scanning import ScanOptions

if TYPE_CHECKING:
    from seqnet.prediction.scan_runs import ScanRequest

__all__ = ["add_scan_options", "scan_request", "show_windows"]

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


def scan_request(values: dict[str, Any], inputs: Sequence[str], directory: Path | None) -> ScanRequest | None:
    """Returns what the options of the command ask for, and removes them; None if none of them is given.

    Raises:
        click.UsageError: an option has no effect, or can't be combined with another one.
        SeqnetError: see `ScanRequest.of`.
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
    from seqnet.prediction.scan_runs import ScanRequest

    return ScanRequest.of(options, chosen, track, regions, inputs)


def show_windows(lines: Sequence[str]) -> None:
    """Says what was found about the windows."""
    for line in lines:
        say(line)
