from __future__ import annotations

import gzip
from pathlib import Path

import pysam
import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.bgzf import BGZF_END, bgzf
from seqnet.core.errors import FormatError, OutputError
from seqnet.core.originals import Originals
from seqnet.core.ragged import Ragged
from seqnet.prediction.annotation import AnnotatedAlignments, _check_untagged, _tag_names, _with_tags
from seqnet.prediction.outputs import Start
from seqnet.readers import open_records
from tests.building import make_bundle

TAGS = [
    "XA:A:x",
    "XC:i:-3",
    "XS:i:70000",
    "XF:f:1.5",
    "XZ:Z:slZ sp",
    "XH:H:1AE3",
    "XB:B:s,1,2,3",
    "XI:B:f,1.5",
    "XE:Z:",
]


def originals_of(folder: Path, *tags: str, name: str = "slZspfssZ") -> Originals:
    path = folder / "one.sam"
    line = "\t".join([name, "4", "*", "0", "0", "*", "*", "0", "0", "ACGT", "slZs", *tags])
    path.write_text(f"@HD\tVN:1.6\n{line}\n")
    with open_records(str(path), ReadOptions(originals=True)) as reader:
        *_, batch = reader
    assert batch.originals is not None
    return batch.originals


def test_the_names_of_all_types_of_tags(tmp_path: Path) -> None:
    entry = originals_of(tmp_path, *TAGS).entries[0]
    tags = entry[entry.index(b"XAAx") :]
    assert [name.decode() for name in _tag_names(tags)] == [tag[:2] for tag in TAGS]


def test_bytes_like_a_tag_elsewhere_are_none(tmp_path: Path) -> None:
    _check_untagged(originals_of(tmp_path, *TAGS))


@pytest.mark.parametrize("tag", ["sl:Z:x", "sp:i:3", "ss:B:c,1"])
def test_a_tag_that_is_there_is_found(tag: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=f"has a tag {tag[:2]} already") as found:
        _check_untagged(originals_of(tmp_path, *TAGS, tag))
    assert found.value.record == "slZspfssZ"


def test_tags_are_added_at_the_end(tmp_path: Path) -> None:
    originals = originals_of(tmp_path, *TAGS)
    header = b"BAM\1" + bytes(8)
    path = tmp_path / "out.bam"
    path.write_bytes(bgzf(header + _with_tags(originals.entries, [b"slZx\0spf\0\0\0\x3f"])) + BGZF_END)
    assert gzip.decompress(path.read_bytes()).startswith(header)
    with pysam.AlignmentFile(str(path), check_sq=False) as file:
        (read,) = file
        assert read.to_string().split("\t")[11:] == [*TAGS, "sl:Z:x", "sp:f:0.5"]
    assert _with_tags(Ragged.from_strings([]), []) == b""


def test_a_class_name_must_fit_a_tag(tmp_path: Path) -> None:
    from seqnet.core.originals import Beginning
    from seqnet.readers.originals import nothing_but

    start = Start(make_bundle(classes=("gène", "x")), nothing_but(Beginning("bam", True)))
    with pytest.raises(OutputError, match="the class name gène can't be in a tag"):
        AnnotatedAlignments(tmp_path / "o.bam", "seqnet").targets(start)
    with pytest.raises(OutputError, match=r"end the name in \.bam"):
        AnnotatedAlignments(tmp_path / "o.sam", "seqnet").targets(start)
