"""Datasets for programs: made of a DataFrame or of files, opened, saved, and turned into a DataFrame."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from seqnet.api.keywords import as_listener, as_path, settings_from
from seqnet.api.python_words import python_words
from seqnet.api.sources import Source
from seqnet.api.warn import warn
from seqnet.audit.split_leaks import leak_lines
from seqnet.configs.audit import AuditOptions
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.settings import Settings
from seqnet.core.errors import SettingError
from seqnet.core.outputs import whole_file
from seqnet.core.printable import counted
from seqnet.core.ragged import Ragged
from seqnet.datasets import dataset as files
from seqnet.datasets.encoding import encode_table
from seqnet.datasets.encoding.frames import FrameColumns, FrameReader
from seqnet.datasets.encoding.selection import UNASKED
from seqnet.datasets.encoding.summary import EncodeSummary
from seqnet.datasets.splits import SPLITS

if TYPE_CHECKING:
    import pandas as pd

    from seqnet.api.auditing import AuditResult

__all__ = ["DATASET", "Dataset", "Progress", "announce_dataset", "open_dataset", "option_names"]

Progress = Callable[[str], None]
"""Takes the lines that a command would write to the terminal; `print` does."""

_NOT_OF_USERS = {"columns", "originals", "part_end", "part_start", "some_unused"}
"""Options for the reader's own callers."""

Made = TypeVar("Made", bound="Dataset")

DATASET = "a seqnet.Dataset or the path of one"
"""What `seqnet.train` and `seqnet.evaluate` take."""

_FRAME_PHRASES = {
    "use --gaps remove to remove them": "remove them",
    "add a second one, such as --class random=@uniform": "add records of a second class",
    "give a file with records": "give a DataFrame with rows",
}
_BY_COLUMN = ("label_regex", "label_column", "labels", "group_by", "split_column", "split_file")
"""Options of `encode` in whose place a DataFrame has columns."""


