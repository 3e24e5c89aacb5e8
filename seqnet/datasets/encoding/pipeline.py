"""Makes a dataset from all sources: read → split → draw held-out windows → generate → write."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet import similarity
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import LabelError
from seqnet.core.outputs import check_targets, whole_file
from seqnet.core.provenance import InputHashes, versions
from seqnet.core.threads import Threads
from seqnet.datasets.dataset import write_dataset
from seqnet.datasets.encoding.class_sources import ClassSource, generators_of, order_classes
from seqnet.datasets.encoding.collection import Collector, EncodedRecords
from seqnet.datasets.encoding.generated_records import generate_records
from seqnet.datasets.encoding.genome_windows import draw_windows
from seqnet.datasets.encoding.ingestion import Ingestion
from seqnet.datasets.encoding.summary import EncodeSummary
from seqnet.datasets.splits import SPLITS, parse_fractions, split_records
from seqnet.readers import open_each
from seqnet.similarity import find_mates

__all__ = ["encode"]


def encode(
    sources: Sequence[ClassSource],
    output: Path,
    options: EncodeOptions,
    read: ReadOptions,
    *,
    force: bool = False,
    command: str = "",
    progress: Callable[[int], None] = lambda records: None,
) -> EncodeSummary:
    """Writes a dataset of all sources and returns its summary.

    Args:
        sources: files and generators, in the user's order.
        output: path of the dataset.
        options: selection, labels, groups and splits of the records.
        read: options of the readers.
        force: whether to replace an existing output.
        command: command line for the provenance.
        progress: called with the number of records that were read since the last call.

    Raises:
        SeqnetError: bad input or settings; no output is left behind.
    """
    rng = np.random.default_rng(options.seed)
    files = [(source, source.path) for source in sources if source.path is not None]
    if not files:
        raise LabelError("encode", "there is no input", "name a file, or use --class NAME=FILE")
    _check_given_once(files)
    fractions = parse_fractions(options.split)
    check_targets([output], force=force, inputs=[path for _, path in files])
    with whole_file(output, force=force) as temporary, InputHashes([path for _, path in files]) as hashes:
        intake = Ingestion(options, read, rng)
        try:
            with closing(open_each([path for _, path in files], intake.read)) as readers:
                for (source, _), reader in zip(files, readers, strict=True):
                    intake.take_in(source, reader, progress)
            provenance = {
                "command": command,
                "options": options.to_dict(),
                "seed": options.seed,
                "versions": versions(),
                "inputs": hashes.collect(),
            }
            return _finish(sources, intake, fractions, rng, temporary, provenance)
        finally:
            intake.collector.close()


def _check_given_once(files: Sequence[tuple[ClassSource, str]]) -> None:
    """Checks that no file is given twice for one class, which would duplicate each of its records.

    Raises:
        LabelError: a file is given twice.
    """
    seen: dict[object, str] = {}
    for source, path in files:
        about = os.stat(path) if os.path.isfile(path) else None
        identity = (source.label, *((about.st_dev, about.st_ino) if about else (path,)))
        if identity in seen:
            other = "" if seen[identity] == path else f", also as {seen[identity]}"
            raise LabelError(path, f"this file is given twice{other}", "give each file once")
        seen[identity] = path


def _finish(
    sources: Sequence[ClassSource],
    intake: Ingestion,
    fractions: Sequence[float],
    rng: np.random.Generator,
    target: Path,
    provenance: Mapping[str, Any],
) -> EncodeSummary:
    """Splits the collected records, adds generated records, writes the dataset and returns its summary."""
    options, clusters = intake.options, None
    if not intake.classes:
        raise LabelError("encode", f"there are no records ({'; '.join(intake.notes)})", "name a file that holds some")
    classes, positive = order_classes(sources, intake.classes, options.positive)
    real = intake.finish(classes)
    # Genome blocks and windows are not reads, so they have no mates.
    reads = not (options.crop or options.window)
    mates = find_mates(real.names, real.labels, intake.collector.name_hashes.hashes()) if reads else None
    if mates and mates.count and not options.group_by:
        real = intake.regroup(real, mates.joined(real.groups))
    if options.split_by == "similarity":
        real, clusters = intake.cluster(real)
    largest = np.unique(real.groups, return_counts=True)[1].max() / len(real) if clusters else 0.0
    split = split_records(real.labels, real.groups, fractions, rng)
    parted = mates.apart(split) if mates else 0
    if options.crop:
        real, split = _hold_out(intake, real, split, rng)
    split = _accompany(sources, classes, intake, real, split, rng)
    del real  # frees memory: `collected` below returns all records again
    examples, collector = intake.collector.collected(), intake.collector
    with Threads(1) as pool:
        namesakes = mates.namesakes if mates else None
        duplicates = pool.submit(_duplicates, collector, examples.labels, split, namesakes)
        _write(target, intake, examples, split, classes, positive, generators_of(sources), provenance)
    assert intake.alphabet is not None
    return EncodeSummary.of(
        examples, split, intake.alphabet.name, classes, positive, generators_of(sources), options.crop,
        intake.left_out, duplicates.result(), label_warnings=intake.label_warnings(), fractions=fractions,
        largest_group=float(largest),
        ungrouped=intake.ungrouped, clusters=clusters,
        grouped=bool(options.group_by or options.crop or clusters),
        windowed=bool(options.window) and not (options.group_by or clusters),
        pairs=mates.count - parted if mates else 0, parted=parted, notes=intake.notes,
    )  # fmt: skip


def _duplicates(
    collector: Collector, labels: NDArray[np.int32], split: NDArray[np.uint8], namesakes: NDArray[np.int64] | None
) -> similarity.Duplicates:
    """Returns the duplicates among N records, and frees each column of hashes after use."""
    with closing(collector.name_hashes) as names:
        repeated = len(names.hashes().repeats)
    with closing(collector.sequence_hashes) as sequences:
        return similarity.find_duplicates(sequences.hashes(), repeated, labels, split, namesakes)


def _write(
    target: Path,
    intake: Ingestion,
    examples: EncodedRecords,
    split: NDArray[np.uint8],
    classes: Sequence[str],
    positive: int | None,
    generators: Mapping[str, str],
    provenance: Mapping[str, Any],
) -> None:
    """Writes the dataset of the collected records."""
    assert intake.alphabet is not None
    write_dataset(
        target,
        alphabet=intake.alphabet,
        classes=classes,
        positive=positive,
        generators=generators,
        crop=intake.options.crop,
        tokens=intake.collector.tokens,
        offsets=intake.collector.offsets,
        name_bytes=intake.collector.name_bytes,
        name_offsets=intake.collector.name_offsets,
        labels=examples.labels,
        groups=intake.collector.groups,
        split=split,
        provenance=provenance,
    )


def _hold_out(
    intake: Ingestion, blocks: EncodedRecords, split: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[EncodedRecords, NDArray[np.uint8]]:
    """Replaces the blocks of validation and test by windows, and returns all records and their split."""
    alphabet, crop = intake.alphabet, intake.options.crop
    assert alphabet is not None
    assert crop is not None
    complement = alphabet.complement if alphabet.has_strands else None
    parts, splits = [blocks.take(np.flatnonzero(split == 0))], [split[split == 0]]
    for number in range(1, len(SPLITS)):
        for label in np.unique(blocks.labels):
            held = np.flatnonzero((split == number) & (blocks.labels == label))
            if len(held):
                windows, _ = draw_windows(blocks.take(held), crop, intake.options.held_out, complement, rng)
                parts.append(windows)
                splits.append(np.full(len(windows), number, dtype=np.uint8))
    intake.restart(parts)
    return intake.collector.collected(), np.concatenate(splits)


def _accompany(
    sources: Sequence[ClassSource],
    classes: Sequence[str],
    intake: Ingestion,
    real: EncodedRecords,
    split: NDArray[np.uint8],
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Adds generated records, each to the split of its real record, and returns the split of all records.

    Blocks of the train split get none, because training generates records when it draws windows.
    """
    assert intake.alphabet is not None
    candidates = np.flatnonzero(split > 0) if intake.options.crop else np.arange(len(real))
    splits = [split]
    if len(candidates):
        for examples, which in generate_records(sources, classes, real, candidates, intake.alphabet, rng):
            intake.collector.add(examples)
            splits.append(split[which])
    return np.concatenate(splits)
