"""What is done about outputs before the work: all are checked, and what killed runs have left of them is removed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from seqnet.core.errors import OutputError
from seqnet.core.outputs.targets import check_targets, is_stream, remove_stale

__all__ = ["check_regular", "claim_outputs", "removed_line"]


def claim_outputs(
    targets: Iterable[Path],
    notify: Callable[[str], None],
    *,
    force: bool,
    inputs: Iterable[Path] = (),
    single: Iterable[Path] = (),
    kept: Collection[Path] = (),
) -> None:
    """Checks that all outputs of a run may be written, and removes what killed runs have left of them.

    Args:
        targets: files that are going to be written as one set.
        notify: takes a line for each file that is removed.
        force: whether existing ones are replaced.
        inputs: files that are read, in addition to those of `reading`.
        single: further files that are going to be written, each by itself.
        kept: real paths of unfinished files that the run continues.

    Raises:
        OutputError: see `check_targets`.
    """
    sets = [list(targets), *([target] for target in single)]
    for path in [path for one in sets for path in remove_stale(one, kept)]:
        notify(removed_line(path))
    check_targets([target for one in sets for target in one], force=force, inputs=inputs)


def removed_line(path: Path) -> str:
    """Returns the message about an unfinished file that was removed."""
    return f"removed {path}, an unfinished file of a killed run"


def check_regular(target: Path) -> None:
    """Checks that other files can be written beside a target: it is no device, and has a name to make theirs of.

    Raises:
        OutputError: it is a device or a pipe, or has no name.
    """
    if not target.name:
        raise OutputError(str(target), "this is a directory", "name a file in it")
    if is_stream(target):
        raise OutputError(
            str(target), "this is a device or a pipe, and other files are written beside it", "name a file"
        )
