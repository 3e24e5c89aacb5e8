"""A labelled sequence file as a temporary dataset, to measure a model on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.readers import ReadOptions
from seqnet.datasets.dataset import Dataset, open_dataset
from seqnet.datasets.encoding.class_sources import ClassSource
from seqnet.datasets.encoding.pipeline import encode
from seqnet.datasets.encoding.summary import EncodeSummary

__all__ = ["labelled_file"]


@contextmanager
def labelled_file(
    path: Path,
    classes: Sequence[str],
    options: EncodeOptions,
    read: ReadOptions,
    progress: Callable[[int], None] = lambda records: None,
) -> Iterator[tuple[Dataset, EncodeSummary]]:
    """Yields the records of a sequence file as a dataset, and its summary; the dataset is removed afterwards.

    Args:
        path: the file; messages name it, not the dataset.
        classes: those of a model, in its order; a record of another class is an error.
        options: labels and selection of the records.
        read: options of the readers.
        progress: called with the number of records that were read since the last call.

    Raises:
        SeqnetError: the file can't be read, or a record has no label or one of another class.
    """
    with TemporaryDirectory(prefix="seqnet-") as folder:
        target = Path(folder) / "dataset.safetensors"
        source = ClassSource(None, path=str(path))
        summary = encode([source], target, options, read, known=classes, progress=progress)
        yield replace(open_dataset(target), path=path), summary
