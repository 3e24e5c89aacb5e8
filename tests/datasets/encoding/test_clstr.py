from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.core.errors import FormatError
from seqnet.core.ragged import Ragged
from seqnet.datasets.encoding.clstr import read_clstr
from seqnet.datasets.encoding.labelling import grouper

PROTEINS = """\
>Cluster 0
0\t2799aa, >sp|P1|RPOC2... *
1\t214aa, >r2... at 95.33%
2\t31aa, >dots...in... at 1:31:5:35/100.00%
>Cluster 1
0\t90aa, >r3... *
"""
NUCLEOTIDES = ">Cluster 0\n0\t36nt, >MHC_H1:12:+:1... *\n1\t36nt, >MHC_H1:15:-:2... at -/97.22%\n"


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "x.clstr"
    path.write_text(text)
    return str(path)


def test_members_and_their_clusters(tmp_path: Path) -> None:
    assert read_clstr(write(tmp_path, PROTEINS)) == {
        "sp|P1|RPOC2": "Cluster 0",
        "r2": "Cluster 0",
        "dots...in": "Cluster 0",
        "r3": "Cluster 1",
    }
    assert read_clstr(write(tmp_path, NUCLEOTIDES)) == {
        "MHC_H1:12:+:1": "Cluster 0",
        "MHC_H1:15:-:2": "Cluster 0",
    }
    assert read_clstr(write(tmp_path, "\n" + NUCLEOTIDES.replace("\n", "\r\n"))) is not None


def test_with_descriptions_the_name_is_the_first_word(tmp_path: Path) -> None:
    assert read_clstr(write(tmp_path, ">Cluster 0\n0\t9aa, >r1 a protein of... *\n")) == {"r1": "Cluster 0"}


@pytest.mark.parametrize("text", ["", "\n", "c1\tr1\n", ">r1\nACGT\n"])
def test_other_files_than_clstr_are_refused(tmp_path: Path, text: str) -> None:
    assert read_clstr(write(tmp_path, text)) is None


@pytest.mark.parametrize("line", ["r1", "0\t9aa, r1... *", "0\t9aa, >r1...", "0\t9, >r1... *"])
def test_a_line_that_is_not_a_member(tmp_path: Path, line: str) -> None:
    with pytest.raises(FormatError, match=r"x\.clstr: line 2: this line is not a cluster member; give a"):
        read_clstr(write(tmp_path, f">Cluster 0\n{line}\n"))


def test_names_that_were_cut_short(tmp_path: Path) -> None:
    text = ">Cluster 0\n0\t9aa, >a_long_name_of_whic... *\n>Cluster 1\n0\t9aa, >a_long_name_of_whic... *\n"
    with pytest.raises(FormatError, match=r"line 4: a_long_name_of_whic is in two clusters; run cd-hit with -d 0"):
        read_clstr(write(tmp_path, text))


def test_group_by_finds_the_kind_of_its_value(tmp_path: Path) -> None:
    find = grouper(write(tmp_path, PROTEINS))
    assert find.find(Ragged.from_strings(["r3", "r2", "r9"]), {}) == ["Cluster 1", "Cluster 0", None]
    assert not find.by_window
