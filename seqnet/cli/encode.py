"""`seqnet encode`: sequence files → a labelled, split dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from seqnet.cli.options import collect, command_line, force_option, settings_options, threads_option
from seqnet.cli.paths import Command, InputPath, OutputPath, claim
from seqnet.cli.process import hide_pandas
from seqnet.cli.progress import Meter, say, show
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.readers import ReadOptions

__all__ = ["command", "encode_files"]


@click.command(
    "encode",
    cls=Command,
    advanced=("similarity", "kmer", "window", "stride", "held_out", "missing_labels", "reader_process"),
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
    "dinucleotide counts). A generator makes as many records as there are real ones, or @uniform:COUNT. May be "
    "repeated, also with the same NAME.",
)
@settings_options(
    EncodeOptions,
    ("label_regex", "label_column", "labels", "missing_labels", "positive", "split", "group_by", "split_by",
     "similarity", "kmer", "alphabet", "unknown", "length", "window", "stride", "crop", "held_out", "limit", "seed"),
)  # fmt: skip
@settings_options(
    ReadOptions,
    ("sequence_column", "name_column", "feature", "translate", "gaps", "region", "min_mapq", "reference",
     "reader_process"),
)  # fmt: skip
@threads_option
@force_option
def command(inputs: tuple[str, ...], output: Path, classes: tuple[str, ...], force: bool, **options: Any) -> None:
    """Turn sequence files into a labelled, split dataset.

    INPUT is FASTA, FASTQ, SAM, BAM, CRAM, GenBank, EMBL, Swiss-Prot, UniProt XML, an alignment (Stockholm, Clustal,
    PHYLIP, Nexus), 2bit, an ABI trace, a table (TSV, CSV, Excel, Parquet) or an .npz file of token arrays. Files can
    be compressed. - is standard input. The format is detected from the content. Give the class of each record
    with --class, --label-regex, --label-column or --labels.

    \b
    seqnet encode --class human=reads.bam --class random=@uniform -o reads.safetensors
    seqnet encode proteins.fasta.gz --label-regex 'label=(\\S+)' -o proteins.safetensors
    """
    claim([output], force=force)
    read = collect(ReadOptions, options)
    encode_files(classes, inputs, output, collect(EncodeOptions, options), read, force=force, tell=show)
    say(f"wrote {output}")


def encode_files(
    classes: Sequence[str],
    inputs: Sequence[str],
    output: Path,
    options: EncodeOptions,
    read: ReadOptions,
    *,
    force: bool,
    tell: Callable[[str], None],
) -> None:
    """Writes a dataset, and says what it holds.

    Args:
        classes: NAME=SOURCE of each class.
        inputs: files whose records tell their own class.
        output: the dataset.
        options: what becomes of the records.
        read: how files are read.
        force: whether an existing output is replaced.
        tell: takes the lines of the table.
    """
    hide_pandas()
    from seqnet.datasets.encoding import ClassSource, encode

    sources = [*(ClassSource.parse(text) for text in classes), *(ClassSource(None, path=path) for path in inputs)]
    with Meter("encode", "records") as meter:
        summary = encode(sources, output, options, read, force=force, command=command_line(), progress=meter.advance)
    for note in summary.ingestion.notes:
        say(f"seqnet: note: {note}")
    for line in summary.lines():
        tell(line)
    for warning in summary.warnings():
        say(f"seqnet: warning: {warning}")
