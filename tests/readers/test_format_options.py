from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import SettingError
from seqnet.readers import open_each, open_records, shared_options
from seqnet.readers.format_options import USED_BY

from .examples import DATA

VALUES: dict[str, Any] = {
    "region": "chr1",
    "min_mapq": 1,
    "reference": "r.fa",
    "feature": "CDS",
    "sequence_column": "seq",
    "name_column": "x",
}


def test_there_is_a_value_for_every_setting() -> None:
    assert set(VALUES) == set(USED_BY)


@pytest.mark.parametrize(
    ("file", "used"),
    [
        ("wrapped.fa", set()),
        ("plain.fq", set()),
        ("proteins.npz", set()),
        ("sequential.phy", set()),
        ("unaligned.sam", {"region", "min_mapq"}),
        ("reverse.bam", {"region", "min_mapq"}),
        ("proteins.csv", {"sequence_column", "name_column"}),
        ("genome.gb", {"feature", "name_column"}),
        ("sanger.ab1", {"name_column"}),
    ],
)
def test_a_setting_that_the_format_does_not_use_is_an_error(file: str, used: set[str]) -> None:
    path = str(DATA / file)
    for name, value in VALUES.items():
        options = ReadOptions(**{name: value})
        if name in used:
            open_records(path, options).close()
        else:
            with pytest.raises(SettingError, match=rf"^read\.{name} is for .*; this file is .*{file}") as caught:
                open_records(path, options)
            assert caught.value.name == f"read.{name}"


def test_the_message_names_formats_and_file() -> None:
    with pytest.raises(SettingError) as caught:
        open_records(str(DATA / "reverse.bam"), ReadOptions(reference="r.fa"))
    assert str(caught.value) == f"read.reference is for CRAM; this file is BAM ({DATA / 'reverse.bam'})"
    with pytest.raises(SettingError) as caught:
        open_records(str(DATA / "proteins.tsv"), ReadOptions(min_mapq=3))
    assert str(caught.value) == (
        f"read.min_mapq is for SAM, BAM and CRAM; this file is a table ({DATA / 'proteins.tsv'})"
    )


def test_an_empty_file_has_no_format_to_be_wrong() -> None:
    with open_records(str(DATA / "empty.fa"), ReadOptions(min_mapq=3)) as reader:
        assert reader.why_empty == "the file is empty"


def test_one_of_several_files_has_to_use_a_setting() -> None:
    fasta, bam = str(DATA / "wrapped.fa"), str(DATA / "reverse.bam")
    options = ReadOptions(min_mapq=3)
    assert not shared_options([bam], options).some_unused
    mixed = shared_options([fasta, bam], options)
    assert (mixed.some_unused, mixed.min_mapq) == (True, 3)
    assert [reader.format for reader in open_each([fasta, bam], options)] == ["fasta", "sam"]
    with pytest.raises(SettingError, match=r"^read\.min_mapq is for SAM, BAM and CRAM; the inputs are fasta and fastq"):
        shared_options([fasta, str(DATA / "plain.fq")], options)


def test_a_file_that_can_not_be_looked_at_may_use_a_setting(tmp_path: Path) -> None:
    damaged = tmp_path / "in.fa"
    damaged.write_text("no sequence file\n")
    for other in ("-", str(damaged), str(tmp_path / "none.bam")):
        assert shared_options([str(DATA / "wrapped.fa"), other], ReadOptions(min_mapq=3)).some_unused
