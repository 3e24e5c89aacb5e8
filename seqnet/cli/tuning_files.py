"""The files that `tune` writes, and which of them a resumed search may replace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from seqnet.cli.paths import claim
from seqnet.core.errors import OutputError

__all__ = ["TuningFiles"]


@dataclass(frozen=True)
class TuningFiles:
    """What a search for settings writes."""

    best: Path
    trials: Path
    study: Path

    @classmethod
    def beside(cls, best: Path, study: Path | None) -> TuningFiles:
        """Returns the files of a search by the name of its best settings, and that of its study, if it has one."""
        stem = best.name.removesuffix(".toml")
        return cls(best, best.with_name(stem + ".trials.tsv"), study or best.with_name(stem + ".study.journal"))

    def claim(self, *, resume: bool, force: bool, inputs: Iterable[Path]) -> bool:
        """Returns whether existing outputs are replaced, once all may be written.

        Args:
            resume: whether to continue the study.
            force: whether --force was given.
            inputs: files that are read, beside those that parameters name.

        Raises:
            OutputError: see `seqnet.cli.paths.claim`; or there is a study that could be continued.
        """
        if self.study.is_file() and not (resume or force):
            raise OutputError(str(self.study), "already exists", "continue it with --resume, or use --force")
        # A resumed search replaces what the stopped one wrote, and nothing else.
        replaced = force or (resume and self.study.exists())
        # Another process may begin a shared study at any moment, so whether there is one is asked only once.
        claim([self.best, self.trials, self.study], force=True, inputs=inputs)
        claim([self.best, self.trials], force=replaced, inputs=inputs)
        return replaced
