from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, SettingError
from seqnet.readers import open_records

from .examples import DATA, biopython, columns, nothing, read, read_batch

GENOME = DATA / "genome.gb"


def skipped(path: Path, **options: Any) -> dict[str, int]:
    with open_records(str(path), ReadOptions(**options)) as reader:
        for _ in reader:
            pass
        return dict(reader.skipped)


@pytest.mark.parametrize("name", ["genome.gb", "genome.embl"])
def test_features_are_those_that_biopython_extracts(name: str) -> None:
    record = biopython(DATA / name, name[7:].replace("gb", "genbank"))[0]
    expected = [str(feature.extract(record.seq)) for feature in record.features if feature.type == "CDS"]
    batch = read_batch(DATA / name, feature="CDS")
    assert batch.symbols.text() == expected
    assert batch.symbols.text()[1:4] == ["GTGAAATTTCCCTAG", "ATGGCTAAACGTTGA", "CTGGCTAAAC"]


def test_features_are_named_after_their_places() -> None:
    names = read_batch(GENOME, feature="CDS").names.text()
    assert names[:4] == [
        "AB000001.1:11-25(+)", "AB000001.1:36-50(-)", "AB000001.1:61-66,77-85(+)", "AB000001.1:96-105(+)",
    ]  # fmt: skip
    assert read_batch(GENOME, feature="CDS", name_column="locus_tag").names.text() == [f"t{n}" for n in range(1, 10)]


def test_the_header_has_the_qualifiers() -> None:
    _, _, header = read(GENOME, feature="CDS")[0]
    assert header == "AB000001.1:11-25(+) [locus_tag=t1] [product=plain protein] [transl_table=11]"


def test_columns_are_qualifiers_and_then_annotations_of_the_record() -> None:
    found = columns(GENOME, feature="CDS", columns=("product", "organism"))
    assert found["product"][:4] == ["plain protein", "reverse protein", "joined protein", ""]
    assert set(found["organism"]) == {"Escherichia madeupensis"}


def test_proteins_and_what_is_left_out() -> None:
    options = {"feature": "CDS", "translate": True, "name_column": "locus_tag"}
    assert [(name, protein) for name, protein, _ in read(GENOME, **options)] == [
        ("t1", "MAKR"), ("t2", "MKFP"), ("t3", "MAKR"), ("t4", "WLN"), ("t5", "MWK"), ("t6", "MUR"),
    ]  # fmt: skip
    assert skipped(GENOME, **options) == {
        "CDS features whose length is not a multiple of three": 1,
        "CDS features whose translation differs from that in the record": 1,
        "CDS features of pseudogenes": 1,
        "records without CDS features": 1,
    }


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("ATGGCTAAACGTTAA", "CCGGCTAAACGTTAA", "without a start codon at the beginning"),
        ("ATGGCTAAACGTTAA", "ATGTAAAAACGTTAA", "with a stop codon within"),
        ("ATGGCTAAACGTTAA", "ATGGCTAAACGTTCA", "without a stop codon at the end"),
        ("/transl_table=11", "/transl_table=99", "whose transl_table is unknown"),
        ("/transl_table=11", "/codon_start=7", "whose codon_start is not 1, 2 or 3"),
        ("             11..25", "             join(11..25,J00194.1:1..9)", "that lie partly in another record"),
        ("             11..25", "             nowhere", "whose location can't be read"),
    ],
)
def test_what_does_not_code_for_a_protein_is_left_out(old: str, new: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "in.gb"
    text = GENOME.read_text()
    # The sequence is in lower case, in groups of ten.
    spaced = re.compile(r" *(?:\n *\d+ )? *".join(old.lower()))
    if old.isalpha():
        start = text.index("ORIGIN")
        match = spaced.search(text, start)
        assert match is not None
        letters = iter(new.lower())
        text = text[: match.start()] + re.sub("[acgt]", lambda _: next(letters), match[0]) + text[match.end() :]
    else:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)
    found = skipped(path, feature="CDS", translate=True)
    assert found[f"CDS features {reason}"] == 1


def test_a_feature_beyond_the_end_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "in.gb"
    path.write_text(GENOME.read_text().replace("             11..25", "             11..250", 1))
    with pytest.raises(FormatError, match=r"record AB000001\.1: a feature CDS at .* lies beyond the end"):
        read(path, feature="CDS")


def test_features_of_records_without_a_sequence_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "in.gb"
    text = (DATA / "contig_only.gb").read_text()
    path.write_text(text.replace("Location/Qualifiers\n", "Location/Qualifiers\n     CDS             1..9\n"))
    assert (
        nothing(path, feature="CDS") == "all of its records were skipped: 1 CDS feature of records without a sequence"
    )
    assert nothing(path, feature="tRNA") == "all of its records were skipped: 1 record without tRNA features"


def test_options_that_do_not_fit() -> None:
    with pytest.raises(SettingError, match="translate needs --feature CDS"):
        ReadOptions(translate=True)
    with pytest.raises(SettingError, match="feature is for GenBank and EMBL; this file is fasta"):
        read(DATA / "wrapped.fa", feature="CDS")
