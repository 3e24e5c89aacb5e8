"""Table of the file formats, and the interface of a format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass

from seqnet.configs.readers import ReadOptions
from seqnet.core.records import RecordBatch
from seqnet.core.registry import Choice, Registry
from seqnet.readers.inputs import Input

__all__ = ["FORMATS", "RecordFormat"]


@dataclass(frozen=True, slots=True)
class RecordFormat:
    """A file format.

    Attributes:
        recognises: returns whether the first decompressed bytes of a file have this format.
        read: yields the records of an input in file order, and counts skipped records by reason. It raises an
            InputError without a path if the input is not valid.
        aligned: whether the format is for alignments, in which a gap is an error for the whole file.
        streams: whether `read` takes text in pieces, so that the bytes read before a batch depend on the file alone.
        reads_parts: returns whether `read` returns only the part of the file that the options name, where they name
            one; if not, all batches are read, and those of other parts dropped.
    """

    recognises: Callable[[bytes], bool]
    read: Callable[[Input, ReadOptions, Counter[str]], Generator[RecordBatch, None, None]]
    aligned: bool = False
    streams: bool = False
    reads_parts: Callable[[Input, ReadOptions], bool] = lambda source, options: False


# Detection uses this order: SAM before FASTQ, since both may start with `@`; PHYLIP, which starts with two numbers,
# late; and the text table, which is the least specific, last.
FORMATS = Registry(
    "format",
    {
        "fasta": Choice("seqnet.readers.fasta:FORMAT", "FASTA, one line or wrapped"),
        "sam": Choice("seqnet.readers.alignments:FORMAT", "SAM, BAM or CRAM, aligned or not"),
        "fastq": Choice("seqnet.readers.fastq:FORMAT", "FASTQ with four lines a record"),
        "tokens": Choice(
            "seqnet.readers.token_arrays:FORMAT", "NumPy .npz of protein tokens, one array for each class"
        ),
        "genbank": Choice("seqnet.readers.flat_files:GENBANK", "GenBank, whole records or features"),
        "embl": Choice("seqnet.readers.flat_files:EMBL", "EMBL, whole records or features"),
        "swissprot": Choice("seqnet.readers.flat_files:SWISSPROT", "Swiss-Prot and TrEMBL, as text"),
        "uniprot-xml": Choice("seqnet.readers.uniprot_xml:FORMAT", "UniProt XML"),
        "stockholm": Choice("seqnet.readers.stockholm:FORMAT", "Stockholm alignments"),
        "clustal": Choice("seqnet.readers.clustal:FORMAT", "Clustal alignments"),
        "phylip": Choice("seqnet.readers.phylip:FORMAT", "PHYLIP alignments, interleaved or sequential"),
        "nexus": Choice("seqnet.readers.nexus:FORMAT", "the character matrix of a Nexus file"),
        "2bit": Choice("seqnet.readers.twobit:FORMAT", "2bit of UCSC"),
        "abi": Choice("seqnet.readers.abi:FORMAT", "ABI traces (.ab1), the bases as they were called"),
        "table": Choice("seqnet.readers.tables:FORMAT", "TSV, CSV, Excel or Parquet with a column of sequences"),
    },
)
