"""`seqnet predict -O DIR --manifest`: one row for each input, and an input that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seqnet.cli.progress import say
from seqnet.core.errors import SeqnetError
from seqnet.core.outputs import whole_file
from seqnet.core.printable import counted

if TYPE_CHECKING:
    from seqnet.cli.predict_tables import Job
    from seqnet.prediction.manifest import FileResult

__all__ = ["ManifestFile"]


class ManifestFile:
    """The manifest of a run.

    Args:
        target: its path.
        classes: the classes of the model.
    """

    def __init__(self, target: Path, classes: Sequence[str]) -> None:
        from seqnet.prediction.manifest import LabelCounts

        self._target, self._classes = target, classes
        self._results: list[FileResult] = []
        self._labels = LabelCounts(classes)

    def job(self, job: Job) -> Job:
        """Returns a job whose labels are counted; to be called before each."""
        from seqnet.prediction.manifest import LabelCounts

        paths, outputs = job
        self._labels = LabelCounts(self._classes)
        return paths, [*outputs, self._labels]

    def add(self, job: Job, error: SeqnetError | OSError | None = None) -> None:
        """Adds the row of a job that has ended, with the error that ended it."""
        from seqnet.cli.main import error_line
        from seqnet.prediction.manifest import FileResult
        from seqnet.prediction.writers import TableOutput

        (path,), (table, *_) = job
        assert isinstance(table, TableOutput)
        assert table.target is not None
        text = "" if error is None else error_line(error, ["predict"])
        self._results.append(FileResult(path, table.target, None if error else self._labels.counts, text))
        if error:
            say(f"seqnet: failed: {text}")

    def write(self, *, force: bool) -> bool:
        """Writes the manifest, and returns whether no input failed."""
        from seqnet.prediction.manifest import write_manifest

        with whole_file(self._target, force=force) as temporary:
            write_manifest(temporary, self._classes, self._results)
        failed = sum(one.labels is None for one in self._results)
        if failed:
            say(f"{failed:,} of {counted(len(self._results), 'inputs')} failed; see {self._target}")
        return not failed
