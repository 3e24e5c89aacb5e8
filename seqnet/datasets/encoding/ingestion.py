"""Reads records into a dataset: read → label → tokens → select, cut, group → collect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.alphabets import INVALID, Alphabet, alphabet
from seqnet.core.errors import FormatError, LabelError, SettingError
from seqnet.core.printable import counted
from seqnet.core.ragged import Ragged, pieces
from seqnet.core.records import RecordBatch
from seqnet.datasets.alphabet_check import agreed_alphabet, sample_symbols
from seqnet.datasets.encoding.class_sources import ClassSource
from seqnet.datasets.encoding.collection import Collector, EncodedRecords, Reservoir
from seqnet.datasets.encoding.genome_windows import cut_blocks
from seqnet.datasets.encoding.given_splits import (
    GivenSplits,
    alone,
    check_named,
    divided_groups,
    group_key,
    splits_of,
    takes_validation,
    with_validation,
)
from seqnet.datasets.encoding.labelling import (
    Grouper,
    LabelFile,
    Labeller,
    grouper,
    label_by_column,
    label_by_regex,
    table_columns,
)
from seqnet.datasets.encoding.labels import LabelCodes, NameCodes, check_not_measured, label_warnings
from seqnet.datasets.encoding.selection import MASKED, LengthRange, cut_windows, usable
from seqnet.datasets.encoding.summary import IngestionReport
from seqnet.datasets.splits import parse_fractions, split_records
from seqnet.readers import RecordReader, shown_path
from seqnet.similarity import Clusters, cluster_records, join_groups

__all__ = ["Ingestion"]

_RECORDS = 1 << 20  # processed together
_MOST_UNKNOWN = 0.1
"""Maximum share of a file's symbols that may be unknown to a guessed alphabet."""


