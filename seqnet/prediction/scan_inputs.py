"""The records that are scanned: those of files, or regions of one FASTA."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.scan_output import located_records, located_regions, sizes_of
from seqnet.prediction.scanning import Located
from seqnet.prediction.tracks import TrackForm
from seqnet.readers.regions import IndexedFasta, Region, check_order, read_regions

__all__ = ["scanned_records"]


@contextmanager
def scanned_records(
    source: PredictionInputs,
    paths: Sequence[str],
    regions: str | None,
    form: TrackForm | None,
    notify: Callable[[str], object],
) -> Iterator[tuple[Generator[Located, None, None], Mapping[str, int]]]:
    """Yields the records, and the lengths of chromosomes if they are needed.

    Args:
        source: reads the files.
        paths: the files; a single FASTA for regions.
        regions: BED file; None for whole records.
        form: format of the track; None for no track.
        notify: takes a line if an index of the FASTA was made.

    Raises:
        SeqnetError: a file can't be read, or a track can't have its records.
        OSError: a file can't be opened or read.
    """
    with ExitStack() as stack:
        if regions is None:
            sizes: Mapping[str, int] = {}
            if form and form.kind == "bigwig":
                sizes = sizes_of(PredictionInputs(source.read, source.alphabet), paths)
            yield located_records(source, paths, track=form is not None), sizes
            return
        fasta = stack.enter_context(IndexedFasta(paths[0]))
        if fasta.made:
            notify(f"made the index {paths[0]}.fai")
        found: list[Region] = read_regions(regions, fasta.sizes)
        if form and not form.overlaps:
            check_order(regions, found)
        yield located_regions(source, fasta, found), fasta.sizes
