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
from seqnet.core.errors import LabelError, SettingError
from seqnet.core.outputs import check_targets, whole_file
from seqnet.core.provenance import InputHashes, versions
from seqnet.core.threads import Threads
from seqnet.datasets.dataset import Description, write_dataset
from seqnet.datasets.encoding.class_sources import ClassSource, check_known, generators_of, order_classes
from seqnet.datasets.encoding.collection import Collector, EncodedRecords
from seqnet.datasets.encoding.generated_records import generate_records
from seqnet.datasets.encoding.genome_windows import draw_windows
from seqnet.datasets.encoding.given_splits import given_splits
from seqnet.datasets.encoding.ingestion import Ingestion
from seqnet.datasets.encoding.labelling import Grouper
from seqnet.datasets.encoding.summary import EncodeSummary, Grouping
from seqnet.datasets.splits import SPLITS
from seqnet.readers import RecordReader, open_each
from seqnet.similarity import find_mates

__all__ = ["encode", "encode_table"]


def encode(
    sources: Sequence[ClassSource],
    output: Path,
    options: EncodeOptions,
    read: ReadOptions,
    *,
    force: bool = False,
    command: str = "",
    known: Sequence[str] = (),
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
        known: classes of the model to be measured, which become those of the dataset, in this order, even if some have
            no records; empty for the classes of the records.
        progress: called with the number of records that were read since the last call.

    Raises:
        SeqnetError: bad input or settings; no output is left behind.
    """
    files = [(source, source.path) for source in sources if source.path is not None]
    if not files:
        raise LabelError("encode", "there is no input", "give a file, or use --class NAME=FILE")
    _check_given_once(files)
    paths = [path for _, path in files]
    _check_labels_are_used(options, sources)
    rng = np.random.default_rng(options.seed)
    splits = given_splits(options, sources)
    with closing(Ingestion(options, read, rng, splits=splits)) as ingestion:
        check_targets([output], force=force, inputs=paths)
        with whole_file(output, force=force) as temporary, InputHashes(paths) as hashes:
            with closing(open_each(paths, ingestion.read)) as readers:
                for (source, _), reader in zip(files, readers, strict=True):
                    ingestion.take_in(source, reader, progress)
            provenance = _provenance(options, command, hashes.collect())
            return _finish(sources, ingestion, rng, temporary, provenance, known)


def encode_table(
    reader: RecordReader,
    output: Path,
    options: EncodeOptions,
    grouper: Grouper | None,
    *,
    progress: Callable[[int], None] = lambda records: None,
) -> EncodeSummary:
    """Writes a dataset of the records of one reader, as `encode` does for files, and returns its summary.

    Args:
        reader: the records, whose labels are in the column `options.label_column`.
        output: the dataset to write.
        options: how records are selected and split.
        grouper: finds their groups, and their splits if the table has them; None for neither.
        progress: called with the number of records that were read since the last call.

    Raises:
        SeqnetError: bad input or settings; no output is left behind.
    """
    rng = np.random.default_rng(options.seed)
    with (
        closing(Ingestion(options, ReadOptions(), rng, grouper)) as ingestion,
        whole_file(output, force=False) as target,
    ):
        source = ClassSource(None, path=reader.path)
        ingestion.take_in(source, reader, progress)
        provenance = _provenance(options, "", [{"path": reader.path, "sha256": None}])
        return _finish([source], ingestion, rng, target, provenance)


def _provenance(options: EncodeOptions, command: str, inputs: list[dict[str, str | None]]) -> dict[str, Any]:
    """Returns where a dataset came from."""
    return {
        "command": command,
        "options": options.to_dict(),
        "seed": options.seed,
        "versions": versions(),
        "inputs": inputs,
    }


def _check_labels_are_used(options: EncodeOptions, sources: Sequence[ClassSource]) -> None:
    """Refuses an option that finds the class of each record if the class of every file is given.

    Raises:
        SettingError: there is one.
    """
    if all(source.label is not None for source in sources):
        for name in ("label_regex", "label_column", "labels"):
            if (value := getattr(options, name)) is not None:
                problem = "has no effect: every file is given with the name of its class"
                raise SettingError(f"encode.{name}", value, problem=problem)


def _check_split_is_made(sources: Sequence[ClassSource], ingestion: Ingestion) -> None:
    """Refuses percentages, and a seed of what is random, if the input gives all splits.

    Raises:
        SettingError: there are such.
    """
    options = ingestion.options
    if ingestion.split_at_random:
        return
    if options.split != type(options).split and ingestion.fractions[SPLITS.index("validation")]:
        raise SettingError("encode.split", options.split, problem="has no effect: the input gives all splits")
    drawn = options.limit or options.crop or generators_of(sources)
    if options.seed != type(options).seed and not drawn:
        problem = "has no effect: the input gives all splits, and nothing is chosen at random"
        raise SettingError("encode.seed", options.seed, problem=problem)


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
    ingestion: Ingestion,
    rng: np.random.Generator,
    target: Path,
    provenance: Mapping[str, Any],
    known: Sequence[str] = (),
) -> EncodeSummary:
    """Splits the collected records, adds generated records, writes the dataset and returns its summary."""
    options, clusters, grouper = ingestion.options, None, ingestion.grouper
    classes, positive = _classes(sources, ingestion, known)
    real = ingestion.finish(classes)
    # Genome blocks and windows are not reads, so they have no mates.
    reads = not (options.crop or options.window)
    mates = find_mates(real.names, real.labels, ingestion.collector.name_hashes.hashes()) if reads else None
    if mates and mates.count and not grouper:
        real = ingestion.regroup(real, mates.joined(real.groups))
    if options.split_by == "similarity":
        real, clusters = ingestion.cluster(real)
    largest = np.unique(real.groups, return_counts=True)[1].max() / len(real) if clusters else 0.0
    split = ingestion.split(real, rng)
    _check_split_is_made(sources, ingestion)
    real.drop_pages()
    parted = mates.separated(split) if mates else 0
    if options.crop:
        real, split = _hold_out(ingestion, real, split, rng)
    split = _accompany(sources, classes, ingestion, real, split, rng)
    del real  # frees memory: `collected` below returns all records again
    assert ingestion.alphabet is not None
    about = Description(ingestion.alphabet, tuple(classes), positive, generators_of(sources), options.crop, provenance)
    examples, collector = ingestion.collector.collected(), ingestion.collector
    with Threads(1) as pool:
        namesakes = mates.namesakes if mates else None
        duplicates = pool.submit(_duplicates, collector, examples.labels, split, namesakes)
        write_dataset(target, about, collector.columns(split))
    given = bool(ingestion.splits or (grouper and grouper.split_of))
    grouping = Grouping(
        named=bool((grouper and grouper.named) or options.crop or clusters),
        windowed=bool(options.window) and not (grouper or clusters or given),
        largest=float(largest),
        ungrouped=ingestion.ungrouped,
        clusters=clusters,
        pairs=mates.count - parted if mates else 0,
        parted=parted,
        divided=ingestion.divided,
    )
    fractions, report = () if given else ingestion.fractions, ingestion.report()
    return EncodeSummary.of(
        examples, split, about, fractions, grouping=grouping, ingestion=report, duplicates=duplicates.result()
    )


def _classes(
    sources: Sequence[ClassSource], ingestion: Ingestion, known: Sequence[str]
) -> tuple[Sequence[str], int | None]:
    """Returns the classes in their order, and the positive one of two."""
    if not ingestion.classes:
        reasons = f" ({'; '.join(ingestion.notes)})" if ingestion.notes else ""
        raise LabelError("encode", f"there are no records{reasons}", "give a file with records")
    if known:
        check_known(sources[0].path or "", ingestion.classes, known)
        return list(known), None
    return order_classes(sources, ingestion.classes, ingestion.options.positive)


def _duplicates(
    collector: Collector, labels: NDArray[np.int32], split: NDArray[np.uint8], namesakes: NDArray[np.int64] | None
) -> similarity.Duplicates:
    """Returns the duplicates among N records, and frees each column of hashes after use."""
    with closing(collector.name_hashes) as names:
        repeated = len(names.hashes().repeats)
    with closing(collector.sequence_hashes) as sequences:
        return similarity.find_duplicates(sequences.hashes(), repeated, labels, split, namesakes)


def _hold_out(
    ingestion: Ingestion, blocks: EncodedRecords, split: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[EncodedRecords, NDArray[np.uint8]]:
    """Replaces the blocks of validation and test by windows, and returns all records and their split."""
    alphabet, crop = ingestion.alphabet, ingestion.options.crop
    assert alphabet is not None
    assert crop is not None
    complement = alphabet.complement if alphabet.has_strands else None
    parts, splits = [blocks.take(np.flatnonzero(split == 0))], [split[split == 0]]
    for number in range(1, len(SPLITS)):
        for label in np.unique(blocks.labels):
            held = np.flatnonzero((split == number) & (blocks.labels == label))
            if len(held):
                windows, _ = draw_windows(blocks.take(held), crop, ingestion.options.held_out, complement, rng)
                parts.append(windows)
                splits.append(np.full(len(windows), number, dtype=np.uint8))
    ingestion.restart(parts)
    return ingestion.collector.collected(), np.concatenate(splits)


def _accompany(
    sources: Sequence[ClassSource],
    classes: Sequence[str],
    ingestion: Ingestion,
    real: EncodedRecords,
    split: NDArray[np.uint8],
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Adds generated records, each to the split of its real record, and returns the split of all records.

    Blocks of the train split get none, because training generates records when it draws windows.
    """
    assert ingestion.alphabet is not None
    candidates = np.flatnonzero(split > 0) if ingestion.options.crop else range(len(real))
    splits = [split]
    if len(candidates):
        for examples, which in generate_records(sources, classes, real, candidates, ingestion.alphabet, rng):
            ingestion.collector.add(examples)
            splits.append(split[which])
    return np.concatenate(splits)
