"""Makes the annotated, aligned and packed files of this folder, from made-up sequences.

Run it from the folder of the project: `PYTHONPATH=. python tests/data/make_annotated.py`.

| file | its oddity |
|---|---|
| genome.gb | features on both strands, joined, partial, of another code, broken, with an exception; a second record |
| contig_only.gb | a record that is put together from others, and has no sequence itself |
| genome.embl | the same as genome.gb |
| sanger.ab1 | a trace with a blank in its sample's name |
| little.2bit, big.2bit | blocks of N and of lower case, in either order of bytes |
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

from Bio import SeqIO
from Bio.Seq import Seq
from Bio.SeqFeature import AfterPosition, BeforePosition, CompoundLocation, SeqFeature, SimpleLocation
from Bio.SeqRecord import SeqRecord

DATA = Path(__file__).parent
SPACER = "TTTATTTTAT"


def coding(strand: int, start: int, length: int, **qualifiers: str) -> SeqFeature:
    """Returns a feature CDS."""
    location = SimpleLocation(start, start + length, strand)
    return SeqFeature(location, "CDS", qualifiers={key: [value] for key, value in qualifiers.items()})


def genome() -> list[SeqRecord]:
    """Returns two records, whose features are as the module says."""
    pieces = [
        "ATGGCTAAACGTTAA",  # plain: MAKR
        str(Seq("GTGAAATTTCCCTAG").reverse_complement()),  # reverse, alternative start: MKFP
        "ATGGCT",
        "AAACGTTGA",  # joined: MAKR
        "CTGGCTAAAC",  # partial at both ends, frame 2: WLN
        "ATGTGAAAATAA",  # stop within by the standard code, MWK by the mitochondrial one
        "ATGTGACGTTAA",  # TGA is selenocysteine by exception: MUR
        "ATGGCTAAACGTTA",  # length not a multiple of three
        "ATGAAACGTTAA",  # stated translation differs
        "ATGTGGTAA",  # pseudogene
    ]
    starts, sequence = [], ""
    for piece in pieces:
        sequence += SPACER
        starts.append(len(sequence))
        sequence += piece
    sequence += SPACER
    at = iter(starts)
    features = [
        coding(1, next(at), 15, locus_tag="t1", product="plain protein", transl_table="11", translation="MAKR"),
        coding(-1, next(at), 15, locus_tag="t2", product="reverse protein", transl_table="11", translation="MKFP"),
    ]
    first, second = next(at), next(at)
    joined = CompoundLocation([SimpleLocation(first, first + 6, 1), SimpleLocation(second, second + 9, 1)])
    features.append(SeqFeature(joined, "CDS", qualifiers={"locus_tag": ["t3"], "product": ["joined protein"]}))
    start = next(at)
    partial = SimpleLocation(BeforePosition(start), AfterPosition(start + 10), 1)
    features.append(SeqFeature(partial, "CDS", qualifiers={"locus_tag": ["t4"], "codon_start": ["2"]}))
    features += [
        coding(1, next(at), 12, locus_tag="t5", transl_table="2"),
        coding(
            1, next(at), 12, locus_tag="t6", transl_except="(pos:4..6,aa:Sec)", translation="MUR", product="exception"
        ),
        coding(1, next(at), 14, locus_tag="t7"),
        coding(1, next(at), 12, locus_tag="t8", translation="MKK"),
        coding(1, next(at), 9, locus_tag="t9", pseudo=""),
    ]
    source = {"organism": ["Escherichia madeupensis"], "host": ["Homo sapiens"], "mol_type": ["genomic DNA"]}
    features.insert(0, SeqFeature(SimpleLocation(0, len(sequence), 1), "source", qualifiers=source))
    annotations: dict[str, Any] = {
        "molecule_type": "DNA", "organism": "Escherichia madeupensis", "data_file_division": "BCT",
        "date": "01-JAN-2024", "taxonomy": ["Bacteria", "Pseudomonadota"], "keywords": ["made up"],
    }  # fmt: skip
    one = SeqRecord(Seq(sequence), "AB000001.1", "AB000001", "a made-up genome", [], features, annotations)
    other = annotations | {"organism": "Bacillus fictus", "taxonomy": ["Bacteria", "Bacillota"]}
    two = SeqRecord(Seq("ACGTNRYKM" * 9), "AB000002.3", "AB000002", "a piece", [], [], other)
    return [one, two]


def make_flat_files() -> None:
    """Writes the GenBank and EMBL files."""
    records = genome()
    SeqIO.write(records, DATA / "genome.gb", "genbank")
    SeqIO.write(records, DATA / "genome.embl", "embl")
    text = io.StringIO()
    SeqIO.write(records[1:], text, "genbank")
    head, _, _ = text.getvalue().partition("ORIGIN")
    (DATA / "contig_only.gb").write_text(f"{head}CONTIG      join(AB000009.1:1..81)\n//\n")


def packed(order: str) -> bytes:
    """Returns a 2bit file by its specification: `ACGTNNNNacgtA` and `TTGCA`.

    Args:
        order: `<` or `>`, the order of bytes.
    """

    def numbers(*values: int) -> bytes:
        return struct.pack(f"{order}{len(values)}I", *values)

    # T 00, C 01, A 10, G 11; what N stands over is T.
    first = numbers(13, 1, 4, 4, 1, 8, 4, 0) + bytes([0b10011100, 0b00000000, 0b10011100, 0b10000000])
    second = numbers(5, 0, 0, 0) + bytes([0b00001101, 0b10000000])
    index_bytes = 16 + (1 + 4 + 4) + (1 + 6 + 4)
    index = b"\x04chr1" + numbers(index_bytes) + b"\x06second" + numbers(index_bytes + len(first))
    return numbers(0x1A412743, 0, 2, 0) + index + first + second


def trace(bases: bytes, sample: bytes) -> bytes:
    """Returns an ABI trace by its specification: header, data, and a directory of 28 bytes an entry."""
    entries = [
        (b"PBAS", 2, 2, 1, bases),
        (b"PCON", 2, 2, 1, bytes([40]) * len(bases)),
        (b"SMPL", 1, 18, 1, bytes([len(sample)]) + sample),
        (b"RUND", 1, 10, 4, struct.pack(">hBB", 2024, 2, 29)),
        (b"RUNT", 1, 11, 4, bytes([12, 30, 0, 0])),
    ]
    data, directory = b"", b""
    for name, number, kind, size, content in entries:
        count = len(content) // size
        place = content.ljust(4, b"\0") if len(content) <= 4 else struct.pack(">I", 128 + len(data))
        data += content if len(content) > 4 else b""
        directory += struct.pack(">4sIHHII", name, number, kind, size, count, len(content)) + place + bytes(4)
    header = struct.pack(
        ">4sH4sIHHIIII", b"ABIF", 101, b"tdir", 1, 1023, 28, len(entries), 28 * len(entries), 128 + len(data), 0
    )
    return header.ljust(128, b"\0") + data + directory


if __name__ == "__main__":
    make_flat_files()
    (DATA / "little.2bit").write_bytes(packed("<"))
    (DATA / "big.2bit").write_bytes(packed(">"))
    (DATA / "sanger.ab1").write_bytes(trace(b"ACGTNACGTTGCA", b"plate 1 A01"))
