from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.configs.prediction import PredictOptions, SortingOptions
from seqnet.core.errors import OutputError
from seqnet.core.originals import Beginning, Form
from seqnet.prediction.decision import Decider
from seqnet.prediction.outputs import Start
from seqnet.prediction.sorted_records import KeptRecords, Sorting, SplitRecords, possible_files
from seqnet.readers.originals import nothing_but
from tests.building import make_bundle


def sorting(classes: tuple[str, ...], pairs: str = "together") -> tuple[Sorting, Start]:
    bundle = make_bundle(classes=classes)
    start = Start(bundle, nothing_but(Beginning("fastq", True)))
    return Sorting(SortingOptions(pairs=pairs), Decider(bundle, PredictOptions()), "seqnet"), start


def names_for(*classes: str, pairs: str = "together") -> list[str]:
    own, start = sorting(classes, pairs)
    return [path.name for path in SplitRecords(Path("d"), own).targets(start)]


def test_names_of_files_are_safe() -> None:
    found = names_for("a/b: c", "..x", "gène-2")
    assert found == ["a_b__c.fq.gz", "_.x.fq.gz", "gène-2.fq.gz", "unclassified.fq.gz"]
    assert names_for("a", "b", pairs="files")[:3] == ["a_1.fq.gz", "a_2.fq.gz", "b_1.fq.gz"]


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (("a/b", "a:b"), "the classes a/b and a:b would both be written to a_b"),
        (("x", "X"), "the classes x and X would both be written to X"),
        (
            ("x", "unclassified"),
            "the file of class unclassified would have the name of the file for records without a class",
        ),
        (
            ("Unclassified", "x"),
            "the file of class Unclassified would have the name of the file for records without a class",
        ),
    ],
)
def test_two_classes_have_two_files(classes: tuple[str, ...], message: str) -> None:
    with pytest.raises(OutputError, match=message):
        names_for(*classes)


def test_possible_files_are_all_that_there_may_be() -> None:
    sets = possible_files(Path("d"), ("a", "b"))
    assert [Path("d") / name for name in names_for("a", "b")] in sets
    assert [Path("d") / name for name in names_for("a", "b", pairs="files")] in sets
    assert all({path.suffixes[-1] for path in one} <= {".gz", ".fa", ".fq", ".bam"} for one in sets)


@pytest.mark.parametrize(
    ("form", "name", "fits"),
    [
        ("fastq", "x.fq", True), ("fastq", "x.FASTQ.GZ", True), ("fastq", "x.fa", False), ("fasta", "x.faa.gz", True),
        ("fasta", "x", False), ("bam", "x.bam", True), ("bam", "x.bam.gz", False), ("bam", "x.sam", False),
    ],
)  # fmt: skip
def test_the_name_of_a_file_must_say_its_format(form: Form, name: str, fits: bool) -> None:
    own, start = sorting(("a", "b"))
    start = Start(start.bundle, nothing_but(Beginning(form, False)))
    output = KeptRecords(Path(name), ("a",), own)
    if fits:
        assert output.targets(start) == [Path(name)]
    else:
        with pytest.raises(OutputError, match="and the file name does not match"):
            output.targets(start)
