"""Problems of a dataset that make metrics too good, from Python."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from seqnet.api.keywords import as_path
from seqnet.api.python_words import python_words
from seqnet.audit import AuditRun, OffenderRow, audit_lines, audit_values, offender_rows, write_offenders
from seqnet.core.outputs import whole_file
from seqnet.reporting.pages.audit import audit_page
from seqnet.reporting.pages.rendering import write_page

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AuditResult"]


class AuditResult:
    """What `Dataset.audit` has found.

    Args:
        run: the checks, and what was checked.
    """

    def __init__(self, run: AuditRun) -> None:
        self._run = run

    @property
    def passed(self) -> bool:
        """Whether no check failed; some may warn."""
        return all(check.status != "fail" for check in self._run.checks)

    @cached_property
    def checks(self) -> pd.DataFrame:
        """A row for each check: name, status (pass, warn or fail), value (NaN if not measured), message."""
        import pandas as pd

        rows = [(check.name, check.status, check.value, check.message) for check in self._run.checks]
        return pd.DataFrame(rows, columns=["name", "status", "value", "message"]).astype({"value": float})

    @cached_property
    def offenders(self) -> pd.DataFrame:
        """The records that warnings and failures are about: the columns of `seqnet audit -o`."""
        import pandas as pd

        rows = [
            (check.name, *row)
            for check in self._run.checks
            if check.status != "pass"
            for row in offender_rows(self._run.dataset, check)
        ]
        return pd.DataFrame(rows, columns=["check", *OffenderRow._fields])

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values: what `seqnet audit --json` prints."""
        return audit_values(self._run.dataset, self._run.checks, self._run.options)

    def lines(self) -> list[str]:
        """Returns a line for each check, and one with the counts: what `seqnet audit` prints."""
        return audit_lines(self._run.checks)

    def write_offenders(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes the records that warnings and failures are about as a table, as `seqnet audit -o` does.

        Args:
            path: the file.
            force: whether an existing file is replaced.

        Raises:
            OutputError: the file exists, or can't be written.
        """
        with python_words(), whole_file(as_path(path), force=force) as temporary:
            write_offenders(temporary, self._run.dataset, self._run.checks)

    def report(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes a report, as `seqnet audit --report` does.

        Args:
            path: the HTML file.
            force: whether an existing file is replaced.

        Raises:
            OutputError: the file exists, or can't be written.
        """
        with python_words(), whole_file(as_path(path), force=force) as temporary:
            write_page(temporary, audit_page(self._run))

    def __repr__(self) -> str:
        counts = self.checks["status"].value_counts()
        shown = ", ".join(f"{counts.get(status, 0)} {status}" for status in ("fail", "warn", "pass"))
        return f"<seqnet.AuditResult: {shown}>"