@dataclass(frozen=True, repr=False, eq=False)
class Dataset(files.Dataset):
    """N labelled, split sequences; `Dataset.from_pandas`, `seqnet.encode` and `seqnet.open_dataset` make one.

    Attributes:
        summary: what was made and left out, and warnings; None for a dataset that was opened.
    """

    summary: EncodeSummary | None = field(default=None)

    @classmethod
    def from_pandas(
        cls,
        frame: pd.DataFrame,
        sequence: str = "sequence",
        label: str = "label",
        group: str | None = None,
        split: str = EncodeOptions().split,
        *,
        name: str | None = None,
        progress: Progress | None = None,
        **options: Any,
    ) -> Self:
        """Returns the dataset of a table, in memory; the rows become records as in `seqnet encode`.

        Args:
            frame: a row for each record.
            sequence: column of the sequences. Rows without one are left out, with a warning.
            label: column of the classes.
            group: column of the groups; records of one group are kept in one split.
            split: column that says train, validation or test; or percent of records for each, such as 80/10/10.
            name: column of the names; by default the index, or "1", "2" and so on where that is a RangeIndex.
            progress: called with each line that `seqnet encode` would write, such as `print`; None for none.
            **options: alphabet, unknown, length, window, stride, crop, held_out, limit, split_by, similarity, kmer,
                missing_labels, positive and seed, as in `seqnet encode`.

        Raises:
            FormatError: a column is not there, or a sequence is no text.
            LabelError: a label or a split is missing, or the labels mix types.
            SettingError: there is no such option, or its value is not allowed.
            SymbolError: a sequence has a symbol that the alphabet does not know.
        """
        if not isinstance(split, str) and split not in list(getattr(frame, "columns", ())):
            problem = f"must be the name of a column, or percentages such as 80/10/10, not {split!r:.80}"
            raise SettingError("split", split, problem=problem)
        # What is no fraction is a column, be it one that is not there.
        is_column = split in getattr(frame, "columns", ()) or "/" not in split
        notify = None if progress is None else as_listener(progress)
        columns = FrameColumns(sequence, label, group, split if is_column else None, name)
        if is_column and options.get("split_by") == "similarity":
            problem = f'can\'t be combined with split="{split}", a column that gives the split already'
            raise SettingError("split_by", "similarity", problem=problem)
        given = options if is_column else {**options, "split": split}
        return announce_dataset(cls._from_frame(frame, columns, given), notify)

    @classmethod
    def _from_frame(
        cls,
        frame: pd.DataFrame,
        columns: FrameColumns,
        options: Mapping[str, Any],
        place: str = "DataFrame",
        phrases: Mapping[str, str] = _FRAME_PHRASES,
    ) -> Self:
        """Returns the dataset of a table; see `from_pandas`.

        Args:
            frame: a row for each record.
            columns: which column is what.
            options: settings of `seqnet encode`.
            place: what messages call the table.
            phrases: parts of messages that are replaced; see `python_words`.
        """
        with python_words(phrases):
            reader = FrameReader(frame, columns, place)
            known = [name for name in option_names(EncodeOptions) if name not in _BY_COLUMN]
            wanted = settings_from(EncodeOptions, options, known, label_column=columns.label)

            def write(path: Path) -> EncodeSummary:
                return encode_table(reader, path, wanted, reader.grouper)

            return cls._in_memory(write, place)

    @classmethod
    def _in_memory(cls, write: Callable[[Path], EncodeSummary], place: str) -> Self:
        """Returns the dataset that is written to a file, which is gone then.

        Args:
            write: writes it and returns its summary.
            place: what messages call the dataset.
        """
        with TemporaryDirectory(prefix="seqnet-") as folder:
            path = Path(folder) / "dataset.safetensors"
            summary = write(path)
            there = files.open_dataset(path)
            digest = there.sha256()
            # Copies: what is mapped would keep the file in use, which not all systems can remove then.
            here = files.in_memory(replace(there, path=Path(place), digest=digest))
        return cls._of(here, summary)

    @classmethod
    def _of(cls, dataset: files.Dataset, summary: EncodeSummary | None = None) -> Self:
        """Returns a dataset of the library as one of the API."""
        known = {one.name: getattr(dataset, one.name) for one in dataclasses.fields(files.Dataset)}
        return cls(**known, summary=summary)

    def __reduce__(self) -> tuple[Any, ...]:
        """Makes a copy in another process be in memory."""
        here = files.in_memory(replace(self, digest=self.sha256()))
        return type(self), tuple(getattr(here, one.name) for one in dataclasses.fields(here))

    def to_pandas(self) -> pd.DataFrame:
        """Returns a row for each record: name, sequence, label, group (a number) and split."""
        import pandas as pd

        sequences = Ragged(self.alphabet.decode(self.tokens.data), self.tokens.offsets)
        return pd.DataFrame(
            {
                "name": self.names.text(),
                "sequence": sequences.text(),
                "label": np.array(self.classes, dtype=object)[self.labels],
                "group": self.groups,
                "split": np.array(SPLITS, dtype=object)[self.split],
            }
        )

    def audit(self, *, quick: bool = False, **options: Any) -> AuditResult:
        """Returns what makes metrics of this dataset too good: duplicates, leaks and shortcuts, as `seqnet audit` does.

        Args:
            quick: whether to check only samples of a large dataset.
            **options: near, kmer, records, symbols, seed and the bounds of the checks, as in `seqnet audit`.

        Raises:
            SettingError: there is no such option, or its value is not allowed.
        """
        from seqnet.api.auditing import AuditResult
        from seqnet.audit import AuditRun, audit_dataset

        with python_words():
            wanted = settings_from(AuditOptions, options, option_names(AuditOptions))
            return AuditResult(AuditRun(self, audit_dataset(self, wanted, quick=quick), wanted, quick, ""))

    def save(self, path: Source, *, force: bool = False) -> None:
        """Writes the dataset to a file, which is whole or not there.

        Args:
            path: the file.
            force: whether an existing file is replaced.

        Raises:
            OutputError: the file exists, or can't be written.
        """
        with python_words(), whole_file(as_path(path), force=force) as temporary:
            files.save_dataset(temporary, self)

    def __repr__(self) -> str:
        counts = dict(zip(SPLITS, self.counts().sum(axis=0).tolist(), strict=True))
        shown = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        left_out = "".join(f"; {line}" for line in self.summary.left_out_lines()) if self.summary else ""
        return (
            f"<seqnet.Dataset: {counted(len(self), 'records')} ({shown}), {self.alphabet.name} → "
            f"{' or '.join(self.classes)}{left_out}>"
        )


def open_dataset(path: Source) -> Dataset:
    """Returns the dataset in a file; large columns are read from the disk when they are used.

    Raises:
        ContainerError: the file is not a dataset, damaged, or of another version.
        OSError: it is not there, or can't be read.
    """
    with python_words():
        return Dataset._of(files.open_dataset(as_path(path)))


def option_names(*kinds: type[Settings]) -> list[str]:
    """Returns the names of the settings that are keyword arguments."""
    return [one.name for kind in kinds for one in dataclasses.fields(kind) if one.name not in _NOT_OF_USERS]


def announce_dataset(dataset: Made, progress: Progress | None, *, leaks: bool = False) -> Made:
    """Returns the dataset, and tells what was made.

    Where nobody listens, what was left out unasked is a warning, and so is, with `leaks`, what given splits share.
    """
    summary = dataset.summary
    assert summary is not None
    shared = leak_lines(dataset) if leaks and not summary.fractions else []
    if progress:
        for line in (*summary.ingestion.notes, *summary.lines(), *summary.warnings(), *shared):
            progress(line)
        return dataset
    left_out = summary.ingestion.left_out.items()
    unasked = (f"not kept: {counted(count, reason)}" for reason, count in left_out if reason in UNASKED)
    for line in (*summary.ingestion.notes, *unasked, *shared):
        warn(f"{dataset.path}: {line}")
    return dataset
