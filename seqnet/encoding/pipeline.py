"""The way of a record from a file into a dataset: read → label → tokens → keep, window, group → collect → split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet import audit
from seqnet.alphabets import Alphabet, alphabet, guess_alphabet
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.reading import ReadOptions
from seqnet.datasets import write_dataset
from seqnet.encoding.crops import cut_blocks, draw_windows
from seqnet.encoding.examples import Collector, Examples, Reservoir
from seqnet.encoding.labelling import (
    Grouper,
    LabelFile,
    Labeller,
    grouper,
    label_by_column,
    label_by_regex,
    table_columns,
)
from seqnet.encoding.selection import LengthRange, cut_windows, usable
from seqnet.encoding.summary import EncodeSummary
from seqnet.errors import FormatError, LabelError, SettingError
from seqnet.outputs import whole_file
from seqnet.provenance import InputHashes, versions
from seqnet.readers import open_records
from seqnet.records import Ragged, RecordBatch
from seqnet.simulation.composition import symbol_frequencies
from seqnet.simulation.negatives import NEGATIVES, NegativeGenerator
from seqnet.splits import SPLITS, parse_fractions, split_records
from seqnet.tokenizing import check_alphabet

__all__ = ["ClassSource", "encode"]

# Records that are generated or copied at a time.
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class ClassSource:
    """Where records come from.

    Attributes:
        label: their class; None where each record tells its own.
        path: the file, or None for a generator.
        generator: name of the generator, or None for a file.
    """

    label: str | None
    path: str | None = None
    generator: str | None = None

    @classmethod
    def parse(cls, text: str) -> ClassSource:
        """Returns the source written as `NAME=FILE` or `NAME=@GENERATOR`.

        Raises:
            SettingError: it is not of this form, or there is no such generator.
        """
        label, equals, origin = text.partition("=")
        if not (label and equals and origin):
            raise SettingError("class", text, "NAME=FILE or NAME=@GENERATOR")
        if not origin.startswith("@"):
            return cls(label, path=origin)
        if origin[1:] not in NEGATIVES:
            raise SettingError("class", text, "one of " + ", ".join(f"@{name}" for name in NEGATIVES))
        return cls(label, generator=origin[1:])


class _Codes(dict[str, int]):
    """Names numbered in the order of their first appearance."""

    def __missing__(self, name: str) -> int:
        self[name] = len(self)
        return self[name]


class _Intake:
    """Takes records in, one source after the other, with what has been learnt so far."""

    def __init__(self, options: EncodeOptions, read: ReadOptions, rng: np.random.Generator) -> None:
        self.options = options
        self.read = replace(read, columns=(*read.columns, *table_columns(options)))
        self.alphabet: Alphabet | None = None if options.alphabet == "auto" else alphabet(options.alphabet)
        self.classes = _Codes()
        self.groups = _Codes()
        self.left_out: Counter[str] = Counter()
        self.lengths = LengthRange.parse(options.length)
        self.label_file = LabelFile(options.labels) if options.labels else None
        self.grouper: Grouper | None = grouper(options.group_by) if options.group_by else None
        self.collector = Collector()
        self.reservoir = Reservoir(options.limit, rng) if options.limit else None

    def take_in(self, source: ClassSource, path: str, progress: Callable[[int], None]) -> None:
        """Reads a file to its end."""
        sink = self.reservoir or self.collector
        known = self.alphabet
        with open_records(path, self.read) as reader:
            labeller = self._labeller(source, path, reader.format)
            first = True
            for batch in reader:
                if first and len(batch.symbols.data):
                    known = self._alphabet_of(path, batch)
                    first = False
                labels = np.fromiter((self.classes[label] for label in labeller(batch)), np.int32, len(batch))
                for examples in self._examples(path, batch, labels, known):
                    sink.add(examples)
                progress(len(batch))
            self.left_out.update(reader.skipped)

    def _alphabet_of(self, path: str, batch: RecordBatch) -> Alphabet:
        """Returns the alphabet of the dataset, which the first sequences decide unless the user did."""
        if self.alphabet is None:
            guess = guess_alphabet(batch.symbols.data)
            if guess is None:
                raise FormatError("the sequences look like neither DNA, RNA nor protein", "say --alphabet", path=path)
            self.alphabet = alphabet(guess)
        elif self.options.alphabet == "auto":
            check_alphabet(path, batch.symbols, self.alphabet)
        return self.alphabet

    def _labeller(self, source: ClassSource, path: str, format_name: str) -> Labeller:
        options = self.options
        if source.label is not None:
            name = source.label
            return lambda batch: [name] * len(batch)
        if options.label_regex:
            return label_by_regex(options.label_regex, path)
        if self.label_file:
            return self.label_file.label
        if options.label_column or format_name == "tokens":
            return label_by_column(options.label_column or "label", path)
        raise LabelError(
            path, "nothing says which class its records are", "use --class, --label-regex, --label-column or --labels"
        )

    def _examples(
        self, path: str, batch: RecordBatch, labels: NDArray[np.int32], known: Alphabet | None
    ) -> Iterator[Examples]:
        groups = np.full(len(batch), -1, dtype=np.int64)
        if self.grouper and not self.grouper.by_window:
            groups = self._group_codes(batch.names, batch.columns)
        tokens, kept = usable(path, batch, known, self.options.unknown, self.left_out)
        kept = self.lengths.select(tokens, kept, self.left_out)
        examples = Examples(tokens, batch.names, labels, groups)
        examples = examples if len(kept) == len(examples) else examples.take(kept)
        if self.options.crop and known is not None:
            examples = cut_blocks(examples, known.size, self.options.crop, self.left_out)
        for part in cut_windows(examples, self.options.window, self.options.stride, self.left_out):
            if self.grouper and self.grouper.by_window:
                part = replace(part, groups=self._group_codes(part.names, {}))
            yield part

    def _group_codes(self, names: Ragged, columns: Mapping[str, Ragged]) -> NDArray[np.int64]:
        assert self.grouper is not None
        found = self.grouper.find(names, columns)
        return np.fromiter((-1 if name is None else self.groups[name] for name in found), np.int64, len(found))

    def restart(self, parts: Sequence[Examples]) -> None:
        """Puts these examples in place of all that was taken in."""
        self.collector, old = Collector(), self.collector
        for part in parts:
            self.collector.add(part)
        old.close()

    def finish(self) -> Examples:
        """Returns all that was taken in.

        Raises:
            LabelError: nothing was, or labels were left over.
        """
        if self.label_file:
            self.label_file.check_all_used()
        if self.reservoir and (sample := self.reservoir.sample()) is not None:
            self.collector.add(sample)
        if not self.collector.count:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.left_out.items())
            raise LabelError("encode", f"no record is left ({reasons})", "loosen what selects records")
        return self.collector.collected()


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
    """Writes a dataset of all sources and returns what it holds.

    Args:
        sources: files and generators, in the user's order.
        output: the dataset to write.
        options: what becomes of the records.
        read: how files are read.
        force: whether an existing output is replaced.
        command: command line for the provenance.
        progress: is told how many more records were read.

    Raises:
        SeqnetError: bad input or settings; no output is left behind.
    """
    rng = np.random.default_rng(options.seed)
    files = [(source, source.path) for source in sources if source.path is not None]
    if not files:
        raise LabelError("encode", "there is no input", "name a file, or use --class NAME=FILE")
    fractions = parse_fractions(options.split)
    with whole_file(output, force=force) as temporary, InputHashes([path for _, path in files]) as hashes:
        intake = _Intake(options, read, rng)
        try:
            for source, path in files:
                intake.take_in(source, path, progress)
            classes, positive = _order_classes(sources, intake.classes, options.positive)
            real = _finished(intake, classes)
            split = split_records(real.labels, real.groups, fractions, rng)
            if options.crop:
                real, split = _hold_out(intake, real, split, rng)
            split = _generate(sources, intake, real, split, classes, rng)
            examples = intake.collector.collected()
            assert intake.alphabet is not None
            provenance: dict[str, Any] = {
                "command": command,
                "inputs": hashes.collect(),
                "options": options.to_dict(),
                "seed": options.seed,
                "versions": versions(),
            }
            write_dataset(
                temporary,
                alphabet=intake.alphabet,
                classes=classes,
                positive=positive,
                generators=_generators(sources),
                crop=options.crop,
                tokens=intake.collector.tokens,
                lengths=examples.tokens.lengths,
                name_bytes=intake.collector.name_bytes,
                name_lengths=examples.names.lengths,
                labels=examples.labels,
                groups=examples.groups,
                split=split,
                provenance=provenance,
            )
            duplicates = audit.find_duplicates(examples.tokens, examples.labels, split, examples.names)
            return EncodeSummary.of(
                examples, split, intake.alphabet.name, classes, positive, _generators(sources), options.crop,
                intake.left_out, duplicates, grouped=bool(options.group_by or options.crop),
            )  # fmt: skip
        finally:
            intake.collector.close()


def _generators(sources: Sequence[ClassSource]) -> dict[str, str]:
    """Returns class → generator of the classes that are generated."""
    return {source.label: source.generator for source in sources if source.generator and source.label}


def _hold_out(
    intake: _Intake, blocks: Examples, split: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[Examples, NDArray[np.uint8]]:
    """Puts windows in place of the blocks that are not trained on, and returns what there is now, and its split."""
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


def _generate(
    sources: Sequence[ClassSource],
    intake: _Intake,
    real: Examples,
    split: NDArray[np.uint8],
    classes: Sequence[str],
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Adds a generated record for each real one, in its split, for each generator; returns the split of all records.

    Of blocks that training draws windows from, it draws the generated records, too.
    """
    assert intake.alphabet is not None
    splits = [split]
    chosen = np.flatnonzero(split > 0) if intake.options.crop else np.arange(len(real))
    next_group = int(real.groups.max()) + 1
    for label, generator in _generators(sources).items():
        frequencies = symbol_frequencies(real.tokens.data, intake.alphabet)
        generate: NegativeGenerator = NEGATIVES.load(generator)
        for start in range(0, len(chosen), _CHUNK):
            originals = real.take(chosen[start : start + _CHUNK])
            count = len(originals)
            tokens = generate(originals.tokens, intake.alphabet, rng, frequencies)
            # A shuffled record is as near to its original's neighbours as the original.
            groups = originals.groups if generator == "dinucleotide" else next_group + np.arange(count)
            names = _generated_names(label, generator, originals.names, start)
            labels = np.full(count, classes.index(label), dtype=np.int32)
            intake.collector.add(Examples(tokens, names, labels, groups))
            next_group += count
        splits.append(split[chosen])
    return np.concatenate(splits)


