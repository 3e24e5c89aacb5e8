from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, InputError
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.scan_output import (
    ScanTally,
    TrackOutput,
    located_records,
    located_regions,
    sizes_of,
    write_scan,
)
from seqnet.prediction.scanning import Scanner
from seqnet.prediction.scans import Scan
from seqnet.prediction.tracks import TrackForm
from seqnet.prediction.windows import Grid, WindowStatus
from seqnet.prediction.writers import TableOutput
from seqnet.readers.regions import IndexedFasta, Region
from tests.building import make_bundle, random_strings

GRID = Grid(12, 6)


def inputs() -> PredictionInputs:
    return PredictionInputs(ReadOptions(), make_bundle().alphabet)


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    path = tmp_path / "g.fa"
    one, two = random_strings([60, 33])
    path.write_text(f">one\n{one[:30]}\n{'N' * 30}\n>two x\n{two}\n>tiny\nAC\n")
    return path


def write(folder: Path, genome: Path, grid: Grid = GRID) -> ScanTally:
    scanner = Scanner(Predictor(make_bundle()), Scan(grid, "mean", 1))
    records = located_records(inputs(), [str(genome)], track=True)
    track = TrackOutput(folder / "t.bedgraph", TrackForm("bedgraph"), grid, {})
    return write_scan(scanner, records, [TableOutput(folder / "rows.tsv")], track, threads=1)


def test_what_became_of_windows_and_records_is_counted(tmp_path: Path, genome: Path) -> None:
    tally = write(tmp_path, genome)
    assert dict(tally.windows) == {WindowStatus.SCORED: 9, WindowStatus.ALL_AMBIGUOUS: 4}
    assert (tally.long, tally.short, tally.rest) == (2, 1, 3)
    assert tally.rows.counts.total() == 3
    assert len((tmp_path / "t.bedgraph").read_text().splitlines()) == 9


def test_both_outputs_are_there_or_none(tmp_path: Path, genome: Path) -> None:
    with pytest.raises(InputError, match="no record is as long as the window of 61"):
        write(tmp_path, genome, Grid(61, 61))
    genome.write_text(genome.read_text() + ">bad\n;comment\n")
    with pytest.raises(FormatError):
        write(tmp_path, genome)
    assert list(tmp_path.iterdir()) == [genome]


def test_the_lengths_of_chromosomes_are_those_of_records(genome: Path) -> None:
    assert sizes_of(inputs(), [str(genome)]) == {"one": 60, "two": 33, "tiny": 2}


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        (">a\nACGT\n>b\nAC\n>a\nGG\n", "two records are named 'a'"),
        (">\nACGT\n", "a record is named '', which can't be the name of a chromosome"),
        ("@a\nACGT\n+\nIIII\n", "this is FASTQ, whose records are reads"),
    ],
)
def test_what_a_track_can_not_hold_is_refused(tmp_path: Path, text: str, reported: str) -> None:
    path = tmp_path / "x"
    path.write_text(text)
    with pytest.raises(FormatError, match=reported):
        list(located_records(inputs(), [str(path)], track=True))
    assert list(located_records(inputs(), [str(path)], track=False))


def test_regions_know_their_chromosome_and_origin(genome: Path) -> None:
    regions = [Region("two", 3, 30, 1), Region("one", 5, 9, 2)]
    with IndexedFasta(str(genome)) as fasta:
        (found,) = located_regions(inputs(), fasta, regions)
    assert found.chromosomes.text() == ["two", "one"]
    assert found.origins.tolist() == [3, 5]
    assert found.batch.names.text() == ["two:4-30", "one:6-9"]
    assert found.batch.symbols.lengths.tolist() == [27, 4]
