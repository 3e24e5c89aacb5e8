"""Features of GenBank and EMBL records, and the proteins of coding features.

A feature has the symbols of its location, joined and on its strand. Features that can't be read are left out and
counted by reason.

Source: https://www.insdc.org/submitting-standards/feature-table/
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError
from seqnet.readers.biopython import annotations_of, name_of, parsed, symbols_of
from seqnet.readers.single_records import SingleRecord, wants_annotations

if TYPE_CHECKING:
    from Bio.SeqFeature import CompoundLocation, SeqFeature, SimpleLocation
    from Bio.SeqRecord import SeqRecord

__all__ = ["feature_records"]

_STANDARD_TABLE = 1
"""Genetic code of a feature that does not name one."""
_STRANDS = {1: "(+)", -1: "(-)"}


class _LeftOut(Exception):  # noqa: N818 - not an error, but the reason for leaving out a feature
    pass


def feature_records(record: SeqRecord, options: ReadOptions, skipped: Counter[str]) -> Iterator[SingleRecord]:
    """Yields the features of a record with the type `options.feature`.

    Args:
        record: the record.
        options: type of the features, and whether to translate them.
        skipped: counter for features that are left out, by reason, and for records without such features.

    Raises:
        FormatError: a feature is beyond the end of the record, or a protein record is to be translated.
    """
    kind = options.feature
    features = [feature for feature in record.features if feature.type == kind]
    if not features:
        skipped[f"records without {kind} features"] += 1
        return
    if options.translate and record.annotations.get("molecule_type") == "protein":
        raise FormatError("this is a protein already", "leave --translate out", record=name_of(record))
    defined = symbols_of(record) is not None
    shared = annotations_of(record) if wants_annotations(options) else {}
    for feature in features:
        try:
            if not defined:
                raise _LeftOut("of records without a sequence")
            name, symbols = _place(record, feature), _extracted(record, feature)
            if options.translate:
                symbols = _protein(feature, symbols)
        except _LeftOut as reason:
            skipped[f"{kind} features {reason}"] += 1
            continue
        qualifiers = {key: "; ".join(map(str, values)) for key, values in feature.qualifiers.items()}
        qualified = "".join(f" [{key}={value}]" for key, value in qualifiers.items() if key != "translation")
        yield SingleRecord(name, symbols.encode(), name + qualified, shared | {"id": name} | qualifiers)


def _place(record: SeqRecord, feature: SeqFeature) -> str:
    """Returns the name of a feature: its record and location, 1-based and inclusive, in the order of its parts.

    Raises:
        FormatError: the feature is beyond the end of the record.
        _LeftOut: the location can't be used.
    """
    location = feature.location
    if location is None:
        raise _LeftOut("whose location can't be read")
    if any(part.ref for part in location.parts):
        raise _LeftOut("that lie partly in another record")
    if not all(isinstance(end, int) for part in location.parts for end in (part.start, part.end)):
        raise _LeftOut("whose location is unknown")
    low, high = min(part.start for part in location.parts), max(part.end for part in location.parts)
    if record.seq is None or low < 0 or high > len(record.seq):
        problem = f"a feature {feature.type} at {location} lies beyond the end of the sequence"
        raise FormatError(problem, "correct it, or get the file again", record=name_of(record))
    strands = groupby(location.parts, key=lambda part: part.strand)
    qualified = [
        ",".join(f"{int(part.start) + 1}-{int(part.end)}" for part in parts) + _STRANDS.get(strand or 0, "")
        for strand, parts in strands
    ]
    return f"{name_of(record)}:{','.join(qualified)}"


def _extracted(record: SeqRecord, feature: SeqFeature) -> str:
    """Returns the symbols of a feature: the parts of its record at its location, joined."""
    found, _ = parsed(lambda: str(feature.extract(record.seq)), f"location of a feature {feature.type}")
    return found


def _protein(feature: SeqFeature, symbols: str) -> str:
    """Returns the protein of a coding feature, by its genetic code and frame, without the stop at its end.

    If the record says that residues are exceptions from the code, the translation in the record is returned.

    Args:
        feature: a feature CDS.
        symbols: its nucleotides.

    Raises:
        _LeftOut: the feature does not code for a protein, or for another one than the record says.
    """
    qualifiers = feature.qualifiers
    stated = "".join("".join(map(str, qualifiers.get("translation", []))).split())
    if stated and ("transl_except" in qualifiers or "exception" in qualifiers):
        return stated
    if "pseudo" in qualifiers or "pseudogene" in qualifiers:
        raise _LeftOut("of pseudogenes")
    assert feature.location is not None
    begins, ends = _whole_ends(feature.location)
    offset = _number(feature, "codon_start", 1) - 1
    if offset not in (0, 1, 2):
        raise _LeftOut("whose codon_start is not 1, 2 or 3")
    coding = symbols[offset:]
    rest = len(coding) % 3
    if rest and ends:
        raise _LeftOut("whose length is not a multiple of three")
    table = _number(feature, "transl_table", _STANDARD_TABLE)
    protein = _translated(coding[: len(coding) - rest], table, begins and not offset)
    if protein.endswith("*"):
        protein = protein[:-1]
    elif ends:
        raise _LeftOut("without a stop codon at the end")
    if "*" in protein:
        raise _LeftOut("with a stop codon within")
    # Two bases may suffice to determine the last residue.
    if stated and stated != protein and not (rest and stated[:-1] == protein):
        raise _LeftOut("whose translation differs from that in the record")
    return protein


def _translated(coding: str, table: int, begins: bool) -> str:
    """Returns the residues of whole codons; if `begins` is true, the first must be a start codon, and is M."""
    from Bio.Data.CodonTable import unambiguous_dna_by_id
    from Bio.Seq import Seq

    if table not in unambiguous_dna_by_id:
        raise _LeftOut("whose transl_table is unknown")
    try:
        protein, _ = parsed(lambda: str(Seq(coding.upper()).translate(table)), "sequence")
    except FormatError:
        raise _LeftOut("with symbols that are not nucleotides") from None
    if not begins:
        return protein
    if coding[:3].upper().replace("U", "T") not in unambiguous_dna_by_id[table].start_codons:
        raise _LeftOut("without a start codon at the beginning")
    return "M" + protein[1:]


def _number(feature: SeqFeature, name: str, default: int) -> int:
    values = feature.qualifiers.get(name)
    if not values:
        return default
    try:
        return int(values[0])
    except ValueError:
        raise _LeftOut(f"whose {name} is not a number") from None


def _whole_ends(location: SimpleLocation | CompoundLocation) -> tuple[bool, bool]:
    """Returns whether a location is complete at its start and at its end, i.e. not partial (`<`, `>`)."""
    from Bio.SeqFeature import ExactPosition

    first, last = location.parts[0], location.parts[-1]
    begin = first.end if first.strand == -1 else first.start
    end = last.start if last.strand == -1 else last.end
    return isinstance(begin, ExactPosition), isinstance(end, ExactPosition)
