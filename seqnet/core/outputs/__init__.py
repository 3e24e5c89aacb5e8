"""Outputs that are whole or not there, and that are never an input.

Start here: `whole_file(target, force=...)` yields the path to write to. `check_targets` says before the work what could
not be written after it, and `reading` names the inputs that no output may be.
"""

from seqnet.core.outputs.partial_files import temporary_files
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
    "check_stdout",
    "check_targets",
    "is_stream",
    "made_directory",
    "named",
    "reading",
    "remove_stale",
    "remove_stale_in",
    "temporary_files",
    "whole_file",
    "whole_files",
]
