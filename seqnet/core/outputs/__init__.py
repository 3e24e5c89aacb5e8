"""Outputs that are written completely or not at all, and never over an input.

Start here: `whole_file(target, force=...)` yields the path to write to. `check_targets` finds outputs that can't be
written before any work is done, and `claim_outputs` also removes what killed runs have left of them. `reading` names
the inputs, which no output may overwrite.
"""

from seqnet.core.outputs.claims import check_regular, claim_outputs, removed_line
from seqnet.core.outputs.partial_files import temporary_files
from seqnet.core.outputs.resumable import Journal, open_journal, unfinished_files
from seqnet.core.outputs.targets import (
    check_stdout,
    check_targets,
    is_stream,
    made_directory,
    named,
    reading,
    remove_stale,
    remove_stale_in,
    whole_file,
    whole_files,
)

__all__ = [
    "Journal",
    "check_regular",
    "check_stdout",
    "check_targets",
    "claim_outputs",
    "is_stream",
    "made_directory",
    "named",
    "open_journal",
    "reading",
    "remove_stale",
    "remove_stale_in",
    "removed_line",
    "temporary_files",
    "unfinished_files",
    "whole_file",
    "whole_files",
]
