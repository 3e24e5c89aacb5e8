"""Sequence files → a dataset, from Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from seqnet.api.dataset import Dataset, Progress, announce_dataset, option_names
from seqnet.api.files import pysam_kept
from seqnet.api.keywords import as_listener, as_path, settings_from
from seqnet.api.python_words import python_words
from seqnet.api.sources import GivenFiles, Source, class_sources, paths, split_sources
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import SettingError, UnknownSettingError
from seqnet.datasets import dataset as files
from seqnet.datasets.encoding import ClassSource
from seqnet.datasets.encoding import encode as encode_files
from seqnet.datasets.encoding.summary import EncodeSummary
from seqnet.datasets.splits import SPLITS

__all__ = ["encode"]


def encode(
    inputs: Source | Iterable[Source] = (),
    output: Source | None = None,
    *,
    classes: Mapping[str, Source | Iterable[Source]] | None = None,
    train: GivenFiles = (),
    validation: GivenFiles = (),
    test: GivenFiles = (),
    force: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> Dataset:
    """Returns the dataset of sequence files, as `seqnet encode` makes it.

    Args:
        inputs: files whose records have their own class; say how with label_regex, label_column or labels.
        output: the dataset to write; None for one in memory, whose file is gone.
        classes: class → its file or files, or a generator: "@uniform", "@composition" or "@dinucleotide", with
            ":COUNT" for so many records.
        train: files whose records are in the train split, or class → its file or files; likewise `validation`, without
            which a part of the train records is taken for it, and `test`. Without all three, records are split at
            random, or as split_column or split_file says.
        validation: see `train`.
        test: see `train`.
        force: whether an existing output is replaced.
        progress: called with each line that the command would write, such as `print`; None for none.
        **options: the settings of `seqnet encode` for reading and encoding, such as group_by, split and seed.

    Raises:
        SeqnetError: a file is not what it should be, or a setting is not allowed; no output is left behind.
        OSError: a file is not there, or can't be read.
    """
    notify = None if progress is None else as_listener(progress)
    with python_words(), pysam_kept():
        _check_force(force, output)
        encoding, reading = _split_options(options)
        sources = [*class_sources(classes or {}), *(ClassSource(None, path=path) for path in paths(inputs))]
        for split, given in zip(SPLITS, (train, validation, test), strict=True):
            sources += split_sources(split, given)

        def write(path: Path) -> EncodeSummary:
            return encode_files(sources, path, encoding, reading, force=force)

        if output is None:
            made = Dataset._in_memory(write, "dataset")
        else:
            target = as_path(output)
            summary = write(target)
            made = Dataset._of(files.open_dataset(target), summary)
    return announce_dataset(made, notify, leaks=True)


def _check_force(force: bool, output: Source | None) -> None:
    """Refuses to replace a file that is not written."""
    if force and output is None:
        raise SettingError("force", force, problem="needs output, a file to replace")


def _split_options(options: Mapping[str, Any]) -> tuple[EncodeOptions, ReadOptions]:
    """Returns the settings that keyword arguments name.

    Raises:
        SettingError: there is no such keyword, or a value is not allowed.
    """
    encoding, reading = option_names(EncodeOptions), option_names(ReadOptions)
    for name, value in options.items():
        if name not in encoding and name not in reading:
            raise UnknownSettingError(name, value, [*encoding, *reading])
    return (
        settings_from(EncodeOptions, {name: options[name] for name in encoding if name in options}, encoding),
        settings_from(ReadOptions, {name: options[name] for name in reading if name in options}, reading),
    )