class Ingestion:
    """Reads records, one source after the other, and keeps what is known about the input so far.

    Args:
        options: how records are selected, labelled and split.
        read: how files are read.
        rng: source of what is drawn.
        given: finds the groups; None for the option `group_by`.
        splits: how the input gives the splits; None if it does not.
    """

    def __init__(
        self,
        options: EncodeOptions,
        read: ReadOptions,
        rng: np.random.Generator,
        given: Grouper | None = None,
        splits: GivenSplits | None = None,
    ) -> None:
        self.options = options
        self.fractions = parse_fractions(options.split)
        self.read = replace(read, columns=(*read.columns, *table_columns(options)))
        self.alphabet: Alphabet | None = None if options.alphabet == "auto" else alphabet(options.alphabet)
        self.classes = NameCodes()
        self.groups = NameCodes()
        self.left_out: Counter[str] = Counter()
        self.notes: list[str] = []
        self.ungrouped = self.unknown = 0
        self.lengths = LengthRange.parse(options.length)
        self.label_file = LabelFile(options.labels) if options.labels else None
        self.label_codes = LabelCodes(self.classes)
        self.class_counts: Counter[str] = Counter()
        self._label_origin = ""
        self.grouper = given or (grouper(options.group_by) if options.group_by else None)
        self.collector = Collector()
        self.reservoir = Reservoir(options.limit, rng) if options.limit else None
        self.splits, self.divided, self.split_at_random = splits, 0, True
        self._given: NDArray[np.uint8] | None = None
        self.numbers_now = not (self.grouper or self.reservoir or splits)

    def take_in(self, source: ClassSource, reader: RecordReader, progress: Callable[[int], None]) -> None:
        """Reads a whole file."""
        sink, path = self.reservoir or self.collector, reader.path
        code, batches = self._coder(source, path, reader.format), iter(reader)
        split = self.splits.of_file(source, path) if self.splits else None
        first = self._first_batches(path, batches)
        symbols, unknown = 0, self.unknown
        for batch in chain(first, batches):
            groups = np.full(len(batch), -1) if split is None else alone(split(batch))
            for examples in self._examples(path, batch, code(batch), groups):
                sink.add(self._numbered_now(examples) if self.numbers_now else examples)
            symbols += len(batch.symbols.data)
            progress(len(batch))
        self._check_unknown(path, symbols, self.unknown - unknown)
        self.left_out.update(reader.skipped)
        self.notes.extend(f"{shown_path(path)}: {note}" for note in reader.notes)
        if reader.why_empty:
            self.notes.append(f"{shown_path(path)}: {reader.why_empty}")

    def _first_batches(self, path: str, batches: Iterator[RecordBatch]) -> list[RecordBatch]:
        """Returns the first batches of a file, and guesses the alphabet of the dataset from them or checks it."""
        if self.options.alphabet != "auto":
            return []
        first, symbols = sample_symbols(batches)
        if len(symbols):
            self.alphabet = agreed_alphabet(shown_path(path), symbols, self.alphabet)
        return first

    def _check_unknown(self, path: str, symbols: int, unknown: int) -> None:
        """Checks that few of a file's symbols were left out or masked as unknown if the alphabet was guessed."""
        if self.options.alphabet == "auto" and self.alphabet and unknown > _MOST_UNKNOWN * symbols:
            problem = f"{unknown / symbols:.0%} of its symbols are not in the {self.alphabet.name} alphabet"
            raise FormatError(problem, "name the right alphabet with --alphabet", path=shown_path(path))

    def _coder(self, source: ClassSource, path: str, format_name: str) -> Callable[[RecordBatch], NDArray[np.int32]]:
        """Returns a function that finds the class number (N,) int32 of each record in a batch."""
        if source.label is not None:
            name = source.label
            return lambda batch: np.full(len(batch), self.classes[name], dtype=np.int32)
        labeller = self._labeller(path, format_name)
        self._label_origin = f"{labeller.place}: {labeller.origin}"

        def code(batch: RecordBatch) -> NDArray[np.int32]:
            codes = np.fromiter((self.label_codes[label] for label in labeller.find(batch)), np.int32, len(batch))
            missing = np.flatnonzero(codes < 0)
            if len(missing) and self.options.missing_labels == "error":
                raise labeller.missing(batch, int(missing[0]))
            return codes

        return code

    def _labeller(self, path: str, format_name: str) -> Labeller:
        options = self.options
        if options.label_regex:
            return label_by_regex(options.label_regex, path)
        if self.label_file:
            return self.label_file.labeller()
        if options.label_column or format_name == "tokens":
            return label_by_column(options.label_column or "label", path)
        raise LabelError(path, "its records have no class", "use --class, --label-regex, --label-column or --labels")

    def _examples(
        self, path: str, batch: RecordBatch, labels: NDArray[np.int32], groups: NDArray[np.int64]
    ) -> Iterator[EncodedRecords]:
        if (labelled := np.flatnonzero(labels >= 0)).size < len(batch):
            self.left_out["whose label is missing"] += len(batch) - len(labelled)
            batch, labels, groups = batch.take(labelled), labels[labelled], groups[labelled]
        self.class_counts.update(dict(zip(self.classes, np.bincount(labels).tolist(), strict=False)))
        if self.grouper and not self.grouper.by_window:
            groups = self._group_codes(batch.names, batch.columns, groups)
        known = self.alphabet
        masked = self.left_out.get(MASKED, 0)
        tokens, kept = usable(path, batch, known, self.options.unknown, self.left_out)
        self.unknown += self.left_out.get(MASKED, 0) - masked
        if self.options.unknown == "skip":
            self.unknown += int(np.count_nonzero(tokens.data == INVALID))
        kept = self.lengths.select(tokens, kept, self.left_out)
        examples = EncodedRecords(tokens, batch.names, labels, groups)
        examples = examples if len(kept) == len(examples) else examples.take(kept)
        if self.options.crop and known is not None:
            examples = cut_blocks(examples, known.size, self.options.crop, self.left_out)
        for part in cut_windows(examples, self.options.window, self.options.stride, self.left_out):
            if self.grouper and self.grouper.by_window:
                part = replace(part, groups=self._group_codes(part.names, {}, part.groups))
            yield part

    def _group_codes(
        self, names: Ragged, columns: Mapping[str, Ragged], single: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Returns the group codes (N,) of records; those without a group keep the codes `single` (N,)."""
        assert self.grouper is not None
        pairs = zip(self.grouper.find(names, columns), single.tolist(), strict=True)
        codes = (code if name is None else self.groups[group_key(name, code)] for name, code in pairs)
        return np.fromiter(codes, np.int64, len(single))

    def report(self) -> IngestionReport:
        """Returns what was found in the input, after reading all of it."""
        lines = label_warnings(self.class_counts)
        if self.label_file and self.label_file.header:
            taken = f"the first line ({self.label_file.header}) was read as a header"
            lines.append(f"{self.label_file.path}: {taken}, because no record has that name")
        return IngestionReport(self.left_out, tuple(lines), tuple(self.notes))

    def split(self, real: EncodedRecords, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Returns the split (N,) uint8 of each record: the given one, or a random one with the requested fractions."""
        given = self._given
        if self.grouper and self.grouper.split_of:
            given = np.array([self.grouper.split_of(name) for name in self.groups], dtype=np.uint8)[real.groups]
        if given is None:
            return split_records(real.labels, real.groups, self.fractions, rng)
        check_named(given, self.splits.named if self.splits else ())
        self.split_at_random = takes_validation(given, self.fractions)
        split, taken = with_validation(given, real.labels, real.groups, self.fractions, rng)
        self.notes += [taken] if taken else []
        return split

    def close(self) -> None:
        """Frees the disk space."""
        self.collector.close()

    def restart(self, parts: Sequence[EncodedRecords]) -> None:
        """Replaces all collected records by these."""
        self.collector, old = Collector(), self.collector
        for part in parts:
            self.collector.add(part)
        old.close()

    def finish(self, classes: Sequence[str]) -> EncodedRecords:
        """Returns all collected records with final labels and with a group number for each record.

        Args:
            classes: the class names in their final order.

        Raises:
            LabelError: no records were collected, the labels are measurements, a class has no records left, or labels
                were not used.
            SettingError: no record has a group.
        """
        found = set(self.label_codes.values())
        check_not_measured(
            self._label_origin, {name: self.class_counts[name] for name, code in self.classes.items() if code in found}
        )
        examples = self._collected()
        order = np.array([classes.index(name) for name in self.classes], dtype=np.int32)
        same = np.array_equal(order, np.arange(len(order)))
        labels = examples.labels if same else order[examples.labels]
        present = set().union(*(np.unique(piece).tolist() for piece in pieces(labels, _RECORDS)))
        for name in self.classes:
            if classes.index(name) not in present:
                raise LabelError(f"class {name}", "it has no records left", "check the options that select records")
        if self.numbers_now:
            return self._relabelled(None if same else labels)
        groups = examples.groups.copy()
        del examples  # frees memory before the copies are made
        if self.splits:
            self._given, self.divided = splits_of(groups, self.groups), divided_groups(self.groups)
        single = np.flatnonzero(groups < 0)
        groups[single] = len(self.groups) + np.arange(len(single))
        self.ungrouped = len(single) if self.grouper else 0
        return self._relabelled(None if same else labels, groups)

    def _numbered_now(self, examples: EncodedRecords) -> EncodedRecords:
        """Returns records, each a group of its own, with group numbers."""
        first = self.collector.count
        return replace(examples, groups=np.arange(first, first + len(examples)))

    def cluster(self, real: EncodedRecords) -> tuple[EncodedRecords, Clusters]:
        """Returns the collected records with similar records in one group, and the clusters before joining with groups.

        Args:
            real: result of `finish`.
        """
        assert self.alphabet is not None
        clusters = cluster_records(real.tokens, self.alphabet, self.options.similarity, k=self.options.kmer)
        return self._relabelled(None, join_groups(real.groups, clusters.ids)), clusters

    def regroup(self, real: EncodedRecords, groups: NDArray[np.int64]) -> EncodedRecords:
        """Returns the collected records, which are the result of `finish`, with other groups (N,) int64."""
        return self._relabelled(None, groups)

    def _relabelled(self, labels: NDArray[np.int32] | None, groups: NDArray[np.int64] | None = None) -> EncodedRecords:
        self.collector.relabel(labels, groups)
        return self.collector.collected()

    def _collected(self) -> EncodedRecords:
        if self.label_file:
            self.label_file.check_all_used()
        if self.splits:
            self.splits.check_complete()
        if self.reservoir and (sample := self.reservoir.sample()) is not None:
            self.collector.add(sample)
        if not self.collector.count:
            reasons = ", ".join(counted(count, reason) for reason, count in self.left_out.items())
            raise LabelError("encode", f"no records are left ({reasons})", "change the options that select records")
        if self.grouper and not self.groups:
            raise SettingError("group-by", self.options.group_by, problem="matches no record; check names or column")
        return self.collector.collected()
