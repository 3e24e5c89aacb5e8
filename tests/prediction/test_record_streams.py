from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from seqnet.core.errors import FormatError
from seqnet.core.originals import Beginning
from seqnet.core.ragged import Ragged
from seqnet.prediction.record_streams import check_beginning, is_pipe, opened_stream, single_entries
from seqnet.readers.originals import nothing_but

BAM = Beginning("bam", True, b"BAM\1" + bytes(8))


@pytest.mark.parametrize("compress", [True, False])
def test_text_is_what_was_written(compress: bool, tmp_path: Path) -> None:
    path = tmp_path / "out"
    with opened_stream(path, Beginning("fasta", True), "", compress=compress) as stream:
        for part in (b">a\nAC\n", b"", b">b\nG\n"):
            stream.write(stream.encode(part))
    data = gzip.decompress(path.read_bytes()) if compress else path.read_bytes()
    assert data == b">a\nAC\n>b\nG\n"


def test_a_bam_on_standard_output_is_whole(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with opened_stream(None, BAM, "seqnet predict", compress=False) as stream:
        stream.write(stream.encode(b"record"))
    found = gzip.decompress(capfdbinary.readouterr().out)
    assert b"@PG\tID:seqnet" in found
    assert found.endswith(b"record")


def test_a_second_input_needs_the_format_and_header_of_the_first() -> None:
    def originals(beginning: Beginning) -> None:
        found = nothing_but(beginning).originals
        assert found is not None
        check_beginning(BAM, found)

    originals(BAM)
    with pytest.raises(FormatError, match="its records are FASTQ, and those of the first input are alignments"):
        originals(Beginning("fastq", True))
    with pytest.raises(FormatError, match="its header differs from that of the first input"):
        originals(Beginning("bam", True, BAM.header + b"x"))


def test_entries_one_by_one() -> None:
    assert single_entries(Ragged.from_strings([b"a", b"", b"bc"])) == [b"a", b"", b"bc"]
    assert single_entries(Ragged.from_strings([])) == []


def test_what_has_no_name_that_says_a_format() -> None:
    assert is_pipe(None)
    assert is_pipe(Path("/dev/null"))
    assert not is_pipe(Path("out.bam"))
