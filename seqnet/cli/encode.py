"""`seqnet encode`: sequence files → a labelled, split dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from seqnet.cli.options import collect, command_line, force_option, settings_options, threads_option
from seqnet.cli.paths import Command, InputPath, OutputPath, claim
from seqnet.cli.progress import Meter, say, show
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.readers import ReadOptions

__all__ = ["command"]


@click.command("encode", cls=Command)
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
    help="A class and its file, or a generator of as many records as there are real ones, or of COUNT: "
    "@uniform[:COUNT], @composition (base frequencies kept), @dinucleotide (each record shuffled, dinucleotide counts "
    "kept). May be repeated; the files of one NAME are joined.",
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
    PHYLIP, Nexus), 2bit, an ABI trace, a table (TSV, CSV, Excel, Parquet) or an .npz of token arrays; it may be
    compressed; - is standard input. The format is found by content. Say which class a record belongs to with --class,
    --label-regex, --label-column or --labels.

    \b
    seqnet encode --class human=reads.bam --class random=@uniform -o reads.safetensors
    seqnet encode proteins.fasta.gz --label-regex 'label=(\\S+)' -o proteins.safetensors
    """
    from seqnet.datasets.encoding import ClassSource, encode

    sources = [*(ClassSource.parse(text) for text in classes), *(ClassSource(None, path=path) for path in inputs)]
    claim([output], force=force)
    with Meter("encode", "records") as meter:
        summary = encode(
            sources,
            output,
            collect(EncodeOptions, options),
            collect(ReadOptions, options),
            force=force,
            command=command_line(),
            progress=meter.advance,
        )
    for note in summary.notes:
        say(f"seqnet: note: {note}")
    for line in summary.lines():
        show(line)
    for warning in summary.warnings():
        say(f"seqnet: warning: {warning}")
    say(f"wrote {output}")