def _generated_names(label: str, generator: str, originals: Ragged, start: int) -> Ragged:
    if generator == "dinucleotide":
        return Ragged.from_strings([f"{name}:shuffled" for name in originals.text()])
    return Ragged.from_strings([f"{label}_{number}" for number in range(start + 1, start + len(originals) + 1)])


def _order_classes(
    sources: Sequence[ClassSource], found: Mapping[str, int], positive: str | None
) -> tuple[list[str], int | None]:
    """Returns the class names in their final order and the index of the positive one, which only two classes have.

    Raises:
        LabelError: a class has no records, or there are fewer than two.
        SettingError: the positive class does not exist.
    """
    named = list(dict.fromkeys(source.label for source in sources if source.label is not None))
    generated = _generators(sources)
    for name in named:
        if name not in found and name not in generated:
            raise LabelError(f"class {name}", "it has no records", "check its file and what selects records")
    classes = named + sorted(set(found) - set(named))
    if len(classes) < 2:
        raise LabelError(
            f"class {classes[0]}", "it is the only class", "name a second one, such as --class random=@uniform"
        )
    if positive is not None and (positive not in classes or len(classes) > 2):
        raise SettingError("positive", positive, "one of two classes; there are " + ", ".join(classes))
    if len(classes) > 2:
        return classes, None
    default = classes[0] if named else classes[-1]
    return classes, classes.index(positive or default)


def _finished(intake: _Intake, classes: Sequence[str]) -> Examples:
    """Puts the final labels, and a group number for each record that had none, on what was taken in, and returns it.

    Raises:
        LabelError: a class has lost all its records.
    """
    examples = intake.finish()
    order = np.array([classes.index(name) for name in intake.classes], dtype=np.int32)
    labels = order[examples.labels]
    counts = np.bincount(labels, minlength=len(classes))
    for name in intake.classes:
        if not counts[classes.index(name)]:
            raise LabelError(f"class {name}", "it has no records left", "check what selects records")
    alone = examples.groups < 0
    groups = examples.groups.copy()
    groups[alone] = len(intake.groups) + np.arange(int(alone.sum()))
    intake.collector.relabel(labels, groups)
    return intake.collector.collected()
