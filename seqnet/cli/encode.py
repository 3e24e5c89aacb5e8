"""`seqnet encode`: sequence files → a labelled, split dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import click

from seqnet.cli.json_output import json_option, show_json
from seqnet.cli.options import INPUT_FORMATS, READING, collect, force_option, settings_options, threads_option
from seqnet.cli.paths import Command, InputPath, OutputPath, claim
from seqnet.cli.process import command_line, hide_pandas
from seqnet.cli.progress import Meter, say, show
from seqnet.cli.streams import TABLE, check_stdout_is_open
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.readers import ReadOptions

if TYPE_CHECKING:
    from seqnet.datasets.encoding.summary import EncodeSummary

__all__ = ["command", "encode_files"]

Function = TypeVar("Function", bound=Callable[..., Any])


def _split_options(function: Function) -> Function:
    """Adds --train, --validation and --test."""
    for split in ("test", "validation", "train"):
        words = f"File whose records are in the {split} split" + (
            ", or NAME=FILE for its class NAME. May be repeated." if split == "train" else "; see --train."
        )
        if split == "validation":
            words += "  [default: a part of the train records; see --split]"
        kind = InputPath("split")
        function = click.option(f"--{split}", split, type=kind, multiple=True, metavar="FILE", help=words)(function)
    return function


@click.command(
    "encode",
    cls=Command,
    more={
        "Splits": (
            "validation",
            "split",
            "split_column",
            "split_file",
            "split_by",
            "similarity",
            "kmer",
            "seed",
        ),
        "Choice of records": ("unknown", "missing_labels", "length", "limit", "window", "stride", "crop", "held_out"),
        INPUT_FORMATS: READING,
    },
    advanced=("positive", "alphabet"),
)
@click.argument("inputs", type=InputPath("text"), nargs=-1, metavar="[INPUT]...")
@click.option(
    "-o",
    "--output",
    type=OutputPath("a dataset can't be written to standard output"),
    required=True,
    metavar="FILE",
    help="Dataset to write.",
)
@click.option(
    "--class",
    "classes",
    type=InputPath("class"),
    multiple=True,
    metavar="NAME=SOURCE",
    help="A class and its file, or a generator of random sequences: @uniform (all symbols equally frequent), "
    "@composition (symbol frequencies of the real records) or @dinucleotide (real records shuffled, with their "
    "dinucleotide counts). @uniform:COUNT makes COUNT records; without it, there are as many as real ones. May be "
    "repeated, also with the same NAME.",
)
@_split_options
@settings_options(
    EncodeOptions,
    ("label_regex", "label_column", "labels", "missing_labels", "positive", "split", "split_column", "split_file",
     "group_by", "split_by", "similarity", "kmer", "alphabet", "unknown", "length", "window", "stride", "crop",
     "held_out", "limit", "seed"),
)  # fmt: skip
@settings_options(ReadOptions, READING)
@threads_option
@json_option
@force_option
def command(
    inputs: tuple[str, ...], output: Path, classes: tuple[str, ...], as_json: bool, force: bool, **options: Any
) -> None:
    """Turn sequence files into a labelled, split dataset.

    INPUT is FASTA, FASTQ, SAM, BAM, CRAM, GenBank, EMBL, Swiss-Prot, UniProt XML, an alignment (Stockholm, Clustal,
    PHYLIP, Nexus), 2bit, an ABI trace, a table (TSV, CSV, Excel, Parquet) or an .npz file of token arrays. Files can
    be compressed. - is standard input. The format is detected from the content. Give the class of each record
    with --class, --label-regex, --label-column or --labels.

    Records are split at random by default. For splits that exist already, use --train, --validation and --test, or
    --split-column or --split-file. Records that leak between given splits are reported and kept.

    \b
    seqnet encode --class human=reads.bam --class random=@uniform -o reads.safetensors
    seqnet encode proteins.fasta.gz --label-regex 'label=(\\S+)' -o proteins.safetensors
    seqnet encode --train train.csv --test test.csv --label-column label -o task.safetensors
    """
    claim([output], force=force)
    check_stdout_is_open(TABLE)
    read = collect(ReadOptions, options)
    given = {split: options.pop(split) for split in ("train", "validation", "test")}
    encoding = collect(EncodeOptions, options)
    notify = _ignore_line if as_json else show
    summary, warnings = encode_files(classes, inputs, output, encoding, read, force=force, notify=notify, given=given)
    if as_json:
        show_json({"dataset": str(output), **summary.to_json(), "warnings": warnings})
    say(f"wrote {output}")


def _ignore_line(line: str) -> None:
    """Takes the lines of a table that is not shown."""


def encode_files(
    classes: Sequence[str],
    inputs: Sequence[str],
    output: Path,
    options: EncodeOptions,
    read: ReadOptions,
    *,
    force: bool,
    notify: Callable[[str], None],
    given: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> tuple[EncodeSummary, list[str]]:
    """Writes a dataset, says what it holds, and returns that and the warnings.

    Args:
        classes: NAME=SOURCE of each class.
        inputs: files whose records have their own class.
        output: the dataset.
        options: what becomes of the records.
        read: how files are read.
        force: whether an existing output is replaced.
        notify: takes the lines of the table.
        given: split → FILE or NAME=FILE of each of its files.
    """
    hide_pandas()
    from seqnet.datasets.encoding import ClassSource, encode
    from seqnet.datasets.encoding.class_sources import source_in_split

    sources = [*(ClassSource.parse(text) for text in classes), *(ClassSource(None, path=path) for path in inputs)]
    sources += [source_in_split(text, split) for split, texts in given.items() for text in texts]
    with Meter("encode", "records") as meter:
        summary = encode(sources, output, options, read, force=force, command=command_line(), progress=meter.advance)
    for note in summary.ingestion.notes:
        say(f"seqnet: note: {note}")
    for line in summary.lines():
        notify(line)
    warnings = [*summary.warnings(), *([] if summary.fractions else _leaks(output))]
    for warning in warnings:
        say(f"seqnet: warning: {warning}")
    return summary, warnings


def _leaks(dataset: Path) -> list[str]:
    """Returns a line for each kind of record that given splits share."""
    from seqnet.audit.split_leaks import leak_lines
    from seqnet.datasets.dataset import open_dataset

    return leak_lines(open_dataset(dataset))
