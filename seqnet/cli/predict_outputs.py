"""What `seqnet predict` writes beside, or in place of, the table of predictions: records and embeddings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from seqnet.cli.options import collect, settings_options
from seqnet.cli.paths import OutputPath, say_removed
from seqnet.cli.process import command_line
from seqnet.cli.progress import say
from seqnet.configs.prediction import SortingOptions
from seqnet.core.printable import counted

if TYPE_CHECKING:
    from seqnet.prediction.outputs import Output
    from seqnet.prediction.predictor import Predictor
    from seqnet.prediction.sorted_records import FileCount

__all__ = ["RecordOutputs", "record_options", "show_files"]

Function = TypeVar("Function", bound=Callable[..., Any])

_OUTPUTS = {
    "split": "--split-by-class",
    "annotated": "--annotate",
    "kept": "--kept",
    "embeddings": "--embeddings",
}
"""Outputs beside the table → their options."""


def record_options(function: Function) -> Function:
    """Adds the options of this module."""
    options = (
        click.option(
            "--split-by-class",
            "split",
            type=OutputPath("--split-by-class names a directory"),
            metavar="DIR",
            help="Write the records of each class to a file in DIR, in their own format: FASTA, FASTQ, or BAM for "
            "alignments. Records without a label go to a file 'unclassified'.",
        ),
        click.option(
            "--annotate",
            "annotated",
            type=OutputPath(None),
            metavar="FILE.bam",
            help="Write all alignments of a SAM, BAM or CRAM to FILE.bam, with the tags sl (label), sp (probability) "
            "and ss (status, unless it is ok).",
        ),
        click.option(
            "--keep", multiple=True, metavar="CLASS", help="With --kept: the class to write. May be repeated."
        ),
        click.option(
            "--kept",
            type=OutputPath(None),
            metavar="FILE",
            help="Write the records of the classes --keep to FILE, in their own format; - is standard output.",
        ),
        click.option(
            "--embeddings",
            type=OutputPath("embeddings can't go to standard output", alone=False),
            metavar="FILE",
            help="Write the last hidden layer of the network for each record to FILE, which ends in .parquet or .npz.",
        ),
        settings_options(SortingOptions, ("pairs", "min_probability")),
    )
    for option in reversed(options):
        function = option(function)
    return function


@dataclass(frozen=True)
class RecordOutputs:
    """What the options ask for.

    Attributes:
        paths: name of an output → its path; None for standard output.
        keep: the classes to keep.
        sorting: how records are sorted.
        table: whether a table of predictions is written, too.
    """

    paths: Mapping[str, Path | None]
    keep: tuple[str, ...]
    sorting: SortingOptions
    table: bool

    @classmethod
    def of(cls, context: click.Context, options: Mapping[str, Any]) -> RecordOutputs:
        """Returns what the options of the command ask for.

        Raises:
            click.UsageError: options can't be combined, or need another one.
        """

        def given(name: str) -> bool:
            return context.get_parameter_source(name) is not ParameterSource.DEFAULT

        paths: dict[str, Path | None] = {name: options[name] for name in _OUTPUTS if given(name)}
        if bool(options["keep"]) != ("kept" in paths):
            raise click.UsageError("--keep CLASS and --kept FILE need each other")
        for name, option in (("pairs", "--pairs"), ("min_probability", "--min-probability")):
            if given(name) and not {"split", "kept"} & set(paths):
                raise click.UsageError(f"{option} needs --split-by-class, or --keep and --kept")
        if options["pairs"] == "files" and len(context.params["inputs"]) != 2:
            raise click.UsageError("--pairs files needs two inputs, one of first and one of second mates")
        if options["pairs"] == "files" and len(set(context.params["inputs"])) == 1:
            raise click.UsageError("--pairs files needs two different inputs; this one is given twice")
        table = not paths or given("output")
        if paths and (context.params["directory"] or context.params["kind"]):
            raise click.UsageError(f"{_OUTPUTS[next(iter(paths))]} can't be combined with -O or --format; use -o FILE")
        if [*paths.values(), *([context.params["output"]] if table else [])].count(None) > 1:
            raise click.UsageError("only one output can go to standard output")
        return cls(paths, options["keep"], collect(SortingOptions, options), table)

    @property
    def stores_records(self) -> bool:
        """Whether records are written in their own format."""
        return bool({"split", "annotated", "kept"} & set(self.paths))

    @property
    def mate_files(self) -> bool:
        """Whether two inputs are read side by side, one of first and one of second mates."""
        return self.sorting.pairs == "files"

    @property
    def embeds(self) -> bool:
        """Whether embeddings are written."""
        return "embeddings" in self.paths

    @property
    def directory(self) -> Path | None:
        """The directory of files by class; None without such files."""
        return self.paths.get("split")

    def targets(self) -> list[Path | None]:
        """Returns the files whose names are known before an input is read, and None for standard output."""
        return [path for name, path in self.paths.items() if name != "split"]

    def outputs(self, predictor: Predictor) -> list[Output]:
        """Returns the outputs; removes what killed runs have left of files by class."""
        from seqnet.prediction.record_outputs import record_outputs, remove_unfinished

        if self.directory is not None:
            say_removed(remove_unfinished(self.directory, predictor.bundle.classes))
        return record_outputs(predictor, self.paths, self.keep, self.sorting, command_line())


def show_files(outputs: Iterable[Output]) -> None:
    """Says what is in the files of records."""
    from seqnet.prediction.sorted_records import KeptRecords, SplitRecords

    for output in outputs:
        if not isinstance(output, SplitRecords | KeptRecords):
            continue
        counts = output.counts
        for one in counts.files:
            say(f"{one.target or 'standard output'}: {_numbers(one)}")
        if isinstance(output, KeptRecords):
            say(f"left out: {_numbers(counts.left_out)}")
        if counts.alone:
            say(
                f"seqnet: note: {counted(counts.alone, 'reads')} of pairs had no mate next to them and were placed by "
                "their own prediction"
            )


def _numbers(count: FileCount) -> str:
    others = f", {counted(count.others, 'other alignments')}" if count.others else ""
    return counted(count.records, "records") + others
